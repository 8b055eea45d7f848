"""What the desk shows of a gate, as the gate itself reported it; what became of an order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from enroll import gates
from gate.events.event import Event
from gate.services.gate_status import BEAT, StatusWriter
from gate.store.orders import Orders

STATES = {
    "gate": {"software": "1.2.3", "faults": ["camera.main", "relay.board"]},
    "door": {"state": "held_open", "locked": False, "open": True, "tamper": True, "problem": False},
    "mode": {"mode": "held_open", "until": "2026-01-01T09:30:00+00:00"},
    "encoder": {"encoder": "dlib/1", "fit": "f1"},
    "gallery": {"people": 7000},
    "liveness": {"mode": "off", "active": "off: a photograph opens the door"},
    "device/main": {"up": False, "family": "camera"},
    "device/desk": {"up": True, "family": "reader"},
}


@pytest.fixture
def board(desk, clock):
    """A gate's notice board that writes at once."""
    board = StatusWriter(desk.store.key_values, "north", clock, lambda write: write())
    for thing, value in STATES.items():
        board.put(thing, value)
    return board


def happened(desk, type, **fields):
    desk.store.events.append([Event.make("north", type, desk.clock.utc(), **fields)])


@pytest.mark.slow
def test_the_page_shows_what_the_gate_says_of_itself(clerk, desk, board):
    happened(desk, "gate.started")
    board.keep()
    text = clerk.get("/live").text
    for words in (
        "✓ running",
        "! open for too long",
        "tampered with",
        "! held open",
        'main <span class="mark bad">✕ lost',
        'desk <span class="mark good">✓ answers',
        "✕ relay board",
        "dlib/1; 7000 people with a face",
        "not looked for",
        "Version 1.2.3",
    ):
        assert words in text, words
    assert "camera.main" not in text  # reported once, with the camera


def test_a_gate_that_falls_silent_is_not_shown_as_running(desk, board, clock):
    assert gates.view(desk.store, "north", clock.utc()).running == ""
    happened(desk, "gate.started")
    board.keep()
    clock.advance(2 * BEAT)
    assert gates.view(desk.store, "north", clock.utc()).running == "running"
    clock.advance(2 * BEAT)
    assert gates.view(desk.store, "north", clock.utc()).running == "silent"
    board.keep()  # the beat: nothing has changed
    assert gates.view(desk.store, "north", clock.utc()).running == "running"
    clock.advance(1)
    happened(desk, "gate.stopped")
    assert gates.view(desk.store, "north", clock.utc()).running == "stopped"


def test_the_last_passage_is_the_newest_of_all_kinds(desk, clock):
    happened(desk, "passage.granted", decision="grant")
    clock.advance(5)
    happened(desk, "passage.asked", decision="ask")
    assert gates.view(desk.store, "north", clock.utc()).passage.type == "passage.asked"


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("done", "✓ done"),
        ("lockdown", "refused: the door is locked down"),
        ("fault", "refused: the relay does not obey"),
        ("fire", "refused: the fire input is still active"),
    ],
)
@pytest.mark.slow
def test_what_became_of_an_order_is_said_in_words(manager, desk, board, result, words):
    board.keep()
    manager.fill("/live/gate-1/open")
    orders = Orders(desk.store.database)
    (order,) = orders.take("gate-1")
    assert "taken" in manager.get("/live").text
    orders.done(order.id, result)
    assert words in manager.get("/live").text


@pytest.mark.slow
def test_a_fire_release_can_be_ended_only_while_there_is_one(manager, desk, board):
    happened(desk, "gate.started")
    board.keep()
    assert "End the fire release" not in manager.get("/live").text
    board.put("mode", {"mode": "fire", "until": None})
    board.keep()
    assert "End the fire release" in manager.get("/live").text
    manager.fill("/live/north/fire_reset", reason="false alarm")
    assert [row.command for row in Orders(desk.store.database).take("north")] == ["fire_reset"]


def test_the_board_writes_once_at_a_time_and_only_what_is_new(desk, clock):
    waiting = []
    board = StatusWriter(desk.store.key_values, "north", clock, waiting.append)
    board.put("mode", {"mode": "normal"})
    board.keep()
    board.put("mode", {"mode": "fire"})
    board.keep()
    assert len(waiting) == 1
    waiting.pop()()
    board.keep()
    waiting.pop()()
    board.keep()
    assert waiting == []
    clock.advance(timedelta(seconds=BEAT).total_seconds())
    board.keep()
    assert len(waiting) == 1
    assert desk.store.key_values.get("state.north")["things"] == {"mode": {"mode": "fire"}}


@pytest.mark.slow
def test_a_board_that_gathers_writes_changes_of_ten_seconds_as_one(desk, clock):
    waiting = []
    board = StatusWriter(desk.store.key_values, "north", clock, waiting.append, gather=BEAT)
    for mode in ("normal", "fire", "hold"):
        board.put("mode", {"mode": mode})
        board.keep()
        [write() for write in waiting[:1]]
    assert len(waiting) == 1
    clock.advance(BEAT)
    board.keep()
    waiting.pop()()
    assert desk.store.key_values.get("state.north")["things"] == {"mode": {"mode": "hold"}}


@pytest.mark.slow
def test_who_may_not_hold_the_door_open_gives_an_emergency_of_minutes_and_may_end_it(
    clerk, manager, desk, board, clock
):
    happened(desk, "gate.started")
    board.put("mode", {"mode": "emergency", "until": None})
    board.keep()
    assert "End my emergency" in clerk.get("/live").text
    clerk.fill("/live/north/emergency", minutes="240")
    manager.fill("/live/north/emergency", minutes="240")
    clerk.fill("/live/north/emergency_ends")
    short, long, end = Orders(desk.store.database).take("north")
    assert (short.until - clock.utc()).total_seconds() == 600
    assert (long.until - clock.utc()).total_seconds() == 240 * 60
    assert (end.command, end.ordered_by) == ("emergency_ends", short.ordered_by)


def test_a_kind_is_left_out_where_the_name_says_it_already():
    assert gates.called("读卡器", "读卡器") == "读卡器"
    assert gates.called("读卡器", "东门读卡器") == "东门读卡器"
    assert gates.called("读卡器", "north") == "读卡器 north"
    assert gates.called("继电器", "") == "继电器"
    assert gates.fault_in_words("reader.读卡器", "zh") == "读卡器"
    assert gates.fault_in_words("reader.reader", "zh") == "读卡器"
