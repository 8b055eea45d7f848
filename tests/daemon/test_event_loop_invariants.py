"""Whatever happens in whatever order, each grant comes to one end and nothing is left behind."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from gate.access.decision import Kind, Method, Person
from gate.access.request import HOUSE_RULES, Credential, Finding, Rules, Weight
from gate.daemon.grants import Grants
from gate.daemon.orders import Order
from gate.daemon.site_controller import ControllerAnswer
from gate.events.event import Event
from gate.passage import inputs, outputs
from gate.recognition.face import Verdict
from gate.screen.message import Look
from tests.daemon.loop_gate import DOOR, LI, Gate
from tests.daemon.test_event_loop_controller import with_controller
from tests.daemon.test_event_loop_rights import looks

WANG = Person(7, "7" * 32)
VISITOR = Person(8, "8" * 32, kind=Kind.VISITOR)
PEOPLE = {p.id: p for p in (LI, WANG, VISITOR)}
BOTH = Rules(allow=tuple(replace(a, both=True) for a in HOUSE_RULES))
PAUSES = (0, 0.05, 0.3, 1, 3, 9)  # seconds


class Day:
    """What happens at a gate, drawn by chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.gate = Gate()
        loop = self.gate.loop
        unknown = Finding("code", None, self.chance.choice([Weight.SHOW, Weight.REQUIRE]))
        loop.handle(
            replace(
                loop.context,
                people=PEOPLE,
                grace=DOOR.forced_grace,
                status=self.chance.random() < 0.5,
                no_status=(unknown,),
            )
        )
        decides = self.chance.choice(["", "both", "both", "controller"])
        if decides:
            with_controller(self.gate, decides)
        self.grants = Grants()
        self.released: list[str] = []
        loop.listen(self._heard)

    def _heard(self, output: outputs.Output, now: float) -> None:
        self.grants.heard(output)
        if isinstance(output, outputs.Released):
            self.released.append(output.passage)

    def happen(self, times: int) -> None:
        things: list[Callable[[], object]] = [
            lambda: self._show(Method.CARD, self._somebody()),
            lambda: self._show(Method.PERMIT, VISITOR),
            lambda: looks(self.gate, self.chance.choice(list(Verdict)), self._somebody().id),
            lambda: looks(self.gate, Verdict.KNOWN, self._somebody().id),
            lambda: self._order(self.chance.choice(["lockdown", "normal", "fire_reset"])),
            lambda: self._order("hold", 10),
            lambda: self._wire("contact"),
            lambda: self._wire("fire"),
            lambda: self._wire("exit"),
            self._board,
            self._rules,
            lambda: self.gate.loop.handle(ControllerAnswer(self.chance.random() < 0.7)),
            self._answer,
            self._check,
        ]
        for _ in range(times):
            self.chance.choice(things)()
            self.gate.wait(self.chance.choice(PAUSES))

    def end(self) -> None:
        """All is in order again, and nobody comes any more."""
        self.gate.board.fault = ""
        for wire in ("fire", "contact", "exit"):
            self.gate.wire(wire, False)
        self._order("fire_reset")
        self._order("normal")
        self.gate.wait(30)

    def _somebody(self) -> Person:
        return self.chance.choice([LI, WANG])

    def _show(self, method: Method, person: Person) -> None:
        now = self.gate.clock.monotonic()
        credential = Credential(serial=str(person.id))
        self.gate.loop.handle(inputs.Shown(method, person, credential, now))

    def _order(self, kind: str, seconds: float = 0.0) -> None:
        self.gate.loop.handle(Order(kind, "guard", seconds))

    def _wire(self, name: str) -> None:
        self.gate.wire(name, self.chance.random() < 0.5)

    def _board(self) -> None:
        self.gate.board.fault = self.chance.choice(["no answer", ""])

    def _rules(self) -> None:
        rules = self.chance.choice([BOTH, Rules(allow=()), Rules(), Rules()])
        self.gate.loop.handle(replace(self.gate.loop.context, rules=rules))

    def _answer(self) -> None:
        finding = Finding("code", self.chance.random() < 0.8, Weight.REQUIRE, "status_bad")
        until = self.gate.clock.monotonic() + self.chance.choice([1, 2, 5])
        self.gate.loop.handle(inputs.Answered(self._somebody().id, (finding,), until))

    def _check(self) -> None:
        person = self._somebody()
        problem = self.chance.choice(["", "card_revoked"])
        credential = Credential(problem, serial=str(person.id))
        self.gate.loop.handle(inputs.Checked(str(person.id), person, credential))


def going_on(events: list[Event]) -> list[str]:
    """Passages that have no end, or are answered after it; those that end after a refusal are
    those of whom the site's controller had been asked."""
    state: dict[str, str] = {}
    wrong = []
    for e in events:
        if e.passage is None or not e.type.startswith("passage."):
            continue
        before = state.get(e.passage, "")
        if e.decision:
            wrong += [e.passage] * (before in ("open door", "denied", "over"))
            again = "granted, then " if before == "granted" else ""
            through = "open door" if e.rule in ("held_open", "fire") else "granted"
            state[e.passage] = again + {"grant": through, "deny": "denied"}.get(e.decision, "asked")
        elif e.type in ("passage.ended", "passage.abandoned"):
            wrong += [e.passage] * (before in ("open door", "denied", "over"))
            state[e.passage] = "over"
    ends = ("open door", "denied", "over")
    return wrong + [passage for passage, left in state.items() if left not in ends]


@pytest.mark.parametrize("seed", range(25))
def test_each_grant_comes_to_one_end(seed: int) -> None:
    day = Day(seed)
    day.happen(30)
    day.end()
    events = day.gate.recorder.events
    granted = [e for e in events if e.type == "passage.granted" and e.rule == "grant"]
    ended = [e.passage for e in events if e.type == "passage.ended"]
    refused = {e.passage for e in events if e.type == "door.refused"}
    assert len(ended) == len(set(ended))
    assert {e.passage for e in granted} <= set(ended)
    assert going_on(events) == []
    assert day.gate.loop.lane.passing == ()
    assert len(day.released) == len(set(day.released))
    assert refused.isdisjoint(day.released)
    uses = [e for e in granted if e.person == VISITOR.ref and e.passage in day.released]
    assert day.grants.reserved(str(VISITOR.id)) == len(uses)  # none is reserved that is not used
    assert not day.gate.open
    assert day.gate.screen.message is not None
    assert day.gate.screen.message.look is Look.IDLE
