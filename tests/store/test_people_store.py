"""The register: people, templates, credentials, and what deleting means."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from enroll.register import search
from gate.errors import StoreError
from gate.recognition.face import Template
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import PermitRow
from tests.store.databases import ON_FILES

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def template(person: int, seed: int = 0, encoder: str = "dlib/1") -> Template:
    vector = np.random.default_rng(seed).normal(size=128).astype(np.float32)
    return Template(person, vector / np.linalg.norm(vector), encoder, 0.5)


def test_rules_see_the_person_without_needing_the_row(store: Store) -> None:
    row = store.people.create(
        "李红", kind="tenant", groups=["garden"], valid_until=NOON, birth_year=2015
    )
    store.people.update(row.id, blocked=True, blocked_reason="lost keys")
    person = store.people.register()[row.id]
    assert person.ref == row.ref
    assert person.groups == {"garden"}
    assert person.valid_until == NOON
    assert person.blocked == "lost keys"
    assert person.born == date(2015, 12, 31)


def test_people_are_found_by_name_number_and_unit(store: Store) -> None:
    household = store.places.household("3", "1204")
    store.people.create("李红", number="A-7", household_id=household.id)
    store.people.create("100%_")
    for text in ("红", "A-7", "204"):
        assert [p.name for p in store.people.find(text)] == ["李红"]
    assert [p.name for p in store.people.find("%")] == ["100%_"]
    assert store.places.household("3", "1204").id == household.id
    assert store.places.address(household.id) == ("3", "1204", "")


def test_names_of_few_and_of_more_than_one_query_takes(store: Store) -> None:
    known = {row.id: row.name for row in (store.people.create(f"p{i}") for i in range(4))}
    first = min(known)
    assert store.people.names([first, 999_999]) == {first: "p0"}
    assert store.people.names([*known, *range(1000, 2000)]) == known
    assert store.people.names([]) == {}


@ON_FILES
def test_a_template_comes_back_bit_for_bit_and_is_not_in_the_file(
    tmp_path: Path, store: Store
) -> None:
    person = store.people.create("A").id
    kept = template(person)
    store.templates.add(kept)
    loaded = store.templates.load("dlib/1")
    assert np.array_equal(loaded.vectors, kept.vector[None])
    assert loaded.people.tolist() == [person]
    store.database.wipe()
    assert kept.vector.tobytes()[:16] not in (tmp_path / "gate.db").read_bytes()


@ON_FILES
def test_a_template_moved_to_another_person_does_not_open(tmp_path: Path, store: Store) -> None:
    mine, yours = (store.people.create(name).id for name in "AB")
    store.templates.add(template(mine))
    with sqlite3.connect(tmp_path / "gate.db") as connection:
        connection.execute("UPDATE templates SET person_id = ?", (yours,))
    with pytest.raises(StoreError, match="cannot be opened"):
        store.templates.load("dlib/1")


@ON_FILES
@pytest.mark.slow
def test_deleting_leaves_no_byte_in_any_file(tmp_path: Path, store: Store) -> None:
    others = [store.people.create(f"other {n}").id for n in range(50)]
    store.templates.add(*(template(person, person) for person in others))
    person = store.people.create("Zacharias Unverwechselbar").id
    store.templates.add(template(person))
    store.credentials.add(person, "card", "0012345678")
    with sqlite3.connect(tmp_path / "gate.db") as connection:
        sealed = connection.execute(
            "SELECT vector FROM templates WHERE person_id = ?", (person,)
        ).fetchone()[0]
        digest = connection.execute("SELECT hash FROM credentials").fetchone()[0]
    connection.close()
    needles = [sealed[20:60], digest, b"Unverwechselbar"]

    def present() -> set[bytes]:
        files = [f for f in tmp_path.iterdir() if f.suffix != ".key"]
        return {n for n in needles for f in files if n in f.read_bytes()}

    assert present() == set(needles)
    assert store.people.delete(person)
    store.database.backup(tmp_path / "backup.db")
    assert present() == set()
    assert len(store.templates.load("dlib/1").people) == 50


def test_a_number_is_never_given_twice(store: Store) -> None:
    first = store.people.create("A").id
    store.people.delete(first)
    assert store.people.create("B").id > first


def test_a_gate_learns_of_every_change(store: Store) -> None:
    seen = store.changes.generation()
    person = store.people.create("A").id
    store.templates.add(template(person))
    seen, changed = store.changes.since(seen)
    assert changed == {person}
    assert store.changes.since(seen) == (seen, frozenset())
    store.people.delete(person)
    seen, changed = store.changes.since(seen)
    assert changed == {person}
    assert store.people.register(changed) == {}
    assert store.templates.of(changed, "dlib/1") == []


@ON_FILES
def test_a_gate_away_too_long_loads_everything(store: Store, tmp_path: Path) -> None:
    for name in "ABC":
        store.people.create(name)
    with sqlite3.connect(tmp_path / "gate.db") as connection:
        connection.execute("UPDATE changes SET at = '2020-01-01 00:00:00.000000'")
    connection.close()
    store.changes.forget_old()
    assert store.changes.since(0) == (3, None)
    assert store.changes.since(2) == (3, frozenset({3}))


@ON_FILES
def test_cards_are_found_but_not_kept(tmp_path: Path, store: Store) -> None:
    person = store.people.create("A").id
    store.credentials.add(person, "card", "0012345678", valid_until=NOON, duress=True)
    found = store.credentials.find("card", "0012345678")
    assert found is not None
    assert found.person.id == person
    assert found.credential.duress
    assert found.valid(NOON - timedelta(seconds=1))
    assert not found.valid(NOON)
    assert store.credentials.find("pin", "0012345678") is None
    with pytest.raises(StoreError, match="already"):
        store.credentials.add(person, "card", "0012345678")
    store.database.wipe()
    assert b"0012345678" not in (tmp_path / "gate.db").read_bytes()
    store.credentials.revoke(found.credential.id, "lost")
    again = store.credentials.find("card", "0012345678")
    assert again is not None
    assert not again.valid(NOON - timedelta(seconds=1))


def test_a_permit_is_used_no_more_often_than_allowed(store: Store) -> None:
    person = store.people.create("V", kind="visitor").id
    until = NOON + timedelta(days=1)
    permit = PermitRow(person_id=person, valid_from=NOON, valid_until=until, uses_allowed=2)
    with store.database.write() as session:
        session.add(permit)
    assert [store.credentials.use_permit(permit.id) for _ in range(3)] == [True, True, False]
    assert not store.credentials.use_permit("unknown")


def test_the_newest_consent_counts(store: Store) -> None:
    person = store.people.create("A").id
    store.consents.record(person, "agreed", "2026-1")
    store.consents.record(person, "withdrawn", "2026-1", guardian="mother")
    answer = store.consents.answer(person)
    assert answer is not None
    assert answer.answer == "withdrawn"
    assert len(store.consents.of(person)) == 2


def test_one_calibration_of_a_kind_is_active(store: Store) -> None:
    for version in ("1", "2"):
        store.calibrations.add("fit", "dlib/1", version, version.encode())
    active = store.calibrations.active("fit", "dlib/1")
    assert active is not None
    assert active.version == "2"
    assert store.calibrations.activate("fit", "dlib/1", "1")
    back = store.calibrations.active("fit", "dlib/1")
    assert back is not None
    assert back.body == b"1"


@ON_FILES
def test_a_removed_or_altered_audit_line_shows(
    tmp_path: Path, store: Store, settings: StoreSettings
) -> None:
    for n in range(5):
        store.audit.note("clerk", "person.view", f"ref{n}", page=n)
    assert store.audit.verify() == []
    assert store.audit.head()[0] == 5
    with sqlite3.connect(tmp_path / "gate.db") as connection:
        with pytest.raises(sqlite3.IntegrityError, match="written once"):
            connection.execute("UPDATE audit SET actor = 'nobody' WHERE id = 2")
        connection.execute("DROP TRIGGER audit_written_once")
        connection.execute("UPDATE audit SET actor = 'nobody' WHERE id = 2")
        connection.execute("DELETE FROM audit WHERE id = 4")
    assert store.audit.verify() == ["line 2 was altered", "lines 4 to 4 were removed"]


@pytest.mark.slow
def test_more_people_than_a_database_takes_variables_are_read_at_once(store: Store) -> None:
    """65,536 changed at once stopped the follow-up of the gate for good."""
    first = store.people.create("first").id
    vector = np.ones(4, np.float32)
    store.templates.add(Template(first, vector, "dlib/1"))
    # PostgreSQL takes 65,535 of them, SQLite 250,000 as Debian builds it
    everybody = range(70_000 if "postgresql" in store._settings.url.get_secret_value() else 300_000)
    assert set(store.people.register(everybody)) == {first}
    assert [template.person for template in store.templates.of(everybody, "dlib/1")] == [first]


def test_people_are_found_however_what_is_looked_for_is_capitalised(store: Store) -> None:
    home = store.places.household("Rose Court", "B12")
    person = store.people.create("Anne Smith", number="R-17", household_id=home.id).id
    for text in ("smith", "r-17", "b12", "ANNE"):
        assert [row.id for row in store.people.find(text)] == [person], text
        assert [one.person.id for one in search(store.database, text, now=NOON)] == [person], text
    assert [one.person.id for one in search(store.database, "rose", now=NOON)] == [person]
