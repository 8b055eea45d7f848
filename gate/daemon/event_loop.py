"""The body of the main loop: the only owner of passage and door, and of the order of inputs.

Everything that happens reaches it as a value (``handle``); time reaches it by ``tick``. It calls
the pure parts and carries out what they ask for: it passes the event to the writer, updates the
screen, and moves the door once the event is on disk. It has no thread of its own, so a replay can
drive it step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Literal

from gate import __version__
from gate.access.decision import Decision, Method
from gate.access.decision import Outcome as Answer
from gate.access.policy import decide
from gate.access.request import Credential, Mode, Request, Rules
from gate.clock import Clock, local
from gate.daemon.claim_checks import ClaimChecks
from gate.daemon.clock_watch import ClockWatch
from gate.daemon.device_faults import DeviceFaults, DeviceStatus, event_of
from gate.daemon.items import Item, Linked, Moved
from gate.daemon.journal import DURABLE_WITHIN, Journal, Recorder
from gate.daemon.orders import Hold, Order, meaning, mode_of, refusal, unended
from gate.daemon.parts import Parts
from gate.daemon.site_controller import ControllerAnswer, Outcome, SiteController
from gate.door import state as door
from gate.door.controller import DoorController
from gate.door.state_machine import refuses
from gate.events.uuid7 import uuid7
from gate.passage import Context, Lane, Now, inputs, outputs, step
from gate.passage.let_in import broken_off, may_still
from gate.passage.rights import to_check
from gate.passage.serve import OPEN_MODES
from gate.recognition.face import Sighting
from gate.screen.message import Message

Listener = Callable[[outputs.Output, float], None]


class Loop:
    """One gate: lane, door and the events of both. Not safe for threads; it belongs to one."""

    def __init__(
        self,
        *,
        gate: str,
        context: Context,
        controller: DoorController,
        recorder: Recorder,
        clock: Clock,
        parts: Parts,
        emergency_seconds: float = 600.0,
        zone: tzinfo | None = None,
        watch: ClockWatch | None = None,
        site: SiteController | None = None,
    ) -> None:
        """``site``: the site's controller, which must agree before somebody may pass."""
        self.gate = gate
        self.context = context
        self.lane = Lane()
        self.controller = controller
        self._devices = DeviceFaults()
        self._journal = Journal(gate, recorder, clock)
        self._clock = clock
        self._parts = parts
        self._emergency = emergency_seconds
        self._listeners: list[Listener] = []
        self._hold = Hold()  # what a door that is held open is held open for
        self._mode: tuple[Mode, float | None] = (Mode.NORMAL, None)
        self._moved = 0  # version of ``Context.presence``
        self._given, self._linked = context.rules, True
        self._zone = zone
        self._watch = watch
        if watch is not None and watch.fault:  # ``/readyz`` may be asked before the first look
            self._devices.changed(DeviceStatus("clock", "clock", False, watch.fault))
        self.site = site
        # has what was shown looked up again, by its serial; the second: whether it was granted
        self.check: Callable[[str, bool], None] | None = None
        # called before the door is released for a passage, with the seconds it may take: whether
        # it may be released
        self.releasing: Callable[[str, float], bool] = lambda passage, seconds: True
        self._checks = ClaimChecks()
        self._newest: Decision | None = None  # the newest decision
        self._picture: Message | None = None  # as the lane wants it

    @property
    def faults(self) -> Mapping[str, str]:
        """What is out of order, ``family.name`` → reason; any thread may ask."""
        return self._devices.now

    @property
    def able(self) -> bool:
        """Whether the gate sees people pass: cameras and readers in order, door not held open."""
        return not self._devices.blind and self.lane.mode is Mode.NORMAL

    @property
    def face(self) -> Sighting | None:
        """The face of the passage being served, as it was last seen."""
        p = self.lane.serving
        track = self.lane.scene.get(p.key) if p else None
        return track.sighting if track else None

    @property
    def behind(self) -> bool:
        """Whether someone else is between the gate and the face being served."""
        p = self.lane.serving
        return p is not None and self.lane.scene.behind(p.key, self._clock.monotonic())

    @property
    def claimed(self) -> int | None:
        """Whose card is being shown; any thread may ask."""
        p = self.lane.serving
        if p is None or p.decision is not None or p.credential is None or p.credential.problem:
            return None
        return p.person.id if p.person else None

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with every output of a passage once it is carried out, and its time."""
        self._listeners.append(listener)

    # ------------------------------------------------------------ inputs

    def start(
        self, opened: tuple[door.EventOut, ...] = (), before: Iterable[outputs.Output] = ()
    ) -> None:
        """Record the start. ``opened``: the events from opening the relay. ``before``: the ends of
        passages that were interrupted; in the record they come first, or are found once more."""
        self._carry_out(before, self._clock.monotonic())
        self._journal.record("gate.started", details={"software": __version__})
        self._door(opened)
        self._step(inputs.Tick())

    def restore(self, given: door.Input) -> None:
        """Restore a state of the door from before a restart."""
        self._door(self.controller.handle(given, self._clock.monotonic()))

    def stop(self, seconds: float = 3.0) -> None:
        """Put the relays to rest, record the stop and wait for its event to be on disk."""
        self.controller.close()
        self._carry_out(broken_off(self.lane), self._clock.monotonic())
        self._journal.wait(self._journal.record("gate.stopped"), seconds)

    def handle(self, item: Item) -> None:
        """One thing that happened."""
        match item:
            case Context():
                # where people are is known here, not in the register
                self._given = item.rules
                rules = self._rules()
                self.context = replace(item, presence=self.context.presence, rules=rules)
                self._step(inputs.Tick())
            case Order():
                self._order(item)
            case DeviceStatus():
                self._device(item)
            case Moved(presence, version):
                if version >= self._moved:
                    self._moved = version
                    self.context = replace(self.context, presence=presence)
            case Linked(there):
                self._linked = there
                self.context = replace(self.context, rules=self._rules())
            case ControllerAnswer():
                if self.site is not None:
                    self._site(self.site.answered(item, self._clock.monotonic()))
            case inputs.Checked(serial, granted=granted):
                # one asked for before the grant takes the use counted since for somebody else's
                if to_check(self.lane).get(serial) == granted:
                    self._checks.answered(serial, self._clock.monotonic())
                    self._step(item)
            case _:
                self._step(item)

    def _rules(self) -> Rules:
        """A box without its hub does not know who passed other gates meanwhile: it lets people in
        who seem to be inside already, and says so."""
        if self._linked or self._given.antipassback != "hard":
            return self._given
        return replace(self._given, antipassback="soft")

    def tick(self) -> None:
        """Let time pass; call at least every 50 ms."""
        now = self._clock.monotonic()
        self._door(self.controller.tick(now))
        if self.check is not None:
            due, late = self._checks.look(to_check(self.lane), now)
            for serial, granted in due:
                self.check(serial, granted)
            for serial in late:
                self._step(inputs.Checked(serial, None, Credential("credential_unchecked")))
        if self.site is not None:
            self._site(self.site.tick(now))
        self._look_at_the_clock()
        measured = self._parts.measured(self.face, behind=self.behind)
        if measured is not None:
            self._step(measured)
        lane = self.lane
        if lane.serving is not None or lane.passing or lane.earlier:
            self._step(inputs.Tick())

    # ------------------------------------------------------------ effects

    def _step(self, given: inputs.Input) -> None:
        now = self._now()
        self.lane, wanted = step(self.lane, given, now, self.context)
        self._carry_out(wanted, now.at)

    def _carry_out(self, wanted: Iterable[outputs.Output], at: float) -> None:
        for output in wanted:
            self._do(output)
            self._tell(output, at)

    def _tell(self, output: outputs.Output, at: float) -> None:
        for listener in self._listeners:
            listener(output, at)

    def _do(self, output: outputs.Output) -> None:
        match output:
            case outputs.Decided():
                self._decided(output)
            case outputs.Open(id, extended, agreed):
                until = self._clock.monotonic() + DURABLE_WITHIN
                self._journal.wait_for_decision()
                if self.site is None or agreed:
                    self._unlock(id, extended, until)
                else:
                    person = self._newest.person if self._newest else None
                    self._step(inputs.Asked(id))
                    now = self._clock.monotonic()
                    self._site(self.site.ask(id, person, now, partial(self._may_still, id)))
            case outputs.Show(message):
                self._show(message)
            case outputs.Began(id) | outputs.MeasureAgain(id):
                self._parts.measure(id)
            case outputs.AskStatus(_, person):
                self._parts.ask_status(person)
            case outputs.EventOut(type, id, details, person_ref):
                self._journal.record(type, passage=id or None, details=details, person=person_ref)

    def _unlock(self, passage: str, extended: bool, until: float) -> None:
        # during a lock-down the rules grant only groups that may pass it
        grant = door.Grant(extended, passage, override=self.lane.mode is Mode.LOCKDOWN)
        left = max(0.0, until - self._clock.monotonic())
        if not refuses(self.controller.state, grant) and not self.releasing(passage, left):
            values: dict[str, object] = {"asked": "grant", "reason": "permit"}
            self._door((door.EventOut("door.refused", passage, values),))
            return
        now = self._clock.monotonic()
        emitted = self.controller.handle(grant, now)
        self._door(emitted)
        if all(event.type != "door.refused" for event in emitted):
            self._tell(outputs.Released(passage), now)

    def _may_still(self, passage: str) -> bool:
        return may_still(self.lane, passage, self._now(), self.context)

    def _show(self, message: Message) -> None:
        self._picture = message
        self._parts.show(self.site.shown(message) if self.site else message)

    def _site(self, outcomes: list[Outcome]) -> None:
        """What the site's controller said to those the gate lets in."""
        assert self.site is not None
        for outcome in outcomes:
            asked = outcome.asked
            if self.site.decides and outcome.event:
                details = {"cause": outcome.cause} if outcome.cause else {}
                self._journal.record(
                    outcome.event, passage=asked.passage, details=details, person=asked.ref
                )
            if outcome.opens:
                self._step(inputs.Agreed(asked.passage))
            if outcome.over:  # nobody will open and close this door
                yes = outcome.said in ("granted", "sent")
                by: Literal["elsewhere", "controller"] = "elsewhere" if yes else "controller"
                if yes:
                    self._tell(outputs.Released(asked.passage), self._clock.monotonic())
                self._step(inputs.NotReleased(asked.passage, by))
            if self._picture is not None:
                self._parts.show(self.site.shown(self._picture))

    def _decided(self, decided: outputs.Decided) -> None:
        self._newest = decided.decision
        granted = decided.decision.outcome is Answer.GRANT
        if granted and self.site is not None and self.lane.mode not in OPEN_MODES:
            self.site.expect(decided.passage)  # before the screen shows the grant
        self._journal.decided(decided)

    def _door(self, emitted: tuple[door.EventOut, ...]) -> None:
        """Events of the door: recorded, and passed to the passage they belong to."""
        state = self.controller.state
        for event in emitted:
            self._journal.record(event.type, passage=event.passage or None, details=event.values)
            match event.type:
                case "door.opened" | "door.forced":
                    self._step(inputs.DoorOpened(forced=event.type == "door.forced"))
                case "door.closed":
                    self._step(inputs.DoorClosed())
                case "door.locked":
                    entered, seen = bool(event.values.get("entered")), not state.fault
                    self._step(inputs.DoorLocked(entered, seen))
                case "door.refused" if event.passage:
                    self._step(inputs.NotReleased(event.passage, "door"))
                case "door.fault":
                    cause = str(event.values["cause"])
                    if state.fault:
                        self._step(inputs.ContactLost())
                    self._device(DeviceStatus("door", "door", False, cause), record=False)
                case "door.recovered":
                    self._device(DeviceStatus("door", "door", True), record=False)
        self._follow_door()

    def _follow_door(self) -> None:
        """The mode is the state of the door, not the order: it may have refused."""
        state = self.controller.state
        mode, until = mode_of(state, self._hold)
        if (mode, until) != self._mode:
            self._mode = (mode, until)
            left = None if until is None else until - self._clock.monotonic()
            ends = None if left is None else self._local() + timedelta(seconds=left)
            self._step(inputs.Ordered(mode, ends))

    def refusal(self, kind: str, by: str = "") -> str:
        """Why an order of this kind would be refused now, as a code; any thread may ask."""
        return refusal(kind, by, self.controller.state, self._hold)

    def _order(self, order: Order) -> None:
        now = self._clock.monotonic()
        refused = self.refusal(order.kind, order.by)
        if refused:
            details = {"asked": order.kind, "reason": refused, "by": order.by}
            self._journal.record("door.refused", details=details)
            return
        if order.kind == "open":
            self._staff_open(order)
            return
        needed = unended(order, self.controller.state, self._hold, now)
        if needed is None:
            return
        order = needed
        given = meaning(order, now, self._emergency)
        ordered: dict[str, object] = {"mode": order.kind, "by": order.by}
        if order.seconds:
            ordered["seconds"] = round(order.seconds, 1)
        self._journal.record("gate.mode", details=ordered)
        emitted = self.controller.handle(given, now)
        if any(event.type == "door.hold" for event in emitted):
            mode = Mode.EMERGENCY if order.kind == "emergency" else Mode.HELD_OPEN
            self._hold = Hold(mode, order.by)
        self._door(emitted)

    def _staff_open(self, order: Order) -> None:
        id = self._new_id()
        request = Request(
            Method.STAFF, None, self._local(), self.gate, self.lane.mode, order=order.by
        )
        decision = decide(request, self.context.rules)
        self._decided(outputs.Decided(id, decision, 0.0, 0.0))
        if decision.outcome is not Answer.GRANT:  # a fire has released the door
            self._journal.record("passage.ended", passage=id, details={"passed": None})
            return
        self._journal.wait_for_decision()
        self._door(self.controller.handle(door.Grant(False, id), self._clock.monotonic()))

    def _device(self, status: DeviceStatus, *, record: bool = True) -> None:
        if not self._devices.changed(status):
            return
        if record or status.family == "view":
            type, details = event_of(status)
            self._journal.record(type, details=details)
        decides = self.site is not None and self.site.decides
        code = self._devices.code(controller_decides=decides)
        self._step(inputs.OutOfOrder(code, self._devices.note))

    def _look_at_the_clock(self) -> None:
        if self._watch is None:
            return
        for notice in self._watch.look():
            self._journal.record(notice.type, details=notice.details)
        fault = self._watch.fault
        self._device(DeviceStatus("clock", "clock", not fault, fault), record=False)

    # ------------------------------------------------------------ helpers

    def _now(self) -> Now:
        trusted = self._watch is None or not self._watch.fault
        return Now(self._clock.monotonic(), self._local(), self._new_id, trusted)

    def _local(self) -> datetime:
        return local(self._clock, self._zone)

    def _new_id(self) -> str:
        return uuid7(self._clock.utc())
