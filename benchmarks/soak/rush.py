"""The evening rush, simulated: people queue before two cameras; who waits, how long, who twice.

    python -m benchmarks.soak.rush [--minutes 10] [--rates 40,50,60,80,100]

Simulated with the real passage, policy and door: people come at random (Poisson)
from 3 m away, queue so that both cameras see the nearest three, are recognised 0.3 s
after they are near enough, walk through 0.8 to 2.0 s after the grant and are then out of view.
Recognition is not measured here. One in twelve is not enrolled, stays 3 s and leaves, one in
eight uses a card.
"""

from __future__ import annotations

import argparse
import itertools
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from gate.access.decision import Method, Outcome, Person
from gate.access.request import Credential
from gate.door import state as door
from gate.door.settings import DoorSettings
from gate.door.state import Input as DoorInput
from gate.door.state_machine import step as door_step
from gate.passage import Context, Lane, Now, inputs, outputs, step
from gate.recognition.face import Candidate, Face, Quality, Sighting, Unusable, Verdict

FRAME = 1 / 15
IN_VIEW = 3
RECOGNISED = 0.3
PATIENCE = 3.0  # of a stranger
WHEN = datetime(2026, 1, 7, 10, tzinfo=UTC)


@dataclass(slots=True)
class Walker:
    """Somebody who wants to pass; times in seconds."""

    number: int
    comes: float
    stranger: bool
    card: bool
    first: float | None = None  # first usable face, or the card shown
    granted: float | None = None
    refused: float | None = None
    leaves: float | None = None
    grants: int = 0


@dataclass(slots=True)
class Scene:
    """The gate, its door, and the people before it."""

    context: Context
    settings: DoorSettings = field(default_factory=lambda: DoorSettings(contact=True))
    lane: Lane = field(default_factory=Lane)
    door: door.DoorState = field(default_factory=lambda: door.DoorState(open=False))
    ids: itertools.count[int] = field(default_factory=itertools.count)
    by_person: dict[int, Walker] = field(default_factory=dict)
    dice: random.Random = field(default_factory=lambda: random.Random(3))
    emitted: list[outputs.Output] = field(default_factory=list)  # for whoever plays the devices

    def give(self, given: inputs.Input, now: float) -> None:
        moment = Now(now, WHEN, lambda: f"p{next(self.ids)}")
        self.lane, wanted = step(self.lane, given, moment, self.context)
        self.emitted += wanted
        for output in wanted:
            if isinstance(output, outputs.Open):
                self.move(door.Grant(output.extended, output.passage), now)
            elif isinstance(output, outputs.Decided):
                self.decided(output, now)

    def move(self, given: DoorInput, now: float) -> None:
        self.door, effects = door_step(self.door, given, now, self.settings)
        for effect in effects:
            if not isinstance(effect, door.EventOut):
                continue
            if effect.type == "door.opened":
                self.give(inputs.DoorOpened(), now)
            elif effect.type == "door.closed":
                self.give(inputs.DoorClosed(), now)
            elif effect.type == "door.locked":
                self.give(inputs.DoorLocked(bool(effect.values.get("entered"))), now)

    def decided(self, made: outputs.Decided, now: float) -> None:
        person = made.decision.person
        if made.decision.outcome is Outcome.GRANT and person is not None:
            walker = self.by_person[person.id]
            walker.grants += 1
            if walker.granted is None:
                walker.granted = now
                walker.leaves = now + self.dice.uniform(0.8, 2.0)


def arrivals(rate: float, minutes: float, seed: int) -> list[Walker]:
    dice, now = random.Random(seed), 0.0
    people: list[Walker] = []
    for number in itertools.count(1):
        now += dice.expovariate(rate / 60)
        if now >= minutes * 60:
            return people
        stranger = dice.random() < 1 / 12
        people.append(Walker(number, now, stranger, not stranger and dice.random() < 1 / 8))
    raise AssertionError


