"""The main loop: first the event on the disk, then the door; orders, faults, fire, the contact."""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime

import jsonschema
import pytest

from gate.access.decision import Kind, Method, Person
from gate.access.request import Credential, Mode, Presence
from gate.clock import ManualClock
from gate.daemon import event_loop
from gate.daemon.build import NoParts
from gate.daemon.clock_watch import ClockWatch
from gate.daemon.device_faults import DeviceStatus
from gate.daemon.event_loop import DURABLE_WITHIN, Loop, Moved
from gate.daemon.orders import Order
from gate.daemon.site_controller import ControllerAnswer, SiteController
from gate.door.controller import DoorController
from gate.door.settings import DoorSettings
from gate.errors import StoreError
from gate.events.event import Event
from gate.events.schema import event_schema
from gate.events.types import TYPES
from gate.passage import Context, inputs, outputs
from gate.readers.out.settings import ReaderOutSettings
from gate.recognition.face import Candidate, Face, Quality, Sighting, Verdict
from gate.relay.simulated import SimulatedRelay
from gate.screen.message import Look, Message

LI = Person(1, "1" * 32, name="李小红")
GUEST = Person(2, "2" * 32, kind=Kind.VISITOR, blocked="moved")
DOOR = DoorSettings(contact=True, input_debounce=0)


class Board(SimulatedRelay):
    """A simulated relay that notes when the lock is released, among the events."""

    journal: list[str]

    def set(self, channel: int, on: bool, hold: float, since: float | None = None) -> None:
        released = self.state(channel)
        super().set(channel, on, hold, since)
        if on != released:
            self.journal.append("relay on" if on else "relay off")


@dataclass
class Memory:
    """A recorder in memory. ``disk``: "well", "full" (never answers) or "lost" (gives up)."""

    journal: list[str]
    disk: str = "well"
    events: list[Event] = field(default_factory=list)

    def record(self, event: Event) -> Future[Event]:
        self.events.append(event)
        self.journal.append(event.type)
        future: Future[Event] = Future()
        if self.disk == "well":
            future.set_result(event.numbered(len(self.events)))
        elif self.disk == "lost":
            future.set_exception(StoreError("more events than can be written"))
        return future


class Screen(NoParts):
    def __init__(self) -> None:
        self.message: Message | None = None
        self.shown = 0.0

    def show(self, message: Message) -> None:
        self.message, self.shown = message, time.monotonic()


class Gate:
    """A loop with a board, a clock and a recorder that tests can turn."""

    def __init__(self, door: DoorSettings = DOOR, clock: ManualClock | None = None) -> None:
        self.journal: list[str] = []
        self.clock = clock or ManualClock(100.0, datetime(2027, 1, 1, tzinfo=UTC))
        self.board = Board(channels=1, clock=self.clock)
        self.board.journal = self.journal
        self.board.wires = {"contact": False, "fire": False}
        self.recorder = Memory(self.journal)
        self.screen = Screen()
        controller = DoorController(self.board, door)
        self.loop = Loop(
            gate="north",
            context=Context({p.id: p for p in (LI, GUEST)}, contact=door.contact),
            controller=controller,
            recorder=self.recorder,
            clock=self.clock,
            parts=self.screen,
            emergency_seconds=60.0,
            watch=ClockWatch(self.clock, synchronised=lambda: None),
        )
        self.loop.start(controller.open(self.clock.monotonic()))
        self.journal.clear()
        self.recorder.events.clear()

    def card(self, person: Person | None, problem: str = "") -> None:
        at = self.clock.monotonic()
        self.loop.handle(inputs.Shown(Method.CARD, person, Credential(problem), at))

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.05)):
            self.clock.advance(0.05)
            self.loop.tick()

    def wire(self, name: str, level: bool) -> None:
        self.board.wires[name] = level
        self.wait(0.1)

    @property
    def open(self) -> bool:
        return bool(self.board.state(1))

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.recorder.events]

    def event(self, type: str) -> Event:
        return next(event for event in self.recorder.events if event.type == type)


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
    began = time.monotonic()
    gate.card(LI)
    waited = time.monotonic() - began
    assert gate.open
    assert DURABLE_WITHIN <= waited < DURABLE_WITHIN + 0.5
    assert gate.journal[:2] == ["passage.granted", "relay on"]


def test_the_answer_is_on_the_screen_while_the_door_waits_for_the_disk(gate: Gate) -> None:
    gate.recorder.disk = "full"
    began = time.monotonic()
    gate.card(LI)
    assert gate.screen.message is not None
    assert gate.screen.message.look is Look.GRANT
    assert gate.screen.shown - began < DURABLE_WITHIN / 2


