"""The main loop: first the event on the disk, then the door; faults, the contact, the register."""

from __future__ import annotations

from datetime import UTC, datetime

import jsonschema
import pytest

from gate.access.decision import Person
from gate.access.request import Presence
from gate.clock import ManualClock
from gate.daemon import event_loop
from gate.daemon.device_faults import DeviceStatus
from gate.daemon.items import Moved
from gate.daemon.journal import DURABLE_WITHIN
from gate.daemon.orders import Order
from gate.events.schema import event_schema
from gate.events.types import TYPES
from gate.passage import Context, inputs, outputs
from gate.recognition.face import Candidate, Face, Quality, Sighting, Verdict
from gate.screen.message import Look, Message
from tests.daemon.loop_gate import DOOR, GUEST, LI, Gate


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_a_grant_is_written_before_the_relay_moves(gate: Gate) -> None:
    gate.card(LI)
    assert gate.journal[:3] == ["passage.granted", "relay on", "door.unlocked"]
    assert gate.open


def test_there_is_one_order_of_outputs_that_of_the_step(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop does what it is given as it is given, were it the wrong way round."""
    wanted: list[outputs.Output] = [
        outputs.EventOut("passage.abandoned", "p2"),
        outputs.Open("p1", extended=False),
        outputs.Show(Message(Look.WAIT, "look_here")),
        outputs.EventOut("passage.ended", "p1"),
    ]
    for given in (wanted, wanted[::-1]):
        gate = Gate()
        monkeypatch.setattr(
            gate.screen, "show", lambda message, to=gate.journal: to.append("screen")
        )
        steps = iter([tuple(given)])
        monkeypatch.setattr(event_loop, "step", lambda lane, *_, left=steps: (lane, next(left, ())))
        gate.loop.handle(inputs.Tick())
        done = [word for word in gate.journal if word not in ("door.unlocked", "relay off")]
        names = {outputs.Open: "relay on", outputs.Show: "screen"}
        assert done == [names.get(type(o)) or getattr(o, "type", "") for o in given]


def test_the_relay_rests_after_the_unlock_time(gate: Gate) -> None:
    gate.card(LI)
    gate.wait(DOOR.unlock - 0.2)
    assert gate.open
    gate.wait(0.4)
    assert not gate.open
    assert gate.types[-2:] == ["door.locked", "passage.ended"]
    assert gate.event("passage.ended").details == {"passed": False}


def test_a_refusal_never_touches_the_relay(gate: Gate) -> None:
    gate.card(GUEST)
    gate.wait(0.5)
    gate.card(None, "card_unknown")
    gate.wait(1.0)
    assert gate.types.count("passage.denied") == 2
    assert "relay on" not in gate.journal


def test_a_known_face_opens_and_its_event_has_scores_versions_and_latency(gate: Gate) -> None:
    box = Face((0, 0, 100, 100), 0.9, quality=Quality(size=50))
    now = gate.clock.monotonic()
    gate.loop.handle(
        inputs.Seen(
            (
                Sighting(
                    track=1,
                    camera="main",
                    first_seen=now - 0.4,
                    last_seen=now,
                    first_usable=now - 0.3,
                    frame=4,
                    face=box,
                    frames=4,
                    used=3,
                    verdict=Verdict.KNOWN,
                    best=Candidate(LI.id, 5.0),
                    evidence=10.0,
                    threshold=8.0,
                ),
            )
        )
    )
    event = gate.event("passage.granted")
    assert gate.open
    assert event.person == LI.ref
    assert event.scores["evidence"] == 10.0
    assert event.scores["threshold"] == 8.0
    assert event.latency == pytest.approx(300, abs=1)
    assert "software" in event.versions


def test_a_full_disk_lets_the_resident_in_after_a_quarter_of_a_second(gate: Gate) -> None:
    gate.recorder.disk = "full"
    gate.card(LI)
    assert gate.open
    assert gate.recorder.waits == [DURABLE_WITHIN] == [0.25]
    assert gate.journal[:3] == ["passage.granted", "wait", "relay on"]


def test_the_answer_is_on_the_screen_while_the_door_waits_for_the_disk(gate: Gate) -> None:
    gate.recorder.disk = "full"
    shown: list[Message | None] = []
    gate.recorder.while_waiting = lambda: shown.append(gate.screen.message)
    gate.card(LI)
    (message,) = shown
    assert message is not None
    assert message.look is Look.GRANT


def test_a_store_that_gives_up_does_not_keep_the_resident_out(gate: Gate) -> None:
    gate.recorder.disk = "lost"
    gate.card(LI)
    assert gate.open


def test_a_refusal_does_not_wait_for_the_disk(gate: Gate) -> None:
    gate.recorder.disk = "full"
    gate.card(GUEST)
    assert gate.event("passage.denied")
    assert gate.recorder.waits == []


def test_a_door_opened_and_closed_ends_the_passage_as_passed(gate: Gate) -> None:
    gate.card(LI)
    gate.wire("contact", True)
    gate.wire("contact", False)
    passage = gate.event("passage.granted").passage
    assert gate.event("door.opened").passage == passage
    assert gate.event("door.closed").passage == passage
    ended = gate.event("passage.ended")
    assert (ended.passage, ended.details) == (passage, {"passed": True})
    assert not gate.open, "locked again behind them"


def test_a_forced_door_is_reported_and_belongs_to_nobody(gate: Gate) -> None:
    gate.wait(1.0)
    gate.wire("contact", True)
    assert gate.event("door.forced").passage is None
    assert not gate.open


def test_a_board_that_fails_is_reported_shown_and_refused_until_it_is_back(gate: Gate) -> None:
    gate.board.fault = "The board does not answer"
    gate.wait(0.1)
    assert gate.event("door.fault").details["cause"] == "The board does not answer"
    assert gate.loop.lane.fault == "door_fault"
    gate.card(LI)
    assert not gate.loop.controller.state.released
    gate.board.fault = ""
    gate.wait(6.0)
    assert "door.recovered" in gate.types
    assert gate.loop.lane.fault == ""
    gate.card(LI)
    assert gate.open


def test_a_camera_is_lost_and_back_once_each(gate: Gate) -> None:
    lost = DeviceStatus("camera", "main", False, "the stream ended")
    for _ in range(3):
        gate.loop.handle(lost)
    assert gate.loop.lane.fault == "camera_fault"
    for _ in range(3):
        gate.loop.handle(DeviceStatus("camera", "main", True))
    assert gate.types == ["camera.lost", "camera.back"]
    assert gate.event("camera.lost").details == {"camera": "main", "cause": "the stream ended"}
    assert gate.loop.lane.fault == ""


@pytest.mark.parametrize("problem", ["covered", "frozen", "moved"])
def test_a_camera_that_sees_something_else_is_an_event_and_a_fault(
    gate: Gate, problem: str
) -> None:
    for _ in range(2):
        gate.loop.handle(DeviceStatus("view", f"north-door-{problem}", False, "dark"))
    assert f"view.north-door-{problem}" in gate.loop.faults
    gate.loop.handle(DeviceStatus("view", f"north-door-{problem}", True))
    assert gate.types == [f"camera.{problem}", "camera.clear"]
    details = {"camera": "north-door", "cause": "dark"}
    assert gate.event(f"camera.{problem}").details == details
    assert gate.event("camera.clear").details == {"camera": "north-door", "was": problem}
    assert not gate.loop.faults
    assert gate.loop.lane.fault == ""


def test_a_covered_camera_asks_for_the_card_and_keeps_nobody_out(gate: Gate) -> None:
    gate.loop.handle(DeviceStatus("view", "main-covered", False, "dark"))
    assert gate.loop.lane.fault == "camera_fault"
    assert not gate.open, "nothing is opened by it"
    assert not gate.loop.able, "nobody is missed at a gate that sees nobody"
    gate.card(LI)
    assert gate.open


def test_a_reader_that_is_lost_leaves_the_screen_as_it_is(gate: Gate) -> None:
    gate.loop.handle(DeviceStatus("reader", "cards", False, "unplugged"))
    assert gate.types == ["device.lost"]
    assert gate.loop.lane.fault == ""


def test_a_change_of_the_register_counts_at_once(gate: Gate) -> None:
    gate.loop.handle(Context({}, contact=True))
    gate.card(None, "card_unknown")
    assert gate.types == ["passage.denied"]


def test_listeners_hear_what_was_done_with_its_moment(gate: Gate) -> None:
    heard: list[tuple[str, float]] = []
    gate.loop.listen(lambda output, at: heard.append((type(output).__name__, at)))
    gate.card(LI)
    assert {at for _, at in heard} == {100.0}
    assert {"Decided", "Open", "Show"} <= {name for name, _ in heard}


def test_stopping_rests_the_relay_and_says_good_bye(gate: Gate) -> None:
    gate.card(LI)
    gate.loop.stop()
    assert not gate.open
    assert gate.types[-1] == "gate.stopped"


@pytest.mark.slow
def test_every_event_of_a_busy_hour_follows_the_schema_and_names_nobody(gate: Gate) -> None:
    gate.card(LI)
    gate.wire("contact", True)
    gate.wire("contact", False)
    gate.wait(6.0)
    gate.card(GUEST)
    gate.loop.handle(Order("emergency", "desk"))
    gate.wire("fire", True)
    gate.board.fault = "broken"
    gate.wait(0.2)
    gate.loop.stop()
    assert {"passage.granted", "door.fire"} <= {event.type for event in gate.recorder.events}
    for number, event in enumerate(gate.recorder.events, start=1):
        body = event.numbered(number).body()
        jsonschema.validate(body, event_schema())
        assert event.type in TYPES
        assert LI.name not in str(body)


def test_a_face_that_is_served_from_the_second_row_is_known_to_be_behind(gate: Gate) -> None:
    assert not gate.loop.behind
    gate.loop.handle(inputs.Seen((seen_face(1, gate.clock.monotonic(), size=100),)))
    assert gate.loop.face is not None
    assert not gate.loop.behind
    gate.loop.handle(inputs.Seen((seen_face(2, gate.clock.monotonic(), size=130),)))
    assert gate.loop.face.track == 1
    assert gate.loop.behind


def seen_face(track: int, now: float, size: float) -> Sighting:
    box = Face((0, 0, size, size), 0.9, quality=Quality(size=size / 2))
    return Sighting(track, "main", now, now, 1, box, 1, 1, Verdict.WAIT, first_usable=now)


@pytest.mark.parametrize(
    ("family", "sees"), [("status", True), ("sensor", True), ("camera", False), ("reader", False)]
)
def test_only_what_sees_people_makes_the_gate_blind(gate: Gate, family: str, sees: bool) -> None:
    gate.loop.handle(DeviceStatus(family, "x", False, "gone"))
    assert gate.loop.able is sees
    gate.loop.handle(DeviceStatus(family, "x", True))
    assert gate.loop.able


def test_the_faults_somebody_has_read_do_not_change_under_them(gate: Gate) -> None:
    gate.loop.handle(DeviceStatus("camera", "main", False, "no frames"))
    read = gate.loop.faults
    gate.loop.handle(DeviceStatus("reader", "east", False, "unplugged"))
    assert dict(read) == {"camera.main": "no frames"}
    with pytest.raises(TypeError):
        gate.loop.faults["x"] = "y"  # type: ignore[index]


def test_what_is_older_does_not_replace_where_people_are(gate: Gate) -> None:
    gate.loop.handle(Moved({1: Presence.INSIDE}, 2))
    gate.loop.handle(Moved({}, 1))
    assert gate.loop.context.presence == {1: Presence.INSIDE}


def test_a_clock_that_cannot_be_right_is_an_event_and_a_fault_until_it_is_set() -> None:
    clock = ManualClock(now=100.0, start=datetime(1970, 1, 1, tzinfo=UTC))
    gate = Gate(clock=clock)
    gate.wait(1.5)
    assert gate.event("clock.implausible").details["reason"] == "before_release"
    assert gate.loop.faults == {"clock.clock": "before_release"}
    assert gate.loop.able, "people without an end of validity still pass"
    clock.start = datetime(2027, 7, 1, tzinfo=UTC)
    gate.wait(1.5)
    assert {"clock.jumped", "clock.plausible"} <= set(gate.types)
    assert gate.loop.faults == {}


def test_a_clock_that_cannot_be_right_is_a_fault_before_the_first_look() -> None:
    """``/readyz`` once answered ok to whoever asked a gate that had just started in 1970."""
    gate = Gate(clock=ManualClock(100.0, datetime(1970, 1, 1, tzinfo=UTC)))
    assert gate.loop.faults == {"clock.clock": "before_release"}
    gate.clock.start = datetime(2027, 1, 1, tzinfo=UTC)
    gate.wait(3)
    assert gate.loop.faults == {}


def test_an_answer_that_made_room_leaves_the_screen_though_nobody_comes() -> None:
    """A gate without a camera that works used to keep it."""
    gate = Gate(DOOR.model_copy(update={"unlock": 0.3}))
    gate.card(LI)
    gate.board.fault = "no answer"
    gate.wait(0.5)
    gate.card(Person(3, "3" * 32))  # the door refuses
    message = gate.screen.message
    assert message is not None
    assert [each.look for each in message.earlier] == [Look.GRANT]
    gate.wait(30)
    assert gate.screen.message is not None
    assert gate.screen.message.earlier == ()
