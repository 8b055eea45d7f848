"""The evening rush on the real clock: real recognition, two cameras, a queue that obeys the screen.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m benchmarks.soak.live_rush [--minutes 10] [--rates 40]

The gate of live_gate.py and the walkers of rush.py: people come at random (Poisson), both cameras
see the nearest three, whoever the screen lets in walks through in 0.8 to 2.0 s and is then out of
view. One in twelve is not enrolled, stands in the way for 3 s and leaves; one in eight has no
face enrolled and shows a card. Who is not known shows theirs 1.5 s after the screen has refused
whoever is in front, and after 3 s in any case. Residents are enrolled from up to five
photographs, as the desk does it, and come with another.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.live_gate import LiveGate, Resident, live_gate
from benchmarks.passages import report
from benchmarks.soak.rush import IN_VIEW, PATIENCE, Walker, arrivals
from benchmarks.stage import PLACES
from gate.access.status_settings import StatusSettings

STAND = 0.3  # seconds before the reader until a card is shown
HEEDS = 1.5  # seconds from a refusal on the screen until the card is shown
CARD_AGAIN = 4.0  # seconds after which a card that was not answered is shown again
WALKERS = "rush.jsonl"  # in the folder of --keep: when everybody came, waited, was let in and left
END = 120.0  # seconds after the last has come at which the gate is closed


@dataclass(slots=True)
class Director:
    """Moves the people; everything that happens is in their ``Walker``."""

    gate: LiveGate
    who: dict[int, Resident]  # by the number of the walker
    coming: list[Walker]
    waiting: list[Walker] = field(default_factory=list)
    carded: dict[int, float] = field(default_factory=dict)
    refused: dict[int, float] = field(default_factory=dict)
    places: dict[int, list[float]] = field(default_factory=dict)  # since when third, second, first
    lengths: list[int] = field(default_factory=list)
    dice: random.Random = field(default_factory=lambda: random.Random(3))
    read: set[tuple[str, str]] = field(default_factory=set)  # passage and look of each answer

    def play(self, minutes: float) -> None:
        by_name = {self.who[w.number].name: w for w in self.coming if not w.stranger}
        self.coming = self.coming[::-1]
        began = time.monotonic()
        while (self.coming or self.waiting) and time.monotonic() - began < 60 * minutes + END:
            now = time.monotonic() - began
            while self.coming and self.coming[-1].comes <= now:
                self.waiting.append(self.coming.pop())
            while not self.gate.shown.empty():
                self.obey(self.gate.shown.get(), by_name, now)
            for place, walker in enumerate(self.waiting[:IN_VIEW]):
                self._stands(walker, place, now)
            for walker in self.waiting:
                if walker.leaves is not None and now >= walker.leaves:
                    self.gate.stage.remove(walker.number)
            self.waiting = [w for w in self.waiting if w.leaves is None or now < w.leaves]
            if now // 10 > len(self.lengths):
                self.lengths.append(sum(w.granted is None for w in self.waiting))
            self.gate.page.wait_for_timeout(20)

    def obey(self, page: dict[str, Any], by_name: dict[str, Walker], now: float) -> None:
        """Follow a page: an answer that was missed while it was large is read where it is small."""
        for answer in (*page["earlier"], page):
            self._reads(answer, by_name, now)

    def _reads(self, answer: dict[str, Any], by_name: dict[str, Walker], now: float) -> None:
        told = answer["passage"], answer["look"]
        if told in self.read:
            return
        self.read.add(told)
        walker = by_name.get(answer["name"]) if answer["look"] == "grant" else None
        if answer["look"] in ("ask", "deny"):
            nearest = next((w for w in self.waiting if w.granted is None), None)
            if nearest is not None:
                self.refused.setdefault(nearest.number, now)
        if walker is not None and walker.granted is None:
            walker.granted, walker.leaves = now, now + self.dice.uniform(0.8, 2.0)

    def _stands(self, walker: Walker, place: int, now: float) -> None:
        stage, someone = self.gate.stage, self.who[walker.number]
        stage.place(walker.number, someone.picture, PLACES[place])
        reached = self.places.setdefault(walker.number, [])
        reached += [now] * (IN_VIEW - place - len(reached))
        if walker.first is None and place < 2 and stage.arrived(walker.number):
            walker.first = now
        if walker.first is None or walker.granted is not None or place > 0:
            return
        waited = now - walker.first
        if walker.stranger:
            walker.leaves = now if waited > PATIENCE else None
            return
        patient = now - self.carded.get(walker.number, -CARD_AGAIN) < CARD_AGAIN
        heeds = now - self.refused.get(walker.number, now) > HEEDS
        if (waited > (STAND if walker.card else PATIENCE) or heeds) and not patient:
            self.carded[walker.number] = now
            self.gate.card(someone)


def cast(gate: LiveGate, walkers: list[Walker]) -> dict[int, Resident]:
    """Who plays whom: everybody once."""
    faces, unknown = iter(gate.residents), iter(gate.strangers)
    who = {}
    for walker in walkers:
        if walker.stranger:
            who[walker.number] = next(unknown)
        elif walker.card:
            holder = next(faces)
            face = next(unknown).picture  # nobody the gate knows
            who[walker.number] = Resident(holder.name, face, holder.id, holder.ref)
        else:
            who[walker.number] = next(faces)
    return who


def rush(rate: float, minutes: float, fps: float, browser: str, keep: Path | None) -> None:
    walkers = arrivals(rate, minutes, seed=1)
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gate-live-")))
        folder.mkdir(parents=True, exist_ok=True)
        gate = stack.enter_context(
            live_gate(
                folder,
                residents=sum(not w.stranger for w in walkers),
                strangers=sum(w.stranger or w.card for w in walkers),
                fps=fps,
                browser=browser,
                fresh=StatusSettings().fresh,
                photographs=5,
            )
        )
        director = Director(gate, cast(gate, walkers), list(walkers))
        used, began = gate.processor, time.monotonic()
        director.play(minutes)
        cores = (gate.processor - used) / (time.monotonic() - began)
        summarise(rate, walkers, director, cores)
        with (folder / WALKERS).open("a") as file:
            for w in walkers:
                carded = director.carded.get(w.number)
                places = director.places.get(w.number, [])
                row = {"rate": rate, **asdict(w), "carded": carded, "places": places}
                file.write(json.dumps(row) + "\n")


def summarise(rate: float, walkers: list[Walker], director: Director, cores: float) -> None:
    answers = director.gate.answers()
    granted = Counter(a.person for a in answers if a.type == "passage.granted")
    residents = [w for w in walkers if not w.stranger]
    came = {director.who[w.number].ref for w in residents}
    waits = [w.granted - w.first for w in residents if w.granted is not None and w.first]
    p50, p95, p99 = np.percentile(waits, [50, 95, 99])
    print(
        f"{rate:.0f} a minute: {len(residents)} residents, {len(walkers) - len(residents)} "
        f"strangers; waited p50 {p50:.1f} p95 {p95:.1f} p99 {p99:.1f} s; twice "
        f"{sum(count > 1 for count in granted.values())}, never "
        f"{sum(w.granted is None for w in residents)}, let in who never came "
        f"{sum(ref not in came for ref in granted)}; "
        f"by card though the face is enrolled "
        f"{sum(not w.card for w in residents if w.number in director.carded)}; "
        f"daemon {cores:.2f} cores"
    )
    print(f"  queue every ten seconds {director.lengths}")
    for method in ("face", "card"):
        own = [a for a in answers if a.method == method and a.painted is not None]
        report(
            f"  {method}, from its turn to painted",
            [a.painted - a.began - a.queued for a in own if a.painted],
            sum(a.status for a in own),
        )
    print(f"  not painted {sum(a.painted is None for a in answers)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rates", default="40")
    parser.add_argument("--keep", type=Path, help="a register to use again, for every run")
    parser.add_argument("--fps", type=float, default=15.0)
    parser.add_argument("--browser", default="/usr/bin/chromium")
    args = parser.parse_args()
    for rate in map(float, args.rates.split(",")):
        rush(rate, args.minutes, args.fps, args.browser, args.keep)


if __name__ == "__main__":
    main()
