"""Pairs of enrolled people whom the gate may take for each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gate.recognition.identify import Matcher

_FPIR = 0.02


@dataclass(frozen=True, slots=True)
class Pair:
    one: int
    other: int
    score: float


def pairs(matcher: Matcher, limit: int = 200) -> list[Pair]:
    """Pairs as alike as one stranger in fifty is to somebody here, the most alike first."""
    roster, calibration = matcher.roster, matcher.calibration
    alike = min(calibration.threshold, calibration.threshold_at(_FPIR))
    people, near, near_people = roster.gallery.people, roster.near, roster.near_people
    where = {person: row for row, person in enumerate(people.tolist())}
    found: dict[tuple[int, int], float] = {}
    for row, place in zip(*np.nonzero(near >= alike), strict=True):
        other = where.get(int(near_people[row, place]))
        if other is None:
            continue
        score = float(near[row, place] - matcher.crowd[row] - matcher.crowd[other])
        if score >= alike:
            found[min(row, other), max(row, other)] = score
    best = sorted(found.items(), key=lambda item: -item[1])[:limit]
    return [Pair(int(people[a]), int(people[b]), score) for (a, b), score in best]
