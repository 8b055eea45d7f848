"""How often chance reaches a score: the upper tail of a sample, extrapolated.

Above a high quantile the excess over it is close to a generalised Pareto variable (Pickands 1975;
Coles, An Introduction to Statistical Modeling of Extreme Values, 2001, ch. 4). The very highest
values of a gallery are not chance but people enrolled twice and relatives, so the fit looks at a
middle stretch only and counts everything above it as "at least so high" (censoring).

From few values a scale is known badly, and an error in it enters a rare share exponentially: a
threshold from the most likely scale would let in far more than was asked, on average over sites.
So chance follows the predictive law of an exponential variable with so many values seen (a Pareto
of the second kind; Lawless, Statistical Models and Methods for Lifetime Data, 2003, ch. 4): the
share above a threshold is then what was asked, on average over what might have been seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

SPARED = 4  # highest values never looked at: two people enrolled twice
FEWEST = 8  # values the fit is made of at least


@dataclass(frozen=True, slots=True)
class Tail:
    """P(score > s) = rate · (1 + (s − start) / (seen · scale))^−seen for s ≥ start.

    With many values seen that is rate · exp(−(s − start) / scale).

    Attributes:
        start: where the tail begins.
        rate: share of chance above ``start``.
        scale: mean excess, dimensionless like the score.
        seen: how many values the scale comes from; calibrations stored before this was kept
            count as made of many.
    """

    start: float
    rate: float
    scale: float
    seen: int = 10_000

    def survival(self, score: Values | float) -> Values:
        """P(chance > score) for scores, float64 (n,), above ``start``; ``rate`` below."""
        return self.rate * np.exp(-self.seen * self._log(score))

    def likely(self, score: Values | float) -> Values:
        """P(chance > score) for scores, float64 (n,), with the most likely scale: for hints.

        A threshold must not be set by it: with few values it is too low on average.
        """
        excess = np.maximum(np.asarray(score, np.float64) - self.start, 0.0)
        return self.rate * np.exp(-excess / self.scale)

    def density(self, score: Values | float) -> Values:
        """Of chance at scores, float64 (n,), above ``start``."""
        return self.rate / self.scale * np.exp(-(self.seen + 1) * self._log(score))

    def _log(self, score: Values | float) -> Values:
        excess = np.maximum(np.asarray(score, np.float64) - self.start, 0.0)
        return np.asarray(np.log1p(excess / (self.seen * self.scale)))

    def quantile(self, share: float) -> float:
        """The score that chance exceeds with probability ``share`` (at most ``rate``)."""
        rarer = np.log(self.rate / min(share, self.rate))
        return self.start + self.seen * self.scale * float(np.expm1(rarer / self.seen))


def fit_tail(sample: Values, *, begin: float = 0.85, censor: float = 0.98) -> Tail:
    """Fit by maximum likelihood, values above the ``censor`` quantile only counted.

    Args:
        sample: float64 (n,), n ≥ 10.
        begin: quantile, 0..1, at which the tail begins.
        censor: quantile, 0..1, above which values are not looked at; the ``SPARED`` highest
            never are.
    """
    ordered = np.sort(np.asarray(sample, np.float64))
    # in a small gallery one person enrolled twice is more than the share above ``censor``
    last = min(round(len(ordered) * censor), len(ordered) - SPARED)
    first = max(1, min(int(len(ordered) * begin), last - FEWEST))
    last = max(first + 2, last)
    start = float(ordered[first - 1])
    seen = ordered[first:last] - start
    above = len(ordered) - last
    limit = seen[-1]
    scale = float((seen.sum() + above * limit) / len(seen))
    rate = 1.0 - first / (len(ordered) + 1)  # of one more value, on average
    return Tail(start, rate, max(scale, 1e-6), len(seen))
