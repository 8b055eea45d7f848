"""Many people changed at once at the desk, and undone."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from enroll.batch import KEPT, Action, UndoError, add_to, block, extend, unblock
from gate.store.tables import PersonRow

pytestmark = pytest.mark.slow

END = datetime(2026, 2, 1, tzinfo=UTC)
VALUES = ("valid_until", "groups", "blocked", "blocked_reason", "active", "name", "kind")


@pytest.fixture
def people(desk):
    """Two tenants, one of them in a group; a resident without an end; one blocked."""
    create = desk.store.people.create
    return [
        create("甲", kind="tenant", valid_until=END).id,
        create("乙", kind="tenant", valid_until=END, groups=["east"]).id,
        create("丙").id,
        create("丁", blocked=True, blocked_reason="lost").id,
    ]


def values(desk, people):
    rows = [desk.store.people.get(person) for person in people]
    return [{key: getattr(row, key) for key in VALUES} for row in rows]


def send(client, people, action, **fields):
    return client.fill("/people/batch", person=people, action=action, **fields)


def undo(client, answer):
    token = re.search(r'name="done" value="([^"]+)"', answer.text)[1]
    return client.fill("/people/batch/undo", done=token)


@pytest.mark.parametrize(
    ("action", "fields", "changed"),
    [
        ("extend", {"last_day": "2026-12-31"}, 2),
        ("group", {"group": "east, 晨练"}, 4),
        ("block", {"reason": "unpaid"}, 3),
        ("unblock", {}, 1),
    ],
)
def test_a_batch_has_an_audit_line_each_and_its_undo_restores_all(
    clerk, desk, people, action, fields, changed
):
    before = values(desk, people)
    answer = send(clerk, people, action, **fields)
    assert f"Changed: {changed}." in answer.text
    assert (f"apply to them: {4 - changed}." in answer.text) == (changed < 4)
    different = [a != b for a, b in zip(before, values(desk, people), strict=True)]
    assert sum(different) == changed
    lines = desk.store.audit.lines(action=f"person.{action}")
    refs = {
        desk.store.people.get(person).ref
        for person, differs in zip(people, different, strict=True)
        if differs
    }
    assert {line.subject for line in lines} == refs
    assert len(lines) == changed

    assert "Undone: everybody is as before." in undo(clerk, answer).text
    assert values(desk, people) == before
    assert len(desk.store.audit.lines(action="person.undo")) == changed
    assert desk.store.audit.verify() == []
    assert "Nothing was undone" in undo(clerk, answer).text  # once is enough


def test_the_last_day_counts_in_full_and_takes_days_from_nobody(clerk, desk, people):
    desk.store.people.update(people[1], valid_until=datetime(2027, 5, 1, tzinfo=UTC))
    send(clerk, people, "extend", last_day="2026-12-31")
    first, second, third, _ = values(desk, people)
    local = first["valid_until"].astimezone()
    assert (local.year, local.month, local.day, local.hour) == (2027, 1, 1, 0)
    assert second["valid_until"] == datetime(2027, 5, 1, tzinfo=UTC)
    assert third["valid_until"] is None


def test_undo_is_too_late_after_ten_minutes(clerk, desk, clock, people):
    answer = send(clerk, people, "block")
    after = values(desk, people)
    clock.advance(KEPT + 1)
    assert "ten minutes" in undo(clerk, answer).text
    assert values(desk, people) == after
    assert "Undo" not in clerk.get(str(answer.url)).text


@pytest.mark.parametrize("how", ["changed", "deleted"])
def test_undo_restores_nobody_when_somebody_was_changed_meanwhile(clerk, desk, people, how):
    answer = send(clerk, people, "group", group="late")
    if how == "changed":
        desk.store.people.update(people[0], note="moved the bell")
    else:
        desk.store.people.delete(people[0])
    kept = people[1:]
    after = values(desk, kept)
    assert "somebody changed one of these people meanwhile" in undo(clerk, answer).text
    assert values(desk, kept) == after


@pytest.mark.parametrize(
    ("action", "fields", "wrong"),
    [
        ("extend", {}, "The last day is missing"),
        ("extend", {"last_day": "2026-02-30"}, "no such day"),
        ("extend", {"last_day": "2025-12-01"}, "lies in the past"),
        ("group", {"group": " , "}, "name of the group is missing"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_changed(clerk, desk, people, action, fields, wrong):
    before = values(desk, people)
    answer = send(clerk, people, action, text="乙", **fields)
    assert answer.status_code == 400
    assert wrong in answer.text
    assert 'value="乙"' in answer.text  # the same list again
    assert values(desk, people) == before


def test_nobody_chosen(clerk):
    assert "Nobody is chosen" in clerk.fill("/people/batch", action="block").text


def test_only_who_may_change_people_sees_and_does_it(browser, desk, people):
    auditor = browser("auditor")
    assert 'name="person"' not in auditor.get("/people").text
    assert send(auditor, people, "block").status_code == 403
    assert not desk.store.people.get(people[0]).blocked


def test_an_undo_belongs_to_the_account_that_did_the_batch(clerk, manager, desk, people):
    answer = send(clerk, people, "block")
    assert "Nothing was undone" in undo(manager, answer).text
    assert desk.store.people.get(people[0]).blocked
    assert "Undone" in undo(clerk, answer).text


def test_a_batch_that_fails_changes_nobody(desk, people):
    before = values(desk, people)

    def breaks(row: PersonRow):
        if row.id == people[2]:
            raise ZeroDivisionError
        return {"note": "half"}

    with pytest.raises(ZeroDivisionError):
        desk.batches.do("desk", Action.BLOCK, people, breaks)
    assert values(desk, people) == before
    assert desk.store.people.get(people[0]).note == ""
    with pytest.raises(UndoError):
        desk.batches.undo("no such", "desk")


def test_who_moved_out_is_not_kept_longer_and_groups_have_room():
    gone = PersonRow(name="x", active=False, valid_until=END, groups=[], blocked=False)
    assert extend(END.date().replace(year=2030))(gone) == {}
    full = PersonRow(name="x", groups=["g" * 190])
    assert add_to(["another group"])(full) == {}
    assert add_to(["a"])(full) == {"groups": ["a", "g" * 190]}
    assert block("b")(gone) == {"blocked": True, "blocked_reason": "b"}
    assert unblock(gone) == {}