def seen(walker: Walker, place: int, now: float, camera: str) -> Sighting:
    """A face at its place in the queue; 0 is nearest."""
    near = now - walker.comes > 1.0 and place < 2
    if near and walker.first is None:
        walker.first = now
    size = 140 - 35 * place
    waited = now - walker.first if walker.first is not None else 0.0
    verdict = Verdict.UNUSABLE
    guidance: Unusable | None = Unusable.TOO_FAR
    if near:
        decided = Verdict.UNKNOWN if walker.stranger else Verdict.KNOWN
        verdict, guidance = (decided if waited >= RECOGNISED else Verdict.WAIT), None
    return Sighting(
        track=walker.number,
        camera=camera,
        first_seen=walker.comes,
        last_seen=now,
        frame=0,
        face=Face((0, 0, size, size), 0.9, quality=Quality(size=size / 2)),
        frames=9,
        used=9,
        verdict=verdict,
        best=None if walker.stranger else Candidate(walker.number, 5.0),
        evidence=5.0,
        threshold=8.0,
        guidance=guidance,
        first_usable=walker.first,
    )


def play(rate: float, minutes: float, seed: int = 1) -> tuple[list[Walker], list[int]]:
    """Everybody and the length of the queue at the end of each minute."""
    walkers = arrivals(rate, minutes, seed)
    scene = Scene(Context({w.number: Person(w.number, f"{w.number:032x}") for w in walkers}))
    scene.context = Context(scene.context.people, contact=True)
    scene.by_person = {w.number: w for w in walkers}
    now, coming = 0.0, list(reversed(walkers))
    lengths: list[int] = []
    waiting: list[Walker] = []
    opens: float | None = None
    while coming or waiting:
        now += FRAME
        while coming and coming[-1].comes <= now:
            waiting.append(coming.pop())
        for place, walker in enumerate(waiting[:2]):
            if walker.card and walker.first is None and now - walker.comes > 1.0 and place == 0:
                walker.first = now
                person = scene.context.people[walker.number]
                scene.give(inputs.Shown(Method.CARD, person, Credential(), now), now)
        for camera in ("left", "right"):
            faces = [w for w in waiting[:IN_VIEW] if not (w.card and w.granted is None)]
            places = {w.number: waiting.index(w) for w in faces}
            scene.give(
                inputs.Seen(tuple(seen(w, places[w.number], now, camera) for w in faces)), now
            )
        for walker in waiting[:IN_VIEW]:
            if walker.stranger and walker.first and now - walker.first > PATIENCE:
                walker.leaves = now
        if any(w.granted is not None for w in waiting) and scene.door.released and opens is None:
            opens = now + 0.4
        if opens is not None and now >= opens and scene.door.open is False and scene.door.released:
            scene.move(door.Contact(True), now)
        walking = [w for w in waiting if w.granted is not None]
        if scene.door.open and not walking and not scene.door.released:
            scene.move(door.Contact(False), now)
            opens = None
        waiting = [w for w in waiting if w.leaves is None or now < w.leaves]
        scene.move(door.Tick(), now)
        scene.give(inputs.Tick(), now)
        if int(now / 60) > len(lengths):
            lengths.append(sum(w.granted is None for w in waiting))
        if now > minutes * 60 + 600:
            break
    return walkers, lengths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rates", default="40,50,60,80,100")
    args = parser.parse_args()
    for rate in map(float, args.rates.split(",")):
        walkers, lengths = play(rate, args.minutes)
        residents = [w for w in walkers if not w.stranger]
        waits = [w.granted - w.comes - 1.0 for w in residents if w.granted is not None]
        twice = sum(w.grants > 1 for w in residents)
        never = sum(w.granted is None for w in residents)
        strangers = sum(w.grants > 0 for w in walkers if w.stranger)
        p50, p95, p99 = np.percentile(waits, [50, 95, 99])
        print(
            f"{rate:4.0f} a minute: {len(residents)} residents, {len(walkers) - len(residents)} "
            f"strangers; waited p50 {p50:.1f} p95 {p95:.1f} p99 {p99:.1f} s; twice {twice}, "
            f"never {never}, strangers granted {strangers}; queue by minute {lengths}"
        )


if __name__ == "__main__":
    main()
