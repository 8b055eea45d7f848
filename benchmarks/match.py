"""How fast a probe is matched: ``python -m benchmarks.match``.

Each line is measured beside what reading the same matrix once costs, in the same run, because
memory bandwidth is the floor and differs from machine to machine and moment to moment.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from gate.recognition.face import Vector
from gate.recognition.matching.background import build_background
from gate.recognition.matching.calibration import Calibration
from gate.recognition.matching.centroids import Centroids, build_centroids, updated_centroids
from gate.recognition.matching.extreme_value import Tail
from gate.recognition.matching.gallery import Persons, Snapshot
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.matching.scoring import Scoring, unit
from gate.recognition.matching.site_calibration import SCORING
from gate.recognition.matching.whitening import Whitening

ENCODER, WIDTH = "benchmarks/1", 256


def faces(count: int) -> Vector:
    """float32 (count, WIDTH), random unit rows, made in parts to spare memory."""
    random = np.random.default_rng(0)
    rows = np.empty((count, WIDTH), np.float32)
    for at in range(0, count, 50_000):
        part = rows[at : at + 50_000]
        part[:] = unit(random.standard_normal(part.shape, dtype=np.float32))
    return rows


def snapshot(people: int, templates: int) -> Snapshot:
    rows = faces(people * templates)
    numbers: Persons = np.arange(people)
    return Snapshot(ENCODER, 0, rows, numbers, np.arange(people + 1) * templates)


def parts() -> tuple[Whitening, Calibration]:
    """A whitening that does something, and a calibration to go with it."""
    whiten = np.eye(WIDTH, dtype=np.float32)
    fit = Whitening(ENCODER, "bench", 1, np.full(WIDTH, 0.01, np.float32), whiten)
    tail = Tail(0.1, 0.2, 0.05)
    one = (0.0, 1.0)
    scores = (0.01, 0.3, one, 0.001, 0.3, tail, tail, one, one)
    return fit, Calibration(ENCODER, "bench", 1, "", Scoring(), *scores, "made up")


def large(people: int) -> Matcher:
    """A matcher whose cohort terms are made up: their values do not change the work."""
    gallery = snapshot(people, 1)
    fit, calibration = parts()
    near = np.full((people, 1), 0.2, np.float32)
    nobody = build_background("retail-0095", fit, SCORING.background, SCORING.nearest)
    near_people, around = np.zeros((people, 1), np.int64), np.full((people, 10), 0.2, np.float32)
    centroids = Centroids(gallery, fit, SCORING, gallery.rows, near, near_people, nobody, around)
    return Matcher(centroids, np.full(people, 0.1, np.float32), calibration, "none")


def alternately(*tasks: Callable[[], object], rounds: int) -> list[float]:
    """The median seconds of each task, run in turn so that noise strikes all alike."""
    taken: list[list[float]] = [[] for _ in tasks]
    for _ in range(rounds + 2):
        for times, task in zip(taken, tasks, strict=True):
            begin = time.perf_counter()
            task()
            times.append(time.perf_counter() - begin)
    return [float(np.median(times[2:])) for times in taken]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=1_000_000, help="templates of the large one")
    arguments = parser.parse_args()
    probe = faces(1)

    gallery = snapshot(7_000, 5)
    fit, calibration = parts()
    matcher = build_matcher(gallery, fit, calibration)
    every, people = gallery.rows, matcher.centroids.vectors
    everyday, five, one = alternately(
        lambda: matcher.identify(probe, ENCODER),
        lambda: every @ probe[0],
        lambda: people @ probe[0],
        rounds=200,
    )
    print(
        f"7,000 people × 5 templates, all terms: {1000 * everyday:.2f} ms a probe; reading all "
        f"templates once takes {1000 * five:.2f} ms, one vector a person {1000 * one:.2f} ms"
    )
    rebuilt = alternately(lambda: build_centroids(gallery, fit, Scoring()), rounds=1)[0]
    one_less = Snapshot(ENCODER, 1, gallery.rows[:-5], gallery.people[:-1], gallery.starts[:-1])
    changed = alternately(lambda: updated_centroids(matcher.centroids, one_less), rounds=3)[0]
    print(f"after one person has gone: {1000 * changed:.0f} ms, rebuilt: {1000 * rebuilt:.0f} ms")

    grown = large(arguments.large)
    rows = grown.centroids.vectors
    read, match = alternately(
        lambda: rows @ probe[0], lambda: grown.identify(probe, ENCODER), rounds=9
    )
    print(
        f"{arguments.large:,} templates: matched in {1000 * match:.0f} ms, read once in "
        f"{1000 * read:.0f} ms: {match / read:.2f} times"
    )


if __name__ == "__main__":
    main()
