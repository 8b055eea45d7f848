"""Rights count as they are when the door is released, not as they were when somebody came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from gate.access.decision import Method
from gate.access.request import FACE_OR_CARD, Allow, Credential, Presence, Rules
from gate.access.schedule import parse
from gate.daemon.claim_checks import EVERY
from gate.daemon.items import Moved
from gate.daemon.orders import Order
from gate.daemon.site_controller import ControllerAnswer
from gate.passage import inputs
from gate.passage.inputs import CLAIM_AGE
from gate.recognition.face import Candidate, Face, Quality, Sighting, Verdict
from gate.screen.message import Look
from tests.daemon.loop_gate import LI, Gate
from tests.daemon.test_event_loop_controller import with_controller

BOTH = Rules(allow=(Allow("both", methods=FACE_OR_CARD, both=True),))
GOOD = Credential(serial="12")
REVOKED = replace(GOOD, problem="card_revoked")


class Desk:
    """Looks up again what was shown: answers as told, or not at all."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.answer: inputs.Checked | None = inputs.Checked("12", LI, GOOD)
        self.asked: list[tuple[float, str, bool]] = []
        gate.loop.check = self.check

    def check(self, serial: str, granted: bool) -> None:
        self.asked.append((self.gate.clock.monotonic(), serial, granted))
        if self.answer is not None:
            self.gate.loop.handle(replace(self.answer, granted=granted))


@pytest.fixture
def gate() -> Gate:
    return Gate()


def shown(gate: Gate, method: Method = Method.CARD) -> None:
    gate.loop.handle(inputs.Shown(method, LI, GOOD, gate.clock.monotonic()))


def looks(gate: Gate, verdict: Verdict = Verdict.KNOWN, person: int = 1) -> None:
    now = gate.clock.monotonic()
    box = Face((0, 0, 100, 100), 0.9, quality=Quality(size=50))
    sighting = Sighting(
        track=1,
        camera="main",
        first_seen=now,
        last_seen=now,
        first_usable=now,
        frame=4,
        face=box,
        frames=4,
        used=3,
        verdict=verdict,
        best=Candidate(person, 5.0),
        evidence=10.0,
        threshold=8.0,
    )
    gate.loop.handle(inputs.Seen((sighting,)))
    gate.wait(0.05)


def asked_for_the_face(gate: Gate) -> Desk:
    desk = Desk(gate)
    gate.loop.handle(replace(gate.loop.context, rules=BOTH))
    shown(gate)
    assert gate.types == []
    return desk


def test_a_card_that_stays_good_opens_once_the_face_is_seen(gate: Gate) -> None:
    desk = asked_for_the_face(gate)
    gate.wait(5)
    looks(gate)
    assert gate.open
    gaps = [after - at for (at, *_), (after, *_) in pairwise([(100.0, "", False), *desk.asked])]
    assert all(EVERY - 1e-6 <= gap < EVERY + 0.15 for gap in gaps)
    times = len(desk.asked)
    assert times >= 8
    assert {(serial, granted) for _, serial, granted in desk.asked} == {("12", False)}
    gate.wait(1)
    assert len(desk.asked) == times  # what was decided is not looked up any more


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (inputs.Checked("12", LI, REVOKED), "card_revoked"),
        (inputs.Checked("12", None, replace(GOOD, problem="card_unknown")), "card_unknown"),
        (inputs.Checked("12", replace(LI, blocked="moved out"), GOOD), "blocked"),
        (inputs.Checked("12", replace(LI, active=False), GOOD), "inactive"),
        (None, "credential_unchecked"),
    ],
)
def test_a_card_or_holder_withdrawn_while_the_face_is_asked_for_opens_nothing(
    gate: Gate, answer: inputs.Checked | None, reason: str
) -> None:
    desk = asked_for_the_face(gate)
    desk.answer = answer
    gate.wait(CLAIM_AGE + 2 * EVERY)
    looks(gate)
    gate.wait(1)
    assert "relay on" not in gate.journal
    denied = gate.event("passage.denied")
    assert denied.reasons[0] == reason
    assert denied.person == LI.ref
    assert gate.types.count("passage.denied") == 1


def test_what_is_said_of_another_card_changes_nothing(gate: Gate) -> None:
    desk = asked_for_the_face(gate)
    gate.loop.handle(inputs.Checked("13", None, REVOKED))
    desk.answer = None
    gate.wait(CLAIM_AGE - 0.1)  # an answer of so long ago still counts
    looks(gate)
    assert gate.open


def test_without_a_desk_to_ask_a_card_counts_as_it_was_shown(gate: Gate) -> None:
    asked_for_the_face(gate)
    gate.loop.check = None
    gate.wait(5)
    looks(gate)
    assert gate.open


@pytest.mark.parametrize("change", ["lock-down", "rule", "schedule"])
def test_what_the_house_changes_while_the_face_is_asked_for_counts(gate: Gate, change: str) -> None:
    asked_for_the_face(gate)
    gate.wait(1)
    if change == "lock-down":
        gate.loop.handle(Order("lockdown", "guard"))
    else:
        over = Allow("both", both=True, gates=frozenset({"south"}))
        if change == "schedule":
            over = Allow("both", both=True, schedule="none")
        gate.loop.handle(replace(gate.loop.context, rules=Rules(allow=(over,))))
    looks(gate)
    assert "relay on" not in gate.journal


