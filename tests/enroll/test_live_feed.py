"""The stream of what happens: a cursor gate by gate, no line lost, none twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enroll import live_feed
from gate.events.event import Event

GATES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)


def happen(desk, gate, count, kind="passage.granted", minute=0):
    at = desk.clock.utc() + timedelta(minutes=minute)
    events = [Event.make(gate, kind, at + timedelta(seconds=i)) for i in range(count)]
    return [event.id for event in desk.store.events.append(events)]


@pytest.mark.slow
@given(st.dictionaries(GATES, st.integers(0, 10**17), max_size=live_feed._MEMBERS))
def test_a_cursor_is_read_as_it_was_written(cursor):
    text = live_feed.write_cursor(cursor)
    assert text.isascii()
    assert "\n" not in text
    assert live_feed.read_cursor(text) == cursor


@given(st.text(max_size=300))
def test_a_forged_cursor_is_no_error(text):
    assert all(sequence >= 0 for sequence in live_feed.read_cursor(text).values())


def test_only_what_came_after_the_cursor_is_told_of_every_gate_in_order_of_time(desk):
    happen(desk, "north", 3)
    cursor = live_feed.now(desk.store.database)
    later = happen(desk, "north", 2, minute=2)
    first = happen(desk, "车库", 2, minute=1)
    rows, moved = live_feed.since(desk.store.database, cursor)
    assert [row.id for row in rows] == first + later
    assert live_feed.since(desk.store.database, moved)[0] == []


def test_more_than_fits_comes_in_pieces_without_loss(desk):
    ids = happen(desk, "north", live_feed.MOST + 50)
    rows, moved = live_feed.since(desk.store.database, {})
    rest, _ = live_feed.since(desk.store.database, moved)
    assert [row.id for row in rows + rest] == ids


def test_movements_of_the_lock_are_not_told(desk):
    happen(desk, "north", 1, "door.unlocked")
    assert live_feed.since(desk.store.database, {})[0] == []


def test_a_message_has_one_line_of_data_whatever_is_in_it():
    said = live_feed.message("line", {"html": "<li>\n\r\nx</li>"}, "north:1")
    assert said.startswith("id: north:1\nevent: line\ndata: {")
    assert said.count("\n") == 4
