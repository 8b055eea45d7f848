"""The people of live_rush.py, simulated: before an ideal gate, and before the gate's passage.

    python -m benchmarks.soak.paced_rush [--minutes 10] [--rate 50] [--seeds 12]

People walk, hide each other, wait and show cards as in live_rush.py and stage.py. An ideal gate
grants everybody on their own so many seconds after either camera has had a usable view of them,
however many at a time: what it cannot hold, no gate can. The other gate is the passage with its
turns, waits and screen; its recognition, thermometer and status service are simulated. Queues are
counted as live_rush.py does: who has come and has not been granted, in view or not.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing import Pool

import numpy as np

from benchmarks.soak.live_rush import CARD_AGAIN, HEEDS, STAND
from benchmarks.soak.rush import IN_VIEW, PATIENCE, Scene, Walker, arrivals
from benchmarks.stage import FAR, LENS, PLACES, SPEED, VIEWS
from gate.access.decision import Method, Outcome, Person
from gate.access.request import Credential, Finding, Weight
from gate.door.settings import DoorSettings
from gate.door.state import Tick as DoorTick
from gate.evaluation.interval import wilson
from gate.passage import Context, inputs, outputs
from gate.recognition.face import Candidate, Face, Quality, Sighting, Unusable, Verdict
from gate.recognition.quality.settings import Limits
from gate.sensors.reading import Reading, Validity

FRAME = 1 / 30  # the two cameras alternate, each with 15 a second
CAMERAS = tuple(VIEWS)
HEAD = 0.1  # metres: who is so much nearer, on the same side, hides the one behind
TRACKED = 1.0  # seconds out of sight after which a face is a new track
# measured with live_rush.py on idle cores: from the first usable face to the verdict
KNOWN, UNKNOWN = (0.2, 0.45), (0.6, 0.9)
MISSED = 12 / 483  # residents who had to use their card though the face is enrolled
THERMOMETER = 0.2
STATUS = (0.05, 0.3)
GOAL = 10  # longest queue
GATE, IDEAL = "gate", "ideal "


@dataclass(slots=True)
class Arrived:
    """Everybody in order of arrival; ``waiting`` have come and not gone."""

    coming: list[Walker]
    waiting: list[Walker] = field(default_factory=list)
    metres: dict[int, float] = field(default_factory=dict)
    longest: int = 0

    def move(self, now: float) -> None:
        """Take one step; who has been let in, or has lost patience, leaves."""
        while self.coming and self.coming[0].comes <= now:
            self.waiting.append(self.coming.pop(0))
        for place, walker in enumerate(self.waiting[:IN_VIEW]):
            far, goal = self.metres.get(walker.number, FAR), PLACES[place]
            far += min(max(goal - far, -SPEED * FRAME), SPEED * FRAME)
            self.metres[walker.number] = far
            if walker.first is None and place < 2 and abs(far - goal) < 0.02:
                walker.first = now
            if walker.stranger and place == 0 and walker.first is not None:
                walker.leaves = now if now - walker.first > PATIENCE else None
        self.waiting = [w for w in self.waiting if w.leaves is None or now < w.leaves]
        self.longest = max(self.longest, sum(w.granted is None for w in self.waiting))

    def seen(self, camera: str) -> Iterator[tuple[Walker, float]]:
        """Whom a camera sees, with the pixels between their eyes; nearest first."""
        view = [w for w in self.waiting[:IN_VIEW] if w.number in self.metres]
        for walker in view:
            far = self.metres[walker.number]
            if not any(
                (other.number - walker.number) % 2 == 0 and self.metres[other.number] < far - HEAD
                for other in view
            ):
                yield walker, VIEWS[camera][0] * LENS / far


SMALLEST = Limits().size


def usable(eyes: float) -> bool:
    return eyes >= SMALLEST


def ideal(people: list[Walker], latency: float, seed: int) -> Arrived:
    """Granted by a gate that needs ``latency`` seconds for each and serves all at a time."""
    there, dice, now = Arrived(list(people)), random.Random(seed), 0.0
    looked: dict[int, float] = {}
    while there.coming or there.waiting:
        now += FRAME
        there.move(now)
        faces = {w.number for camera in CAMERAS for w, eyes in there.seen(camera) if usable(eyes)}
        for place, walker in enumerate(there.waiting[:IN_VIEW]):
            looked[walker.number] = looked.get(walker.number, 0.0) + FRAME * (
                walker.number in faces
            )
            if walker.stranger or walker.granted is not None:
                continue
            if walker.card:
                shown = place == 0 and walker.first is not None
                ready = shown and now - (walker.first or 0.0) > STAND + latency
            else:
                ready = looked[walker.number] > latency
            if ready:
                walker.granted, walker.leaves = now, now + dice.uniform(0.8, 2.0)
    return there


@dataclass(slots=True)
class Recogniser:
    """What one camera says of each: usable for so long, then known or not."""

    camera: str
    dice: random.Random
    used: dict[int, float] = field(default_factory=dict)
    first: dict[int, float] = field(default_factory=dict)
    last: dict[int, float] = field(default_factory=dict)
    needs: dict[int, float] = field(default_factory=dict)
    track: dict[int, int] = field(default_factory=dict)

    def look(self, there: Arrived, missed: set[int], now: float) -> tuple[Sighting, ...]:
        return tuple(self._face(w, eyes, missed, now) for w, eyes in there.seen(self.camera))

    def _face(self, walker: Walker, eyes: float, missed: set[int], now: float) -> Sighting:
        n = walker.number
        unknown = walker.stranger or walker.card or n in missed
        if now - self.last.get(n, -TRACKED) >= TRACKED:
            self.track[n] = self.track.get(n, 1000 * n) + 1
            self.needs[n] = self.dice.uniform(*(UNKNOWN if unknown else KNOWN))
            self.used.pop(n, None)
            self.first.pop(n, None)
        self.last[n] = now
        verdict, guidance = Verdict.UNUSABLE, Unusable.TOO_FAR
        if usable(eyes):
            self.used[n] = self.used.get(n, 0.0) + 2 * FRAME
            self.first.setdefault(n, now)
        if n in self.used:
            done = self.used[n] >= self.needs[n]
            verdict = (Verdict.UNKNOWN if unknown else Verdict.KNOWN) if done else Verdict.WAIT
        size = 2.0 * eyes
        return Sighting(
            track=self.track[n],
            camera=self.camera,
            first_seen=walker.comes,
            last_seen=now,
            frame=0,
            face=Face((0, 0, size, size), 0.9, quality=Quality(size=eyes)),
            frames=9,
            used=9,
            verdict=verdict,
            best=None if unknown else Candidate(n, 5.0),
            evidence=5.0,
            threshold=8.0,
            guidance=guidance if n not in self.used else None,
            first_usable=self.first.get(n),
        )


@dataclass(slots=True)
class Devices:
    """Status service and thermometer: what they answer, and when."""

    dice: random.Random
    due: list[tuple[float, inputs.Input]] = field(default_factory=list)
    known: dict[int, float] = field(default_factory=dict)
    since: float | None = None

    def take(self, emitted: list[outputs.Output], now: float) -> None:
        for output in emitted:
            if isinstance(output, outputs.AskStatus):
                answer = inputs.Answered(
                    output.person.id, (Finding("code", True, Weight.SHOW, "status_good"),)
                )
                known = self.known.setdefault(
                    output.person.id, now + self.dice.uniform(*STATUS)
                )  # asked for before their turn, it is answered at once
                self.due.append((max(now, known), answer))
            elif isinstance(output, outputs.Began):
                self.since = now

    def give(self, scene: Scene, now: float) -> None:
        for answer in [a for at, a in self.due if at <= now]:
            scene.give(answer, now)
        self.due = [(at, a) for at, a in self.due if at > now]
        serving = scene.lane.serving
        if serving is None or self.since is None:
            return
        if scene.lane.scene.behind(serving.key, now):
            self.since = now
        elif now - self.since >= THERMOMETER:
            self.since = None
            reading = Reading(34.0, 21.0, 36.5, now, "t", Validity.VALID)
            scene.give(
                inputs.Measured(reading, Finding("temperature", True, Weight.SHOW, "x")), now
            )


def passage(
    people: list[Walker], seed: int, watch: Callable[[Scene, float], None] | None = None
) -> Arrived:
    """Granted by the gate's passage. ``watch`` is called after each frame."""
    who = {w.number: Person(w.number, f"{w.number:032x}") for w in people}
    context = Context(who, temperature=True, status=True)
    scene = Scene(context, DoorSettings(contact=False), dice=random.Random(seed))
    scene.by_person = {w.number: w for w in people}
    there, dice, now = Arrived(list(people)), random.Random(seed), 0.0
    missed = {w.number for w in people if dice.random() < MISSED}
    recognisers = [Recogniser(camera, random.Random(seed)) for camera in CAMERAS]
    devices, carded, frame = Devices(random.Random(seed)), dict[int, float](), 0
    while there.coming or there.waiting:
        now, frame = now + FRAME, frame + 1
        there.move(now)
        _cards(there, carded, scene, now)
        scene.give(inputs.Seen(recognisers[frame % 2].look(there, missed, now)), now)
        scene.move(DoorTick(), now)
        for _ in range(2):  # what is known already is answered within the frame
            devices.take(scene.emitted, now)
            _refused(there, scene.emitted, now)
            scene.emitted.clear()
            devices.give(scene, now)
        if watch is not None:
            watch(scene, now)
    return there