def before_the_controller(gate: Gate, by: Callable[[Gate], None]) -> list[int]:
    """Somebody who was let in by the gate, and waits for the controller's yes."""
    sent = with_controller(gate, "both")
    by(gate)
    gate.wait(0.6)
    assert gate.types[0] == "passage.granted"
    return sent


def refused(gate: Gate, rule: str) -> None:
    gate.loop.handle(ControllerAnswer(True))
    assert gate.screen.message is not None
    assert gate.screen.message.look is not Look.GRANT
    gate.wait(1)
    assert "relay on" not in gate.journal
    answers = [e for e in gate.recorder.events if e.type in ("passage.denied", "passage.asked")]
    assert [(e.rule, e.passage) for e in answers] == [(rule, gate.event("passage.granted").passage)]
    assert gate.event("passage.ended").details == {"passed": False}
    assert gate.loop.lane.passing == ()


def test_a_card_revoked_while_the_controller_is_asked_opens_nothing(gate: Gate) -> None:
    desk = Desk(gate)
    before_the_controller(gate, shown)
    assert {granted for _, _, granted in desk.asked} == {True}
    desk.answer = inputs.Checked("12", LI, REVOKED)
    gate.wait(EVERY + 0.1)
    refused(gate, "credential")


def test_an_answer_from_before_the_grant_does_not_count_after_it(gate: Gate) -> None:
    """Since then a use of the permit was counted: their own."""
    before_the_controller(gate, shown)
    used = replace(GOOD, problem="permit_used_up")
    gate.loop.handle(inputs.Checked("12", LI, used, granted=False))
    gate.loop.handle(ControllerAnswer(True))
    assert gate.open


def test_a_face_whose_person_is_blocked_or_deleted_while_the_controller_is_asked(
    gate: Gate,
) -> None:
    before_the_controller(gate, looks)
    blocked = {LI.id: replace(LI, blocked="moved out")}
    gate.loop.handle(replace(gate.loop.context, people=blocked))
    refused(gate, "blocked")
    gone = Gate()
    before_the_controller(gone, looks)
    gone.loop.handle(replace(gone.loop.context, people={}))
    refused(gone, "face")


def test_a_validity_that_ends_while_the_controller_is_asked(gate: Gate) -> None:
    until = gate.clock.utc() + timedelta(seconds=1)
    people = {LI.id: replace(LI, valid_until=until)}
    gate.loop.handle(replace(gate.loop.context, people=people))
    before_the_controller(gate, looks)
    gate.wait(1)
    refused(gate, "validity")


def test_a_schedule_that_ends_while_the_controller_is_asked() -> None:
    gate = Gate()
    begins = gate.loop._local()
    gate.clock.start += timedelta(seconds=59 - begins.second)
    minute = gate.loop._local()
    window = f"mon-sun 00:00-{minute + timedelta(minutes=1):%H:%M}"
    rules = Rules(allow=(Allow("day", schedule="day"),), schedules={"day": parse(window)})
    gate.loop.handle(replace(gate.loop.context, rules=rules))
    before_the_controller(gate, looks)
    gate.wait(1)
    refused(gate, "schedule")


def test_who_has_passed_another_gate_while_the_controller_is_asked(gate: Gate) -> None:
    rules = replace(gate.loop.context.rules, antipassback="hard")
    gate.loop.handle(replace(gate.loop.context, rules=rules, inward=True))
    before_the_controller(gate, looks)
    gate.loop.handle(Moved({LI.id: Presence.INSIDE}, 5))
    refused(gate, "antipassback")


def test_the_controller_is_not_asked_about_somebody_whose_rights_ended_in_the_queue(
    gate: Gate,
) -> None:
    wang = replace(LI, id=7, ref="7" * 32)
    gate.loop.handle(replace(gate.loop.context, people={LI.id: LI, 7: wang}))
    sent = before_the_controller(gate, lambda gate: gate.card(wang))
    gate.wait(gate.loop.context.settings.show_grant)  # so long they have the screen
    looks(gate)
    gate.loop.handle(replace(gate.loop.context, people={7: wang}))
    gate.loop.handle(ControllerAnswer(True))
    gate.wait(1)
    assert sent == [7]
    assert gate.types.count("passage.granted") == 2
    assert gate.event("passage.denied").rule == "face"
    assert gate.journal.count("relay on") == 1


def test_whoever_the_controller_agrees_to_at_a_door_held_open_meanwhile_walks_through(
    gate: Gate,
) -> None:
    before_the_controller(gate, looks)
    gate.loop.handle(Order("hold", "guard", 60))
    gate.loop.handle(ControllerAnswer(True))
    assert gate.loop.controller.state.until is None  # nothing that outlasts the order
    gate.wire("contact", True)
    gate.wire("contact", False)
    assert gate.event("passage.ended").details == {"passed": True}
