"""A lane with a clock, and the people and faces of its scenes."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

from gate.access.decision import Kind, Method, Outcome, Person
from gate.access.request import Credential, Finding, Weight
from gate.passage import Context, Lane, Now, step
from gate.passage.earlier import leaves
from gate.passage.inputs import (
    Asked,
    Input,
    Measured,
    Seen,
    Shown,
    Tick,
)
from gate.passage.outputs import (
    Decided,
    EventOut,
    Output,
    Show,
)
from gate.passage.state import deadline, ends
from gate.recognition.face import (
    Candidate,
    Face,
    Liveness,
    Quality,
    Sighting,
    Unusable,
    Verdict,
)
from gate.screen.message import Look, Message
from gate.sensors.reading import Reading, Validity

NOON = datetime(2026, 1, 7, 4, tzinfo=UTC).astimezone(timezone(timedelta(hours=8)))
LI = Person(1, "1" * 32, name="李小红")
WANG = Person(2, "2" * 32, name="王芳", extended_unlock=True)
TWIN = Person(3, "3" * 32, name="双双", face_alone=False)
GUEST = Person(4, "4" * 32, kind=Kind.VISITOR)
CONTEXT = Context({p.id: p for p in (LI, WANG, TWIN, GUEST)}, contact=True)
NO_STATUS = Finding("code", None, Weight.SHOW, "status_unknown")
STATUS = replace(CONTEXT, status=True, no_status=(NO_STATUS,))
RED = (Finding("code", False, Weight.SHOW, "status_bad", "红码"),)
T = TypeVar("T", bound=Output)


def face(
    track: int,
    verdict: Verdict = Verdict.KNOWN,
    person: int | None = None,
    *,
    size: float = 100,
    guidance: Unusable | None = None,
    evidence: float = 10.0,
    camera: str = "main",
    liveness: Liveness | None = None,
) -> Sighting:
    return Sighting(
        track=track,
        camera=camera,
        first_seen=0,
        last_seen=0,
        frame=0,
        face=Face((0, 0, size, size), 0.9, quality=Quality(size=size / 2)),
        frames=9,
        used=5,
        verdict=verdict,
        best=Candidate(person, 5.0) if person else None,
        evidence=evidence,
        threshold=8.0,
        guidance=guidance,
        liveness=liveness or Liveness("off"),
    )


class Gate:
    """A lane with a clock; every output is kept with its time."""

    def __init__(self, context: Context = CONTEXT) -> None:
        self.context, self.lane, self.now = context, Lane(), 100.0
        self.trusted = True  # the wall clock
        self.log: list[tuple[float, Output]] = []
        self._ids = itertools.count(1)

    def give(self, given: Input) -> None:
        now = Now(self.now, NOON, lambda: f"p{next(self._ids)}", self.trusted)
        self.lane, out = step(self.lane, given, now, self.context)
        self.log += [(self.now, o) for o in out]

    def see(self, *faces: Sighting) -> None:
        fresh = tuple(
            replace(f, last_seen=self.now, first_usable=f.first_usable or self.now) for f in faces
        )
        self.give(Seen(fresh))

    def look(self, seconds: float, *faces: Sighting) -> None:
        """The same faces for some time, ten frames a second."""
        for _ in range(round(seconds * 10)):
            self.see(*faces)
            self.wait(0.1)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.give(Tick())

    def wakes(self) -> float:
        """When a Tick changes something next."""
        p = self.lane.serving
        times = [leaves(each, self.context.settings) for each in self.lane.earlier]
        if p is not None:
            end = ends(p, self.context.settings) if p.decision else deadline(p, self.context)
            times += [end] if end is not None else []
        return min(times)

    def card(self, person: Person | None, problem: str = "", **fields: bool) -> None:
        self.give(Shown(Method.CARD, person, Credential(problem, **fields), self.now))

    def nothing_measured(self, weight: Weight = Weight.SHOW) -> None:
        """The wall behind somebody who is not near enough yet."""
        reading = Reading(21, 22, 25, self.now, "t", Validity.IMPLAUSIBLE)
        self.give(Measured(reading, Finding("temperature", None, weight, "temperature_unknown")))

    def temperature(self, degrees: float, weight: Weight = Weight.REQUIRE) -> None:
        reading = Reading(degrees - 3, 22, degrees, self.now, "t", Validity.VALID)
        good = degrees < 37.3
        self.give(
            Measured(
                reading,
                Finding("temperature", good, weight, "" if good else "temperature_high"),
            )
        )

    @property
    def pages(self) -> list[tuple[float, Message]]:
        """Every picture of the screen, and since when it was shown."""
        return [(at, o.message) for at, o in self.log if isinstance(o, Show)]

    @property
    def messages(self) -> list[Message]:
        return [message for _, message in self.pages]

    def all(self, kind: type[T]) -> list[T]:
        return [o for _, o in self.log if isinstance(o, kind)]

    def when(self, kind: type[Output]) -> list[float]:
        return [round(at - 100, 3) for at, o in self.log if isinstance(o, kind)]

    @property
    def granted(self) -> list[int]:
        return [
            d.decision.person.id
            for d in self.all(Decided)
            if d.decision.outcome is Outcome.GRANT and d.decision.person
        ]

    @property
    def looks(self) -> list[Look]:
        return [o.message.look for o in self.all(Show)]


def types(gate: Gate) -> list[str]:
    """Of the events, in order."""
    return [event.type for event in gate.all(EventOut)]


def ended(gate: Gate) -> dict[str, object]:
    return {e.passage: e.details["passed"] for e in gate.all(EventOut) if e.type == "passage.ended"}


def passing(gate: Gate) -> list[tuple[str, bool]]:
    return [(each.id, each.asked) for each in gate.lane.passing]


def let_in(*people: int, asked: bool = True) -> Gate:
    """The people with these numbers were let in by card; the last waits for the controller."""
    gate = Gate()
    for person in people:
        gate.card(CONTEXT.people[person])
        gate.wait(4)
    if asked:
        gate.give(Asked(gate.lane.passing[-1].id))
    return gate


def moment(gate: Gate) -> Now:
    return Now(gate.now, NOON, lambda: "p9")
