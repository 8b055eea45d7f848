"""Enrolled people whom the gate may confuse, and records that are one person twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gate.recognition.matching.matcher import Matcher

DOUBLE = 0.05  # so many pairs as alike as this by chance in the whole gallery: no longer chance


@dataclass(frozen=True, slots=True)
class Alike:
    """Two enrolled people.

    Attributes:
        one, other: their numbers, the lower first.
        score: of the one against the other, on the scale of ``Calibration.threshold``.
        chance: how many pairs of unrelated people of this gallery would be as alike on average,
            dimensionless.
        double: too alike for chance: one person enrolled twice, or twins; staff must look.
    """

    one: int
    other: int
    score: float
    chance: float
    double: bool


def lookalikes(matcher: Matcher, *, person: int | None = None, limit: int = 200) -> list[Alike]:
    """Pairs that score like an impostor who is let in, the most alike first.

    Such people should be asked for a second factor. Reads the lists the matcher keeps anyway, so
    it costs nothing worth mentioning.

    Args:
        person: only pairs with this person (at enrolment).
        limit: pairs at most.
    """
    centroids, calibration = matcher.centroids, matcher.calibration
    people = centroids.gallery.people
    order = np.argsort(people)
    row, place = np.nonzero(np.isfinite(centroids.near))
    other = order[np.searchsorted(people, centroids.near_people[row, place], sorter=order)]
    score = centroids.near[row, place] - matcher.cohort_term[row] - matcher.cohort_term[other]
    keep = (score >= calibration.threshold) & (people[row] != people[other])
    if person is not None:
        keep &= (people[row] == person) | (people[other] == person)
    pairs: dict[tuple[int, int], float] = {}
    for a, b, value in zip(people[row[keep]], people[other[keep]], score[keep], strict=True):
        pairs[min(int(a), int(b)), max(int(a), int(b))] = float(value)
    found = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return [_alike(matcher, one, other, value) for (one, other), value in found]


def _alike(matcher: Matcher, one: int, other: int, score: float) -> Alike:
    chance = matcher.people / 2 * float(matcher.calibration.impostors.likely(score))
    return Alike(one, other, score, chance, chance < DOUBLE)
