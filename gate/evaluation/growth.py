"""What an error rate becomes when many more are enrolled: an estimate, with its interval.

Two things change with the gallery. The threshold: an impostor is compared with more people, so the
same FPIR needs a rarer score. If P(N) is the share of impostors above a score among N people,
1 − (1 − P(N))^(M/N) is the share among M (independent people of one population), so the
threshold for FPIR f at M is the one for 1 − (1 − f)^(N/M) at N, read from a generalised Pareto
tail of the impostors' scores where the sample is too small (Hosking & Wallis 1987). And the
rivals: by the same law somebody else beats the mate's score s with the probability P(M) at s.

Optimistic where the gallery grows denser than chance (families), pessimistic for the cohort term,
which are left as they are at N.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gate.evaluation.metrics import (
    Floats,
    Ints,
    Outcome,
    Rate,
    numbered,
    threshold_at,
    weights_of,
)

ROUNDS = 200


def fnir_when(
    outcome: Outcome, people: int, grown: int, fpir: float, *, alike: bool, rounds: int = ROUNDS
) -> Rate:
    """FNIR at ``fpir`` if ``grown`` were enrolled instead of ``people``.

    The interval is of a bootstrap over people, like ``metrics.fnir``; the tail is fitted again in
    every round.
    """
    mates, others = numbered(outcome.mate_people), numbered(outcome.other_people)

    def estimate(mate: Ints, other: Ints, mate_of: Ints, other_of: Ints) -> float:
        return _fnir(
            outcome.mates[mate],
            weights_of(mate_of, alike=alike),
            outcome.others[other],
            weights_of(other_of, alike=alike),
            people,
            grown,
            fpir,
        )

    random = np.random.default_rng(0)
    drawn = []
    for _ in range(rounds):
        mate, mate_of = _again(mates, random)
        other, other_of = _again(others, random)
        drawn.append(estimate(mate, other, mate_of, other_of))
    low, high = np.quantile(drawn, [0.025, 0.975])
    value = estimate(np.arange(len(mates)), np.arange(len(others)), mates, others)
    return Rate(value, min(float(low), value), max(float(high), value))


def _fnir(
    mates: Floats,
    mate_weights: Floats,
    others: Floats,
    other_weights: Floats,
    people: int,
    grown: int,
    fpir: float,
) -> float:
    rarer = 1 - (1 - fpir) ** (people / grown)
    tail = _Tail.of(others)
    # beyond what thirty impostors show, the tail says it
    if rarer * len(others) >= 30:
        limit = threshold_at(others, other_weights, rarer)
    else:
        limit = tail.quantile(rarer)
    rival = 1 - (1 - np.clip(tail.survival(mates), 0, 1 - 1e-9)) ** (grown / people - 1)
    # a mate below the limit is lost anyway
    return float(mate_weights @ np.where(mates <= limit, 1.0, rival))


@dataclass(frozen=True, slots=True)
class _Tail:
    """Generalised Pareto law above ``start``; ``shape`` > 0 ends, < 0 is heavier than exponential.

    Unlike the gate's own tail, which errs on the strict side, this one is to hit the middle.
    """

    start: float
    rate: float
    scale: float
    shape: float

    @classmethod
    def of(cls, sample: Floats, begin: float = 0.85) -> _Tail:
        """Fit by probability-weighted moments."""
        ordered = np.sort(sample)
        first = int(len(ordered) * begin)
        start = float(ordered[first - 1])
        excess = ordered[first:] - start
        place = (np.arange(len(excess)) + 0.65) / len(excess)
        mean, weighted = float(excess.mean()), float(((1 - place) * excess).mean())
        spread = max(mean - 2 * weighted, 1e-9)
        shape = min(max(mean / spread - 2, -0.3), 0.5)
        return cls(start, 1 - first / len(ordered), max(mean * (1 + shape), 1e-9), shape)

    def survival(self, score: Floats) -> Floats:
        excess = np.maximum(score - self.start, 0.0) / self.scale
        if abs(self.shape) < 1e-6:
            return np.asarray(self.rate * np.exp(-excess), np.float64)
        inside = np.maximum(1 - self.shape * excess, 0.0)
        return np.asarray(self.rate * inside ** (1 / self.shape), np.float64)

    def quantile(self, share: float) -> float:
        rarity = min(share / self.rate, 1.0)
        if abs(self.shape) < 1e-6:
            return self.start - self.scale * float(np.log(rarity))
        return float(self.start + self.scale / self.shape * (1 - rarity**self.shape))


def _again(member: Ints, random: np.random.Generator) -> tuple[Ints, Ints]:
    """People drawn with replacement: their probes, and a number for each person drawn."""
    count = int(member.max()) + 1
    order = np.argsort(member, kind="stable")
    probes = np.split(order, np.cumsum(np.bincount(member))[:-1])
    chosen = [probes[person] for person in random.integers(count, size=count)]
    return np.concatenate(chosen), np.repeat(np.arange(count), [len(p) for p in chosen])
