"""Events as lines and as a line of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from enroll import event_view
from gate.events import story
from gate.store.tables import EventRow

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LI = "ab" * 16
NAMES = {LI: (7, "李建国")}


def row(type="passage.denied", after=0.0, **fields):
    body = {"type": type, "method": "card", "decision": "deny", "reasons": ["expired"], **fields}
    return EventRow(
        id=f"{type}-{after}",
        gate="north",
        sequence=int(after * 10),
        time=NOON + timedelta(seconds=after),
        type=type,
        person=fields.get("person"),
        method=body["method"],
        body=body,
    )


def test_a_line_says_who_what_and_why_and_leads_to_the_person():
    one = event_view.line(row(person=LI), NAMES, "zh", may_name=True)
    assert one.story.line == "李建国：拒绝（刷卡），登记已到期"
    assert (one.link, one.sign, one.way) == ("/people/7", "circle-x", "id-card")


def test_who_may_not_see_names_sees_neither_name_nor_link():
    one = event_view.line(row(person=LI), NAMES, "zh", may_name=False)
    assert "李建国" not in one.story.line
    assert one.link == ""


def test_somebody_deleted_is_said_to_be_so():
    one = event_view.line(row(person=LI), {}, "en", may_name=True)
    assert one.story.line.startswith("Somebody no longer registered")
    assert one.link == ""


def test_a_passage_is_a_line_of_time_from_its_first_event():
    rows = [
        row("door.opened", 1.5, decision=None),
        row(person=LI),
        row("door.closed", 4, decision=None),
    ]
    moments = event_view.passage(rows, rows[0].id, lambda one: story.tell(one.body, "en"))
    assert [moment.after for moment in moments] == [0, 1.5, 4]
    assert [moment.here for moment in moments] == [False, True, False]
    assert moments[1].line == "The door opened"
    assert event_view.passage([], "", lambda one: story.tell(one.body, "en")) == []
