"""Keys of people, apart from the register."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.errors import StoreError
from gate.store.person_keys import PersonKeys


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql"))
    return f"sqlite:///{tmp_path}/people.keys"


@pytest.fixture
def keys(url: str) -> Iterator[PersonKeys]:
    opened = PersonKeys(url, 30)
    yield opened
    opened.close()


def test_a_key_is_made_once_and_stays(keys: PersonKeys, url: str) -> None:
    key = keys.make(7)
    assert len(key) == 32
    assert keys.make(7) == keys.of(7) == key != keys.make(8)
    other = PersonKeys(url, 30)
    assert (other.of(7), other.make(7), other.of(9)) == (key, key, None)
    other.close()


def test_a_destroyed_key_is_noted_and_another_program_forgets_it(
    keys: PersonKeys, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = PersonKeys(url, 30)
    for person in (7, 8, 9):
        keys.make(person)
    other.read_all()
    assert keys.destroy({"ref of 7": 7}, [8])
    assert (keys.of(7), keys.of(8)) == (None, None)
    assert (keys.destroyed(), keys.count()) == ({"ref of 7": 7}, 2)
    monkeypatch.setattr("gate.store.person_keys._LOOK", 0.0)
    assert (other.of(7), other.of(8)) == (None, None)
    assert other.of(9) is not None
    # whoever gets the number next has a key of their own
    assert keys.make(7) is not None
    other.close()


def test_the_bytes_of_a_destroyed_key_are_in_no_file(tmp_path: Path) -> None:
    keys = PersonKeys(f"sqlite:///{tmp_path}/people.keys")
    key, kept = keys.make(7), keys.make(8)
    assert keys.destroy({"ref": 7})
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert kept in content
    assert key not in content
    keys.close()


def test_a_copy_takes_the_place_of_the_last_one(tmp_path: Path) -> None:
    keys = PersonKeys(f"sqlite:///{tmp_path}/people.keys")
    key, target = keys.make(7), tmp_path / "safe" / "people.keys"
    with pytest.raises(StoreError):
        keys.copy(target)
    target.parent.mkdir()
    keys.copy(target)
    assert key in target.read_bytes()
    keys.destroy({"ref": 7})
    keys.copy(target)
    assert key not in target.read_bytes()
    assert [path.name for path in target.parent.iterdir()] == ["people.keys"]
    keys.close()
