"""The key file, and what nobody reads without it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gate.errors import StoreError
from gate.store.vault import Vault

MASTER = bytes(range(32))
ENCODER = "dlib/1"
VECTOR = np.linspace(-1, 1, 128, dtype=np.float32)


@pytest.fixture
def vault() -> Vault:
    return Vault(MASTER)


def test_a_template_comes_back_as_it_was(vault: Vault) -> None:
    sealed = vault.seal(VECTOR, 7, ENCODER)
    assert VECTOR.tobytes()[:16] not in sealed
    again = vault.unseal(sealed, 7, ENCODER)
    assert again.dtype == np.float32
    np.testing.assert_array_equal(again, VECTOR)
    assert vault.seal(VECTOR, 7, ENCODER) != sealed  # a nonce of its own


@pytest.mark.parametrize(
    ("person", "encoder", "master"),
    [(8, ENCODER, MASTER), (7, "sface/1", MASTER), (7, ENCODER, bytes(32))],
    ids=["another person", "another encoder", "another key"],
)
def test_a_template_is_bound_to_person_encoder_and_key(
    vault: Vault, person: int, encoder: str, master: bytes
) -> None:
    sealed = vault.seal(VECTOR, 7, ENCODER)
    with pytest.raises(StoreError, match="cannot be opened"):
        Vault(master).unseal(sealed, person, encoder)


@pytest.mark.parametrize("place", [0, 11, 12, 100, -1])
def test_one_changed_byte_and_it_is_refused(vault: Vault, place: int) -> None:
    sealed = bytearray(vault.seal(VECTOR, 7, ENCODER))
    sealed[place] ^= 1
    with pytest.raises(StoreError, match="template of person 7"):
        vault.unseal(bytes(sealed), 7, ENCODER)
    with pytest.raises(StoreError):
        vault.unseal(bytes(sealed[:10]), 7, ENCODER)


def test_digests_are_equal_for_equal_values_only(vault: Vault) -> None:
    assert vault.digest("card", "0002972728") == Vault(MASTER).digest("card", "0002972728")
    others = {
        vault.digest("card", "0002972729"),
        vault.digest("pin", "0002972728"),
        Vault(bytes(32)).digest("card", "0002972728"),
    }
    assert len(others) == 3
    assert vault.digest("card", "0002972728") not in others
    assert b"0002972728" not in vault.digest("card", "0002972728")


def test_cards_of_other_boxes_are_found_by_their_keys_and_new_ones_made_with_the_own(
    vault: Vault,
) -> None:
    other = Vault(bytes(32))
    before = vault.digest("card", "5")
    vault.adopt(other.card_keys)
    vault.adopt(other.card_keys)  # once
    assert vault.digests("card", "5") == [before, other.digest("card", "5")]
    assert vault.digest("card", "5") == before


def test_a_secret_is_bound_to_its_name(vault: Vault) -> None:
    kept = vault.keep(b"the permit key", "permits")
    assert vault.reveal(kept, "permits") == b"the permit key"
    with pytest.raises(StoreError, match="cannot be opened: other"):
        vault.reveal(kept, "other")
    with pytest.raises(StoreError, match="cannot be opened: other"):
        vault.reveal(vault.seal(VECTOR, 7, ENCODER), "other")


def test_the_audit_chain_depends_on_all_before_it(vault: Vault) -> None:
    one = vault.chain(b"", b"a")
    assert vault.chain(one, b"b") != vault.chain(b"", b"b")
    assert vault.chain(b"", b"a") == one
    assert Vault(bytes(32)).chain(b"", b"a") != one


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "gate.key"
    made = Vault.open(path, create=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Vault.open(path, create=True).fingerprint == made.fingerprint
    assert bytes.fromhex(path.read_text().strip()).hex() not in made.fingerprint


@pytest.mark.parametrize(
    ("content", "mode", "what"),
    [
        (None, 0o600, "is missing"),
        ("00" * 31, 0o600, "does not hold a key"),
        ("no key", 0o600, "does not hold a key"),
        ("00" * 32, 0o640, "other users can read"),
    ],
)
def test_a_key_file_that_cannot_be_used_is_named(
    tmp_path: Path, content: str | None, mode: int, what: str
) -> None:
    path = tmp_path / "gate.key"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    with pytest.raises(StoreError, match=what) as raised:
        Vault.open(path)
    assert raised.value.where == str(path)
    assert raised.value.hint