def _cards(there: Arrived, carded: dict[int, float], scene: Scene, now: float) -> None:
    """Whoever is in front and has to shows their card, as live_rush's people do."""
    for w in there.waiting[:1]:
        if w.first is None or w.granted is not None or w.stranger:
            continue
        heeds = w.refused is not None and now - w.refused > HEEDS
        patient = now - carded.get(w.number, -CARD_AGAIN) < CARD_AGAIN
        if (now - w.first > (STAND if w.card else PATIENCE) or heeds) and not patient:
            carded[w.number] = now
            person = scene.context.people[w.number]
            scene.give(inputs.Shown(Method.CARD, person, Credential(), now), now)


def _refused(there: Arrived, emitted: list[outputs.Output], now: float) -> None:
    for output in emitted:
        made = isinstance(output, outputs.Decided) and output.decision.outcome
        nearest = next((w for w in there.waiting if w.granted is None), None)
        if made in (Outcome.ASK, Outcome.DENY) and nearest is not None and not nearest.refused:
            nearest.refused = now


def outcome(args: tuple[str, float, float, int]) -> tuple[int, float, Counter[str]]:
    """Of one rush: its longest queue, how many left a minute, and what must not happen."""
    way, rate, minutes, seed = args
    people = arrivals(rate, minutes, seed)
    if way == GATE:
        there = passage(people, seed)
    else:
        there = ideal(people, float(way.removeprefix(IDEAL)), seed)
    wrong = Counter(
        twice=sum(w.grants > 1 for w in people),
        never=sum(w.granted is None for w in people if not w.stranger),
        strangers=sum(w.grants > 0 for w in people if w.stranger),
    )
    left = sum(60 <= (w.leaves or 0.0) < 60 * minutes for w in people)  # the first one fills up
    return there.longest, left / (minutes - 1), wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--ways", default=f"{IDEAL}0,{IDEAL}0.1,{IDEAL}0.35,{GATE}")
    args = parser.parse_args()
    with Pool() as pool:
        for way in args.ways.split(","):
            seeds = [(way, args.rate, args.minutes, seed + 1) for seed in range(args.seeds)]
            results = pool.map(outcome, seeds, chunksize=1)
            queues = np.array([queue for queue, *_ in results])
            held = int((queues <= GOAL).sum())
            low, high = wilson(held, len(queues))
            wrong = sum((w for *_, w in results), Counter[str]())
            print(
                f"{args.rate:.0f} a minute, {way}: longest queue p50 {np.median(queues):.1f}, "
                f"most {queues.max()}, by seed {queues.tolist()}; never above {GOAL} in {held} of "
                f"{len(queues)} ({100 * low:.0f} to {100 * high:.0f} %); "
                f"{np.mean([left for _, left, _ in results]):.1f} left a minute; {dict(+wrong)}",
                flush=True,
            )


if __name__ == "__main__":
    main()
