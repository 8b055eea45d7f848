"""Error rates with intervals. FNIR and FPIR as in ISO/IEC 19795-1 and NIST IR 8271."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.evaluation.interval import wilson

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

ROUNDS = 1000
FPIRS = (0.01, 0.003, 0.001)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of a trial.

    Attributes:
        mates: float64 (g,), score of each genuine probe; -inf when somebody else scored higher.
        mate_people: whose probe it was.
        others: float64 (s,), the highest score of each impostor.
        other_people: which impostor it was.
        taken_for: who they were mistaken for.
    """

    mates: Floats
    mate_people: tuple[str, ...]
    others: Floats
    other_people: tuple[str, ...]
    taken_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """A share, ``value``, 0..1, with its 95 % interval from ``low`` to ``high``, 0..1."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.value:.2f} % ({100 * self.low:.1f} to {100 * self.high:.1f})"


def weights(people: Sequence[str], *, alike: bool) -> Floats:
    """Weights of probes that sum to one, float64 (n,): people weighted equally, or probes."""
    return weights_of(numbered(people), alike=alike)


def numbered(people: Sequence[str]) -> Ints:
    """A number for each person, from 0 in the order in which they come, intp (n,)."""
    known: dict[str, int] = {}
    return np.array([known.setdefault(person, len(known)) for person in people], np.intp)


def weights_of(member: Ints, *, alike: bool) -> Floats:
    """``weights`` for people by number: intp (n,) in, float64 (n,) out."""
    if not alike or not len(member):
        return np.full(len(member), 1.0 / max(len(member), 1))
    counts = np.bincount(member)
    return np.asarray(1.0 / (counts[member] * np.count_nonzero(counts)), np.float64)


def threshold_at(others: Floats, weight: Floats, fpir: float) -> float:
    """The lowest threshold that a share of at most ``fpir`` of the impostors exceed.

    Args:
        others: float64 (n,), an impostor's highest scores.
        weight: float64 (n,), of each of them; sums to one.

    >>> threshold_at(np.arange(10.0), np.full(10, 0.1), 0.2)
    7.0
    """
    order = np.argsort(-others, kind="stable")
    over = np.cumsum(weight[order]) > fpir * weight.sum() + 1e-12
    return float(others[order][over.argmax()]) if len(others) else float("-inf")


def fnir_at(outcome: Outcome, fpir: float, *, alike: bool) -> float:
    """Share of genuine probes that are not found with the threshold for ``fpir``."""
    limit = threshold_at(outcome.others, weights(outcome.other_people, alike=alike), fpir)
    return float(weights(outcome.mate_people, alike=alike) @ (outcome.mates <= limit))


def rank_one(outcome: Outcome, *, alike: bool) -> float:
    """Share of genuine probes whose own person scored highest."""
    return float(weights(outcome.mate_people, alike=alike) @ np.isfinite(outcome.mates))


def fnir(
    outcome: Outcome, fpir: float, *, alike: bool, rounds: int = ROUNDS, seed: int = 0
) -> Rate:
    """FNIR at ``fpir`` with its interval: people drawn again with all their probes."""
    drawn = resampled(outcome, (fpir,), alike=alike, rounds=rounds, seed=seed)[:, 0]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Rate(fnir_at(outcome, fpir, alike=alike), float(low), float(high))


def resampled(
    outcome: Outcome, fpirs: Sequence[float], *, alike: bool, rounds: int = ROUNDS, seed: int = 0
) -> Floats:
    """FNIR in each round of a bootstrap over people, float64 (rounds, k) for k rates ``fpirs``.

    Genuine people and impostors are drawn with replacement (Efron 1979); the threshold is set
    again each time, so its uncertainty is in the interval too.
    """
    random = np.random.default_rng(seed)
    impostor = _drawn(outcome.other_people, random, rounds, alike=alike)
    order = np.argsort(-outcome.others, kind="stable")
    above = np.cumsum(impostor[:, order], axis=1)
    mates = _drawn(outcome.mate_people, random, rounds, alike=alike)
    rank = np.argsort(outcome.mates, kind="stable")
    sorted_mates = outcome.mates[rank]
    missed = np.concatenate([np.zeros((rounds, 1)), np.cumsum(mates[:, rank], axis=1)], axis=1)
    result = np.empty((rounds, len(fpirs)))
    for column, fpir in enumerate(fpirs):
        first = (above > fpir * above[:, -1:] + 1e-12).argmax(axis=1)
        limits = outcome.others[order][first]
        at = np.searchsorted(sorted_mates, limits, side="right")
        result[:, column] = missed[np.arange(rounds), at] / missed[:, -1]
    return result


def _drawn(
    people: Sequence[str], random: np.random.Generator, rounds: int, *, alike: bool
) -> Floats:
    """Weights of each probe in each round, float64 (rounds, n)."""
    member = numbered(people)
    count = int(member.max()) + 1
    times = random.multinomial(count, np.full(count, 1 / count), size=rounds)
    return np.asarray(times[:, member] * weights_of(member, alike=alike), np.float64)


def det_curve(outcome: Outcome, *, alike: bool, points: int = 200) -> tuple[Floats, Floats]:
    """FPIR and FNIR over all thresholds, each float64 (n,), n ≤ ``points``, FPIR falling."""
    limits = np.unique(outcome.others)
    if len(limits) > points:
        # most of them where FPIR is small
        share = 1 - np.geomspace(1, 1 / len(limits), points)
        limits = np.unique(np.quantile(limits, share))
    impostor = weights(outcome.other_people, alike=alike)
    mate = weights(outcome.mate_people, alike=alike)
    false = np.array([impostor @ (outcome.others > limit) for limit in limits])
    miss = np.array([mate @ (outcome.mates <= limit) for limit in limits])
    return false, miss


def share_above(outcome: Outcome, limit: float, *, rounds: int = ROUNDS) -> Rate:
    """FPIR that comes out at a threshold, people weighing alike.

    The interval is the wider of a bootstrap over people, which knows that photographs of one
    person are alike, and of Wilson's for as many people, which holds for few or none.
    """
    weight = weights(outcome.other_people, alike=True)
    over = outcome.others > limit
    value = float(weight @ over)
    drawn = _drawn(outcome.other_people, np.random.default_rng(0), rounds, alike=True)
    low, high = np.quantile(drawn @ over / drawn.sum(axis=1), [0.025, 0.975])
    people = len(set(outcome.other_people))
    few, many = wilson(round(value * people), people)
    return Rate(value, min(float(low), few), max(float(high), many))