def test_a_store_that_gives_up_does_not_keep_the_resident_out(gate: Gate) -> None:
    gate.recorder.disk = "lost"
    gate.card(LI)
    assert gate.open


def test_a_refusal_does_not_wait_for_the_disk(gate: Gate) -> None:
    gate.recorder.disk = "full"
    began = time.monotonic()
    gate.card(GUEST)
    assert time.monotonic() - began < DURABLE_WITHIN


def test_staff_open_the_door_and_the_event_says_who(gate: Gate) -> None:
    gate.loop.handle(Order("open", "desk:wang"))
    assert gate.journal[:2] == ["passage.granted", "relay on"]
    event = gate.event("passage.granted")
    assert (event.method, event.rule, event.person) == ("staff", "staff", None)
    assert event.reasons == ("staff_order",)
    assert event.details["values"]["order"] == "desk:wang"


def test_a_door_held_open_by_order_locks_by_itself(gate: Gate) -> None:
    gate.loop.handle(Order("hold", "desk", 10.0))
    assert gate.open
    assert gate.loop.lane.mode is Mode.HELD_OPEN
    gate.wait(9.5)
    assert gate.open
    gate.wait(1.0)
    assert not gate.open
    assert gate.loop.lane.mode is Mode.NORMAL


def test_an_emergency_without_a_time_lasts_as_long_as_configured(gate: Gate) -> None:
    gate.loop.handle(Order("emergency", "desk"))
    assert gate.loop.lane.mode is Mode.EMERGENCY
    assert gate.screen.message is not None
    assert gate.screen.message.look is Look.EMERGENCY
    gate.wait(59.0)
    assert gate.open
    gate.wait(2.0)
    assert not gate.open
    assert gate.loop.lane.mode is Mode.NORMAL


def test_in_a_lockdown_nobody_enters_until_normal(gate: Gate) -> None:
    gate.loop.handle(Order("lockdown", "desk"))
    gate.card(LI)
    assert not gate.open
    assert "passage.granted" not in gate.types
    gate.loop.handle(Order("normal", "desk"))
    gate.wait(6.0)
    gate.card(LI)
    assert gate.open


@pytest.mark.parametrize("kind", ["hold", "emergency"])
def test_an_order_the_door_refuses_leaves_the_mode_as_it_is(gate: Gate, kind: str) -> None:
    gate.loop.handle(Order("lockdown", "desk"))
    gate.loop.handle(Order(kind, "desk", 30.0))
    assert "door.refused" in gate.types
    assert gate.loop.lane.mode is Mode.LOCKDOWN
    assert not gate.open


def test_an_order_nobody_knows_is_a_mistake_of_the_caller(gate: Gate) -> None:
    with pytest.raises(ValueError, match="no order"):
        gate.loop.handle(Order("explode", "desk"))
    assert gate.types == []


def test_fire_opens_the_door_until_reset_by_hand(gate: Gate) -> None:
    gate.wire("fire", True)
    assert gate.open
    assert gate.loop.lane.mode is Mode.FIRE
    gate.loop.handle(Order("fire_reset", "desk"))
    assert gate.open, "the fire input still says fire"
    assert gate.loop.lane.mode is Mode.FIRE
    gate.wire("fire", False)
    assert gate.open, "latched until reset by hand"
    gate.loop.handle(Order("fire_reset", "desk"))
    assert gate.loop.lane.mode is Mode.NORMAL
    assert not gate.open


def test_the_end_of_a_hold_and_normal_do_not_end_a_fire(gate: Gate) -> None:
    gate.loop.handle(Order("hold", "desk", 5.0))
    gate.wire("fire", True)
    gate.wait(6.0)
    assert gate.open
    assert gate.loop.lane.mode is Mode.FIRE
    gate.loop.handle(Order("normal", "desk"))
    assert gate.open
    assert gate.loop.lane.mode is Mode.FIRE


def test_a_lockdown_stands_again_after_the_fire(gate: Gate) -> None:
    gate.loop.handle(Order("lockdown", "desk"))
    gate.wire("fire", True)
    assert gate.open
    gate.wire("fire", False)
    gate.loop.handle(Order("fire_reset", "desk"))
    assert gate.loop.lane.mode is Mode.LOCKDOWN
    gate.card(LI)
    assert not gate.open


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


