"""A register put back from an old backup shows the faces of deleted people to nobody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from sqlalchemy import select

from gate.recognition.face import Template
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import TemplateRow
from gate.store.vault import DestroyedError, Vault
from tests.postgresql import Server

FACE = np.linspace(-1, 1, 128, dtype=np.float32)


class Place(Protocol):
    """A register and its keys; ``backup`` copies the register, ``restore`` puts the copy back."""

    data: Path

    def open(self, keys: str = "sqlite:///people.keys") -> Store: ...
    def backup(self) -> None: ...
    def restore(self) -> None: ...


class Files:
    def __init__(self, data: Path) -> None:
        self.data = data

    def open(self, keys: str = "sqlite:///people.keys") -> Store:
        settings = {"ballast": 0, "busy_timeout": 30, "person_keys": keys}
        return Store.open(StoreSettings.model_validate(settings), self.data)

    def backup(self) -> None:
        shutil.copy(self.data / "gate.db", self.data.parent / "backup")

    def restore(self) -> None:
        for path in self.data.glob("gate.db*"):
            path.unlink()
        shutil.copy(self.data.parent / "backup", self.data / "gate.db")


class Databases:
    """A copy of the database as a whole stands for pg_dump and what it restores."""

    def __init__(self, data: Path, server: Server) -> None:
        self.data, self._server = data, server
        self._url, self._copy = server.database(), ""

    def open(self, keys: str = "sqlite:///people.keys") -> Store:
        settings = {"url": self._url, "ballast": 0, "busy_timeout": 30, "person_keys": keys}
        return Store.open(StoreSettings.model_validate(settings), self.data)

    def backup(self) -> None:
        self._copy = self._server.database(like=_name(self._url))

    def restore(self) -> None:
        self._url = self._copy


def _name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    data = tmp_path / "data"
    if request.param == "postgresql":
        yield Databases(data, request.getfixturevalue("postgresql_server"))
    else:
        yield Files(data)


def enrol(store: Store, name: str) -> int:
    person = store.people.create(name).id
    store.templates.add(Template(person, FACE, "e/1"))
    return person


def sealed(store: Store) -> dict[int, bytes]:
    with store.database.read() as session:
        rows = session.execute(select(TemplateRow.person_id, TemplateRow.vector))
        return {row[0]: row[1] for row in rows}


@pytest.mark.slow
def test_an_old_backup_shows_no_template_of_somebody_deleted_since(place: Place) -> None:
    with place.open() as store:
        gone, stays = enrol(store, "gone"), enrol(store, "stays")
        before = sealed(store)
        assert store.templates.load("e/1").people.tolist() == [gone, stays]
    place.backup()
    with place.open() as store:
        assert store.people.delete(gone)
    place.restore()
    # whoever has the backup and the key file, but not the key of the person
    with place.open(keys="") as store:
        assert sealed(store) == before
    thief = Vault.open(place.data / "gate.key")
    with place.open() as store:
        thief.person_keys = store.person_keys
        with pytest.raises(DestroyedError):
            thief.unseal(before[gone], gone, "e/1")
        assert np.array_equal(thief.unseal(before[stays], stays, "e/1"), FACE)


@pytest.mark.slow
def test_who_was_deleted_is_deleted_again_when_the_register_is_put_back(place: Place) -> None:
    with place.open() as store:
        gone, stays, face = (enrol(store, name) for name in ("gone", "stays", "face"))
    place.backup()
    with place.open() as store:
        store.people.delete(gone)
        store.templates.remove(face)
    place.restore()
    with place.open() as store:
        assert {row.name for row in store.people.find()} == {"stays", "face"}
        assert set(sealed(store)) == {stays}
        assert store.templates.load("e/1").people.tolist() == [stays]
        assert store.audit.verify() == []
        # and whoever is enrolled now may get a number of before: with a key of its own
        late = enrol(store, "late")
        store.templates.add(Template(face, FACE, "e/1"))
    with place.open() as store:
        assert set(store.templates.load("e/1").people.tolist()) == {stays, late, face}


@pytest.mark.slow
def test_keys_put_back_from_a_copy_are_destroyed_again(place: Place, tmp_path: Path) -> None:
    keys, copy = place.data / "people.keys", tmp_path / "copy"
    with place.open() as store:
        gone, stays = enrol(store, "gone"), enrol(store, "stays")
        assert store.person_keys is not None
        key = store.person_keys.make(gone)
        store.person_keys.copy(copy)
        store.people.delete(gone)
    for path in place.data.glob("people.keys*"):
        path.unlink()
    shutil.copy(copy, keys)
    assert key in keys.read_bytes()
    with place.open() as store:
        assert store.templates.load("e/1").people.tolist() == [stays]
    assert all(key not in path.read_bytes() for path in place.data.glob("people.keys*"))


@pytest.mark.slow
def test_templates_of_before_are_sealed_with_keys_of_their_people(place: Place) -> None:
    with place.open(keys="") as store:
        people = [enrol(store, f"{n}") for n in range(5)]
        before = sealed(store)
    with place.open() as store:
        assert store.templates.load("e/1").people.tolist() == people
        assert [store.templates.seal_again(3) for _ in range(3)] == [3, 2, 0]
        assert all(Vault.has_own(each) for each in sealed(store).values())
        assert not any(Vault.has_own(each) for each in before.values())
        loaded = store.templates.load("e/1")
        assert loaded.people.tolist() == people
        assert np.array_equal(loaded.vectors[0], FACE)
