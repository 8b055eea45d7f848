"""Passwords are kept as argon2id of the usual cost, and what is easily guessed is refused."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type
from argon2.profiles import RFC_9106_LOW_MEMORY

import enroll.passwords
from enroll.passwords import LONGEST, hash_password, verify, weakness
from gate.errors import AccessError

GOOD = "quiet-otter-boards-tram"


@pytest.fixture
def as_installed() -> ModuleType:
    """The module with the hasher of the desk rather than the quick one of the tests."""
    spec = importlib.util.spec_from_file_location("as_installed", enroll.passwords.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_desk_hashes_as_rfc_9106_asks(as_installed: ModuleType) -> None:
    kept = as_installed.hash_password(GOOD)
    parameters = extract_parameters(kept)
    assert parameters.type is Type.ID
    assert parameters == RFC_9106_LOW_MEMORY
    assert extract_parameters(as_installed._decoy()) == RFC_9106_LOW_MEMORY


def test_only_the_password_itself_is_accepted() -> None:
    kept = hash_password(GOOD)
    assert verify(kept, GOOD)
    assert not verify(kept, GOOD + "s")
    assert not verify(kept, "")
    assert hash_password(GOOD) != kept  # a salt of its own


@pytest.mark.parametrize("kept", [None, "", "no hash", "$argon2id$v=19$m=8,t=1,p=1$broken"])
def test_what_is_no_hash_is_nobodys_password(kept: str | None) -> None:
    assert not verify(kept, GOOD)


def test_an_endless_password_is_not_even_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = hash_password(GOOD)
    monkeypatch.setattr(enroll.passwords, "_hasher", None)
    assert not verify(kept, GOOD * LONGEST)


@pytest.mark.parametrize(
    ("password", "what"),
    [
        ("short-one", "shorter"),
        ("x1-" * 80, "longer"),
        ("aaaaaaaaaaaabb", "guessed"),
        ("my-password-is-long", "guessed"),
        ("woaini1314520", "guessed"),
        ("quiet-otter-zhang.wei-tram", "contains the login"),
    ],
)
def test_what_is_easily_guessed_is_refused(password: str, what: str) -> None:
    assert what in weakness(password, "zhang.wei")
    with pytest.raises(AccessError, match=what):
        hash_password(password, "zhang.wei")


def test_a_good_one_is_not_refused() -> None:
    assert weakness(GOOD, "zhang.wei") == ""
