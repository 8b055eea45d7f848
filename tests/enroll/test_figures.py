"""Figures of many days, counted from events."""

from __future__ import annotations

from datetime import timedelta

import pytest

from enroll import figures as module
from enroll.figures import UNUSABLE, Counts, Figures, Row, count, together
from enroll.pages.figures import health_of
from gate.access.reasons import REASONS
from gate.events.event import Event

GRANTED, DENIED, ASKED = "passage.granted", "passage.denied", "passage.asked"


def row(kind, passage, *, gate="north", hour=8, method="face", reason=None):
    return Row(gate, kind, hour, method, reason, passage)


ROWS = [
    row(GRANTED, "a"),
    row(GRANTED, "b", gate="south", hour=9),
    row(ASKED, "c", reason="mask"),
    row(ASKED, "c", reason="mask"),
    row(GRANTED, "c"),
    row(ASKED, "d", reason="look_alike"),
    row(GRANTED, "d", method="card"),
    row(DENIED, "e", reason="face_unknown"),
    row(GRANTED, "f", method="card"),
    row(DENIED, "g", method="card", reason="card_unknown"),
    row(ASKED, None, reason="backlight"),
    row(ASKED, None, reason="backlight"),
]


def test_each_passage_is_counted_once_by_what_became_of_its_face():
    found = count(ROWS)
    assert dict(found.health) == {
        ("north", "first_look"): 1,
        ("south", "first_look"): 1,
        ("north", "unusable"): 3,  # one passage, and two events without one
        ("north", "asked"): 1,
        ("north", "refused"): 1,
    }
    assert dict(found.unusable) == {("north", "mask"): 1, ("north", "backlight"): 2}


def test_passages_by_hour_gate_and_way_and_refusals():
    found = count(ROWS)
    assert found.by(0) == {8: 4, 9: 1}
    assert found.by(1) == {"north": 4, "south": 1}
    assert found.by(2) == {"face": 3, "card": 2}
    assert found.refused["north", "mask"] == 2
    south = found.of_gate("south")
    assert (south.granted.total(), south.refused.total(), south.health.total()) == (1, 0, 1)
    assert found.of_gate("") is found


def test_every_reason_for_an_unusable_face_is_a_reason():
    assert set(REASONS) >= UNUSABLE


def test_health_says_shares_now_and_before_with_an_interval_that_holds_them():
    now, before = count(ROWS), count(ROWS[:1])
    north = health_of("north", now, before, "en")
    assert (north.faces, [one.count for one in north.shares]) == (6, [1, 1, 3, 1])
    assert [one.before for one in north.shares] == [1, 0, 0, 0]
    for one in north.shares:
        assert one.share is not None
        assert one.low <= one.share <= one.high
    nobody = health_of("west", now, before, "en")
    assert (nobody.faces, nobody.shares[0].share, nobody.shares[0].before) == (0, None, None)


def happen(desk, days, kind, gate="north", method="face", reason=None):
    at = desk.clock.utc() - timedelta(days=days)
    reasons = (reason,) if reason else ()
    desk.store.events.append([Event.make(gate, kind, at, method=method, reasons=reasons)])


def test_days_that_are_over_are_read_once_and_today_each_time(desk, monkeypatch):
    figures = Figures()
    today = desk.clock.utc().astimezone().date()
    first = today - timedelta(days=2)
    for days in (0, 1, 1, 2):
        happen(desk, days, GRANTED)
    read = []
    real = module._rows

    def noted(database, day):
        read.append(day)
        return real(database, day)

    monkeypatch.setattr(module, "_rows", noted)

    def totals():
        days = figures.of_days(desk.store.database, first, today, today)
        return [one.granted.total() for one in days.values()]

    assert totals() == [1, 2, 1]
    happen(desk, 0, GRANTED)
    assert totals() == [1, 2, 2]
    assert read.count(today) == 2
    assert len(read) == 4


def test_days_add_up_without_changing_them():
    one = count(ROWS)
    whole = together({1: one, 2: one})
    assert whole.granted.total() == 2 * one.granted.total()
    assert count(ROWS) == one
    assert together({}) == Counts()


@pytest.mark.slow
def test_the_page_says_it_in_words_and_keeps_to_one_gate(desk, clerk):
    happen(desk, 1, GRANTED)
    happen(desk, 1, DENIED, reason="face_unknown")
    happen(desk, 9, GRANTED, gate="south")
    page = clerk.get("/figures").text
    assert "face_unknown" not in page
    assert "let in at first look" in page
    assert "50.0 %" in page
    assert "as many days before: 1" in page
    south = clerk.get("/figures?days=30&gate=south").text
    assert "100.0 %" in south


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/figures", "/figures?days=30", "/figures?gate=none"])
def test_without_passages_it_says_so(clerk, path):
    assert "No data for this time" in clerk.get(path).text