def test_a_schedule_ends_only_the_hold_it_ordered_itself(gate: Gate) -> None:
    gate.loop.handle(Order("hold", "schedule", 600.0))
    gate.wait(1)
    assert gate.open
    gate.loop.handle(Order("hold_ends", "schedule"))
    gate.wait(1)
    assert not gate.open
    gate.loop.handle(Order("hold", "desk:wang", 600.0))
    gate.wait(1)
    gate.loop.handle(Order("hold_ends", "schedule"))
    gate.wait(1)
    assert gate.open
    gate.loop.handle(Order("lockdown", "desk:wang"))
    gate.loop.handle(Order("hold_ends", "schedule"))
    assert gate.loop.controller.state.lockdown


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


def test_whoever_gave_an_emergency_may_end_it_and_nobody_else_by_this_order(gate: Gate) -> None:
    gate.loop.handle(Order("emergency", "li", 600.0))
    assert gate.open
    gate.loop.handle(Order("emergency_ends", "wang"))
    assert gate.open
    assert gate.event("door.refused").details["reason"] == "not_yours"
    gate.loop.handle(Order("emergency_ends", "li"))
    gate.wait(0.5)
    assert not gate.open
    assert gate.loop.lane.mode is Mode.NORMAL
    gate.loop.handle(Order("hold", "li", 600.0))
    gate.loop.handle(Order("emergency_ends", "li"))
    assert gate.open, "a hold-open is no emergency"


def with_controller(gate: Gate, decides: str) -> list[int]:
    """Give the gate a controller of the site; the numbers it is sent."""
    sent: list[int] = []

    def present(number: int) -> str:
        sent.append(number)
        return ""

    settings = ReaderOutSettings.model_validate({"decides": decides, "number": "id"})
    gate.loop.site = SiteController(settings, present)
    return sent


def test_both_must_agree_before_the_relay_moves(gate: Gate) -> None:
    sent = with_controller(gate, "both")
    gate.card(LI)
    assert sent == [1]
    assert not gate.open
    assert gate.screen.message is not None
    assert gate.screen.message.look is Look.WAIT
    gate.wait(0.5)
    gate.loop.handle(ControllerAnswer(True))
    assert gate.open
    assert gate.screen.message.look is Look.GRANT
    assert gate.types[:3] == ["passage.granted", "controller.granted", "door.unlocked"]


@pytest.mark.parametrize(
    ("said", "type"), [(False, "controller.refused"), (None, "controller.silent")]
)
def test_a_controller_that_refuses_or_is_silent_keeps_the_door_shut(
    gate: Gate, said: bool | None, type: str
) -> None:
    with_controller(gate, "both")
    gate.card(LI)
    if said is not None:
        gate.loop.handle(ControllerAnswer(said))
    gate.wait(3.2)
    assert "relay on" not in gate.journal
    assert gate.types[:3] == ["passage.granted", type, "passage.ended"]
    assert gate.event(type).person == LI.ref
    assert gate.event("passage.ended").details == {"passed": False}


def test_where_the_controller_decides_the_gates_own_door_is_off(gate: Gate) -> None:
    sent = with_controller(gate, "controller")
    gate.card(LI)
    gate.loop.handle(ControllerAnswer(True))
    gate.wait(1.0)
    assert sent == [1]
    assert gate.screen.message is not None
    assert gate.screen.message.look is Look.GRANT
    assert "relay on" not in gate.journal
    gate.card(GUEST)  # whom the gate refuses the controller is not asked about
    assert sent == [1]


def test_fire_opens_whatever_the_controller_says(gate: Gate) -> None:
    with_controller(gate, "controller")
    gate.wire("fire", True)
    assert gate.open


def test_a_lost_controller_is_on_the_screen_only_where_it_has_a_say(gate: Gate) -> None:
    for decides, look in (("gate", Look.IDLE), ("both", Look.FAULT)):
        with_controller(gate, decides)
        gate.loop.handle(DeviceStatus("controller", "controller", False, "silent"))
        assert gate.screen.message is None or gate.screen.message.look is look
        gate.loop.handle(DeviceStatus("controller", "controller", True))
    assert gate.types.count("device.lost") == 2


def test_a_clock_that_cannot_be_right_is_a_fault_before_the_first_look() -> None:
    """``/readyz`` once answered ok to whoever asked a gate that had just started in 1970."""
    gate = Gate(clock=ManualClock(100.0, datetime(1970, 1, 1, tzinfo=UTC)))
    assert gate.loop.faults == {"clock.clock": "before_release"}
    gate.clock.start = datetime(2027, 1, 1, tzinfo=UTC)
    gate.wait(3)
    assert gate.loop.faults == {}
