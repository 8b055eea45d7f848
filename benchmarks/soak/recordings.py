"""Every recording before the gate for twenty minutes, each time in another light.

    python -m benchmarks.soak.recordings [--minutes 20] [--seed 1]

The gate of the demonstration with its 7,000 people; its recordings are played again and again,
brighter or darker, nearer or farther, noisier, compressed and mirrored. Where GATE_LFW_DIR is set,
the recordings of real people in ``clips`` beside it are played too: nobody of them is enrolled.
Minutes are those of the recordings, by their own clock. Ends with 1 if a stranger or a picture that
was held up opened the door, or somebody was taken for another.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.camera.source import Frame
from gate.config.settings import build
from gate.demo.attempts import attempts_of
from gate.demo.replay import Played, Replay
from gate.demo.report import GRANTED, Attempt
from gate.demo.scenes import Scene, demo_clock, holders, prepare, scenes
from gate.evaluation.interval import percent
from gate.store.store import Store

FIXTURES = Path("fixtures")
CLIP_RATE = 30.0  # frames a second of the clips


@dataclass(frozen=True, slots=True)
class Change:
    """How one showing differs from the recording. Drawn once for all of its frames.

    Attributes:
        gain: factor of the brightness.
        size: factor of the picture's size; what is missing at its edges is repeated.
        noise: standard deviation, grey levels.
        quality: of JPEG, 1 to 100.
        mirrored: left and right exchanged.
    """

    gain: float
    size: float
    noise: float
    quality: int
    mirrored: bool

    @classmethod
    def drawn(cls, dice: random.Random) -> Change:
        return cls(
            dice.uniform(0.6, 1.4),
            dice.uniform(0.85, 1.15),
            dice.uniform(0.0, 6.0),
            dice.randint(60, 95),
            dice.random() < 0.5,
        )

    def applied(self, image: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        """The changed picture, uint8 BGR of the same shape."""
        height, width = image.shape[:2]
        matrix = np.array(
            [
                [self.size, 0.0, (1 - self.size) * width / 2],
                [0.0, self.size, (1 - self.size) * height / 2],
            ]
        )
        moved = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        if self.mirrored:
            moved = cv2.flip(moved, 1)
        noise = np.random.default_rng(seed).normal(0.0, self.noise, moved.shape)
        changed = np.clip(moved * self.gain + noise, 0, 255).astype(np.uint8)
        written = cv2.imencode(".jpg", changed, [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1]
        return np.asarray(cv2.imdecode(written, cv2.IMREAD_COLOR), np.uint8)


class Changed(Replay):
    """Plays recordings with ``change`` applied to each frame."""

    change: Change

    def _frame(self, frame: Frame, played: Played, begin: float) -> None:
        image = self.change.applied(frame.image, frame.number)
        super()._frame(replace(frame, image=image), played, begin)


@dataclass(slots=True)
class Tally:
    """What became of the attempts."""

    residents: list[Attempt] = field(default_factory=list)
    strangers: list[Attempt] = field(default_factory=list)
    attacks: list[Attempt] = field(default_factory=list)
    mistaken: list[Attempt] = field(default_factory=list)

    def add(self, attempts: list[Attempt]) -> None:
        for each in attempts:
            attempt = replace(each, image=None, marks=())  # hours of pictures would not fit
            if attempt.recognised and attempt.recognised != attempt.person and not attempt.attack:
                self.mistaken.append(attempt)
            if attempt.attack:
                self.attacks.append(attempt)
            elif attempt.enrolled and attempt.expected == GRANTED:
                self.residents.append(attempt)
            elif attempt.person and not attempt.enrolled:
                self.strangers.append(attempt)

    @property
    def wrong(self) -> list[Attempt]:
        """Attempts that opened the door and should not have."""
        granted = [a for a in self.strangers + self.attacks if a.outcome == GRANTED]
        return granted + [a for a in self.mistaken if a not in granted]

    def print(self, minutes: float) -> None:
        faces = sum(a.outcome == GRANTED and not a.by_card for a in self.residents)
        cards = sum(a.by_card for a in self.residents)
        print(f"{minutes:.1f} minutes of recordings")
        print(f"residents let in by face: {percent(faces, len(self.residents))}; by card {cards}")
        for name, some in (("strangers", self.strangers), ("held up", self.attacks)):
            granted = sum(a.outcome == GRANTED for a in some)
            rest = dict(Counter(a.outcome for a in some if a.outcome != GRANTED))
            print(f"{name} let in: {percent(granted, len(some))}; others {rest}")
        print(f"taken for somebody else: {len(self.mistaken)}", flush=True)


def clips() -> list[Scene]:
    """The recordings of real people, none of whom is enrolled; empty without them."""
    lfw = os.environ.get("GATE_LFW_DIR")
    files = sorted((Path(lfw).parent / "clips").glob("*/*.mkv")) if lfw else []
    return [
        Scene(
            file,
            CLIP_RATE,
            {
                "outcome": "deny",
                "people": [{"person": file.parent.name, "enrolled": False, "expected": "deny"}],
            },
        )
        for file in files
    ]


def showings(found: list[Scene], dice: random.Random) -> Iterator[Scene]:
    """All of them in an order of chance, again and again."""
    return chain.from_iterable(dice.sample(found, len(found)) for _ in repeat(None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    dice, tally, clock = random.Random(args.seed), Tally(), demo_clock()
    found = scenes(FIXTURES / "recordings") + clips()
    with tempfile.TemporaryDirectory(prefix="gate-recordings-") as folder:
        settings = build({"name": "recordings", "data": folder, "mqtt": {"enabled": False}})
        with Store.open(settings.store, settings.data) as store:
            core = prepare(settings, store, clock, FIXTURES / "enrolled", print)
            print(f"{core.encoder.name}, {core.detector.name}; {len(found)} recordings", flush=True)
            core.start()
            replay, seconds, reported = Changed(core, clock), 0.0, 0
            names = {id: person.name for id, person in core.loop.context.people.items()}
            for scene in showings(found, dice):
                if seconds >= 60 * args.minutes:
                    break
                replay.change = Change.drawn(dice)
                played = replay.play(scene.path, scene.fps, cards=holders(scene.truth))
                clock.advance(settings.access.passage.after_attack)
                seconds += played.frames / scene.fps
                attempts = attempts_of(scene.truth, played, names)
                before = len(tally.wrong)
                tally.add(attempts)
                for attempt in tally.wrong[before:]:
                    print(f"WRONG: {replay.change} {attempt}")
                if seconds // 60 > reported:
                    reported = int(seconds // 60)
                    print(f"  {reported} min", flush=True)
            core.loop.stop()
    tally.print(seconds / 60)
    sys.exit(1 if tally.wrong else 0)


if __name__ == "__main__":
    main()
