"""What one line writes into the register, and what it is reported as."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.importing.added import Added
from gate.importing.notes import ANOTHERS_CARD, MOVED_OUT
from gate.importing.write_line import Ready, last_day, write_line
from gate.importing.wrong import Line
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import ImportLineRow, ImportRow, PersonRow

LI = {"name": "李小红", "number": "7", "phone": "123", "card": "0000000050"}


@pytest.fixture
def store(tmp_path):
    with Store.open(StoreSettings(ballast=0), tmp_path / "data") as store:
        yield store


def write(store, line, values):
    """The result, the note and the person of one line."""
    with store.database.write() as session:
        job = ImportRow(name="x")
        session.add(job)
        session.flush()
        ready, added = Ready(Line(line, values), [], ""), Added(session, job.id)
        result = write_line(session, store, job.id, ready, "clerk", added)
        session.flush()
        row = session.get_one(ImportLineRow, (job.id, line))
        return result, row.note, row.person_id


def test_a_line_registers_then_changes_nothing_then_updates(store):
    result, _, person = write(store, 2, LI)
    assert result == "registered"
    assert write(store, 2, LI) == ("unchanged", "", person)
    assert write(store, 2, {**LI, "phone": "124"}) == ("updated", "", person)
    with store.database.read() as session:
        assert session.get_one(PersonRow, person).phone == "124"


def test_the_card_of_another_is_noted_and_stays_theirs(store):
    write(store, 2, LI)
    result, note, person = write(store, 3, {"name": "Wang", "number": "8", "card": LI["card"]})
    assert (result, note) == ("registered", ANOTHERS_CARD)
    assert write(store, 3, {"name": "Wang", "number": "8"}) == ("unchanged", "", person)


@pytest.mark.slow
def test_who_moved_out_meanwhile_is_not_changed(store):
    person = write(store, 2, LI)[2]
    with store.database.write() as session:
        session.get_one(PersonRow, person).active = False
    assert write(store, 2, {**LI, "phone": "999"}) == ("failed", MOVED_OUT, person)
    assert write(store, 2, {**LI, "state": "moved_out"}) == ("unchanged", "", person)
    with store.database.read() as session:
        assert session.get_one(PersonRow, person).phone == "123"


def test_a_photograph_without_a_face_registers_the_person_and_fails(store):
    assert write(store, 2, {**LI, "photo": "li.jpg"})[0] == "failed"


def test_an_end_of_validity_is_written_as_the_last_day_that_counts():
    midnight = datetime(2026, 5, 1).astimezone()
    assert last_day(midnight, "valid_until").isoformat() == "2026-04-30"
    assert last_day(midnight, "valid_from").isoformat() == "2026-05-01"
    assert last_day(midnight.astimezone(UTC), "valid_from").isoformat() == "2026-05-01"
