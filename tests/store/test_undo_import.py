"""Undo of an import: whom it added goes, whoever has come to rely on the record stays."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from gate.commands.enroll_table import _begun
from gate.events.event import Event
from gate.importing.photos import NoPhotos
from gate.importing.run import BATCH, run
from gate.importing.undo import BEFORE, CHANGED, GIVEN, LISTED, SEEN, look, undo
from gate.importing.wrong import Line
from gate.store.tables import (
    ArrivalWayRow,
    ErasureRow,
    ImportLineRow,
    ImportRow,
    LearntRow,
    LookRow,
    PermitRow,
)

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def person(number, **values):
    card = {"card": f"{1000 + number:010}", "consent": "agreed"}
    return {"name": f"Li {number}", "number": str(number), **card, **values}


def carry_out(store, *people, job=None):
    if job is None:
        with store.database.write() as session:
            row = ImportRow(name="x", state="done")
            session.add(row)
            session.flush()
            job = row.id
    lines = [Line(place, values) for place, values in enumerate(people, 2)]
    list(run(store, job, lines, NoPhotos(), None, by="clerk"))
    return job


def undone(store, job):
    return list(undo(store, job, "manager"))


def test_whoever_it_added_goes_with_card_and_answer_and_a_receipt(store):
    job = carry_out(store, *map(person, range(BATCH + 5)))
    ref = store.people.by_number("3").ref
    assert len(look(store, job).gone) == BATCH + 5
    assert undone(store, job) == [(BATCH, BATCH + 5), (BATCH + 5, BATCH + 5)]
    assert store.people.count() == 0
    assert store.credentials.find("card", "0000001003") is None
    with store.database.read() as session:
        assert session.get(ErasureRow, ref) is not None
    lines = [line for line in store.audit.lines() if line.action == "person.delete"]
    assert len(lines) == BATCH + 5
    assert {line.actor for line in lines} == {"manager"}
    assert undone(store, job) == []  # once more


def give_card(store, who):
    store.credentials.add(who.id, "card", "0000000001")


def take_card(store, who):
    store.credentials.revoke(store.credentials.of(who.id)[0].id, "lost")


def give_permit(store, who):
    with store.database.write() as session:
        session.add(PermitRow(person_id=who.id, valid_from=NOW, valid_until=NOW))


def choose_a_way(store, who):
    with store.database.write() as session:
        session.add(ArrivalWayRow(person_id=who.id, way="app", address=b"x", set_by="clerk"))


def learn_a_face(store, who):
    with store.database.write() as session:
        session.add(LearntRow(person_id=who.id, encoder="test/1", kind="mixed"))


def show_a_face(store, who):
    with store.database.write() as session:
        session.add(LookRow(person_id=who.id, passage="p-1", encoder="test/1", vector=b"x", at=NOW))


def pass_the_gate(store, who):
    store.events.append([Event.make("north", "passage.granted", NOW, person=who.ref)])


def block(store, who):
    store.people.update(who.id, blocked=True)


def import_again(store, who):
    carry_out(store, person(2))


@pytest.mark.parametrize(
    ("happened", "why"),
    [
        (give_card, GIVEN),
        (take_card, GIVEN),
        (give_permit, GIVEN),
        (choose_a_way, GIVEN),
        (learn_a_face, GIVEN),
        (show_a_face, SEEN),
        (pass_the_gate, SEEN),
        (block, CHANGED),
        (import_again, LISTED),
    ],
)
def test_whom_something_happened_to_since_stays(store, happened, why):
    job = carry_out(store, *map(person, range(4)))
    who = store.people.by_number("2")
    happened(store, who)
    assert look(store, job).stay == {who.id: why}
    assert undone(store, job) == [(3, 3)]
    assert [row.id for row in store.people.find()] == [who.id]


def test_who_was_there_before_stays_as_the_import_left_them(store):
    there = store.people.create("Li 1", number="1", phone="5")
    job = carry_out(store, person(1, phone="6"), person(2))
    assert look(store, job).stay == {there.id: BEFORE}
    assert undone(store, job) == [(1, 1)]
    assert store.people.get(there.id).phone == "6"


def test_what_happens_between_the_page_and_the_press_counts(store):
    job = carry_out(store, *map(person, range(2 * BATCH)))
    steps = undo(store, job, "manager")
    next(steps)
    last = store.people.by_number(str(2 * BATCH - 1))
    give_card(store, last)
    assert list(steps) == [(2 * BATCH - 1, 2 * BATCH)]
    assert [row.id for row in store.people.find()] == [last.id]


def test_an_undo_that_was_interrupted_goes_on(store):
    job = carry_out(store, *map(person, range(BATCH + 5)))
    assert list(undo(store, job, "manager", stop=lambda: True)) == [(BATCH, BATCH + 5)]
    assert store.people.count() == 5
    assert undone(store, job) == [(5, 5)]
    assert store.people.count() == 0


def test_two_lines_about_one_person_are_both_the_imports(store):
    others = map(person, range(3, BATCH + 5))
    job = carry_out(store, person(1), *others, person(1, card="0000000009", phone="7"))
    assert store.people.by_number("1").phone == "7"
    assert look(store, job).stay == {}
    undone(store, job)
    assert store.people.count() == 0


def test_a_card_given_while_the_import_was_stopped_is_none_of_the_imports(store):
    job = carry_out(store, person(1))
    who = store.people.by_number("1")
    give_card(store, who)
    carry_out(store, person(1), person(1, phone="7"), person(2), job=job)
    assert list(look(store, job).stay) == [who.id]


def test_lines_of_an_earlier_version_say_nothing_and_remove_nobody(store):
    job = carry_out(store, *map(person, range(3)))
    with store.database.write() as session:
        session.execute(update(ImportLineRow).values(added=None))
    assert (look(store, job).gone, look(store, job).unknown) == ([], 3)
    assert undone(store, job) == []
    assert store.people.count() == 3


def test_the_command_line_takes_the_same_table_again_after_an_undo(store):
    job = carry_out(store, person(1))
    assert _begun(store, "x") is not None
    undone(store, job)
    assert _begun(store, "x") is None
