"""Whoever is served when the door is opened or locked for everybody, or when the gate stops."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.access.decision import Person
from gate.access.request import Mode
from gate.passage.inputs import Agreed, Asked, Ordered
from gate.passage.let_in import broken_off
from gate.passage.outputs import Decided, EventOut
from gate.recognition.face import Sighting, Verdict
from gate.screen.message import Look
from tests.passage.scene import CONTEXT, LI, STATUS, TWIN, WANG, Gate, ended, face, let_in

OPEN = [Mode.HELD_OPEN, Mode.EMERGENCY, Mode.FIRE]
ASKED = face(1, Verdict.KNOWN, TWIN.id)  # for a card


class TestOpened:
    @pytest.mark.parametrize("mode", OPEN)
    def test_a_passage_that_was_asked_for_more_ends_and_nobody_knows_how(self, mode: Mode) -> None:
        gate = Gate()
        gate.see(ASKED)
        gate.give(Ordered(mode))
        assert ended(gate) == {"p1": None}
        gate.wait(30)
        gate.give(Ordered(Mode.NORMAL))
        assert ended(gate) == {"p1": None}

    @pytest.mark.parametrize(
        ("seen", "person"), [(None, None), (face(1, Verdict.KNOWN, 9), Person(9, "9" * 32))]
    )
    def test_in_a_fire_nobody_is_left_asked(
        self, seen: Sighting | None, person: Person | None
    ) -> None:
        """By a card that nobody knows, or a face that is not in the register any more."""
        gate = Gate()
        gate.give(Ordered(Mode.FIRE))
        if seen is None:
            gate.card(person, "card_unknown")
        else:
            gate.see(seen)
        (asked,) = gate.all(Decided)
        assert asked.decision.rule == "fire"
        assert ended(gate) == {asked.passage: None}

    @pytest.mark.parametrize("verdict", [Verdict.KNOWN, Verdict.UNKNOWN, Verdict.WAIT])
    def test_one_that_was_not_asked_is_not_ended_by_it(self, verdict: Verdict) -> None:
        gate = Gate()
        gate.see(face(1, verdict, LI.id))
        gate.give(Ordered(Mode.HELD_OPEN))
        assert ended(gate) == {}


class TestLockedDown:
    def test_nobody_is_welcomed_any_more(self) -> None:
        gate = Gate()
        gate.card(LI)
        gate.wait(0.2)
        gate.card(WANG)
        assert [len(gate.messages[-1].earlier), gate.looks[-1]] == [1, Look.GRANT]
        gate.give(Ordered(Mode.LOCKDOWN))
        assert gate.looks[-1] is Look.LOCKDOWN
        gate.give(Ordered(Mode.NORMAL))
        assert gate.messages[-1].look is Look.IDLE
        assert gate.messages[-1].earlier == ()

    def test_a_refusal_stays(self) -> None:
        gate = Gate()
        gate.card(None, "card_unknown")
        gate.give(Ordered(Mode.LOCKDOWN))
        assert gate.looks[-1] is Look.DENY

    def test_whoever_waits_for_the_controller_is_told_what_it_says(self) -> None:
        gate = Gate()
        gate.card(LI)
        gate.give(Asked("p1"))
        gate.give(Ordered(Mode.LOCKDOWN))
        gate.give(Agreed("p1"))
        assert gate.looks[-1] is Look.DENY

    def test_whoever_may_pass_a_lock_down_is_welcomed_in_it(self) -> None:
        guards = frozenset({"guards"})
        rules = replace(CONTEXT.rules, lockdown_groups=guards)
        guard = replace(LI, groups=guards)
        gate = Gate(replace(CONTEXT, rules=rules, people={LI.id: guard}))
        gate.give(Ordered(Mode.LOCKDOWN))
        gate.card(guard)
        gate.give(Ordered(Mode.LOCKDOWN))  # once more
        assert gate.looks[-1] is Look.GRANT

    def test_whoever_has_not_been_answered_yet_is_refused(self) -> None:
        gate = Gate(STATUS)
        gate.card(LI)
        gate.give(Ordered(Mode.LOCKDOWN))
        assert gate.looks[-1] is Look.DENY


class TestStopped:
    def test_who_is_let_in_may_pass_unseen_and_who_is_asked_about_does_not(self) -> None:
        assert over(let_in(1, 2)) == [("p1", None), ("p2", False)]

    def test_nobody_is_left_asked(self) -> None:
        gate = Gate()
        gate.see(ASKED)
        assert over(gate) == [("p1", False)]

    def test_who_has_not_been_answered_is_recorded_as_such(self) -> None:
        gate = Gate()
        gate.see(face(1, Verdict.WAIT))
        assert broken_off(gate.lane) == (EventOut("passage.abandoned", "p1"),)

    def test_who_was_refused_or_has_gone_has_come_to_an_end(self) -> None:
        gate = Gate()
        assert over(gate) == []
        gate.card(None, "card_unknown")
        assert over(gate) == []


def over(gate: Gate) -> list[tuple[str, object]]:
    return [
        (e.passage, e.details["passed"]) for e in broken_off(gate.lane) if isinstance(e, EventOut)
    ]
