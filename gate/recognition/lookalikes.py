"""Enrolled people whom the gate may take for each other, and records that are one person twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gate.recognition.face import Vector
from gate.recognition.identify import Matcher

# spreads above everybody's usual nearest cosine at which that alone, with nothing taken off, is
# enough; where so few are enrolled nobody knows what is usual
_SURELY, _FEWEST = 8.0, 50
DOUBLE = 0.05  # so many pairs as alike as this by chance in the whole gallery: no longer chance


@dataclass(frozen=True, slots=True)
class Alike:
    """Two enrolled people.

    Attributes:
        one, other: their numbers, the lower first.
        score: of the one against the other, on the scale of ``Calibration.threshold``.
        chance: how many pairs of unrelated people of this gallery would be as alike.
        double: too alike for chance: one person enrolled twice, or twins; staff must look.
    """

    one: int
    other: int
    score: float
    chance: float
    double: bool


def lookalikes(matcher: Matcher, *, person: int | None = None, limit: int = 200) -> list[Alike]:
    """Pairs that score like a stranger who is let in, the most alike first.

    Such people should be asked for a second factor. Pairs that are surely one person come first,
    also where somebody is enrolled so often that the score, which takes off what many have in
    common, hides it. Reads the lists the matcher keeps anyway, so it costs nothing worth
    mentioning.

    Args:
        person: only pairs with this person (at enrolment).
        limit: pairs at most.
    """
    roster, calibration = matcher.roster, matcher.calibration
    people = roster.gallery.people
    order = np.argsort(people)
    row, place = np.nonzero(np.isfinite(roster.near))
    other = order[np.searchsorted(people, roster.near_people[row, place], sorter=order)]
    score = roster.near[row, place] - matcher.crowd[row] - matcher.crowd[other]
    surely = roster.near[row, place] >= _beyond_chance(roster.near)
    keep = ((score >= calibration.threshold) | surely) & (people[row] != people[other])
    if person is not None:
        keep &= (people[row] == person) | (people[other] == person)
    pairs: dict[tuple[int, int], tuple[float, bool]] = {}
    for a, b, value, sure in zip(
        people[row[keep]], people[other[keep]], score[keep], surely[keep], strict=True
    ):
        pairs[min(int(a), int(b)), max(int(a), int(b))] = (float(value), bool(sure))
    found = sorted(pairs.items(), key=lambda item: (-item[1][1], -item[1][0], item[0]))[:limit]
    return [_alike(matcher, one, other, *what) for (one, other), what in found]


def _beyond_chance(near: Vector) -> float:
    """A cosine that two people do not reach, by the nearest of most; inf where few are enrolled."""
    nearest = near[np.isfinite(near[:, 0]), 0] if near.size else near.ravel()
    if len(nearest) < _FEWEST:
        return float("inf")
    middle = float(np.median(nearest))
    spread = 1.4826 * float(np.median(np.abs(nearest - middle)))
    return middle + _SURELY * spread


def _alike(matcher: Matcher, one: int, other: int, score: float, sure: bool) -> Alike:
    chance = matcher.people / 2 * float(matcher.calibration.fpir_at(score))
    return Alike(one, other, score, chance, sure or chance < DOUBLE)
