"""The tail of impostors' scores: what it says of laws whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from gate.recognition.matching.extreme_value import fit_tail

SAMPLE = np.random.default_rng(0).gumbel(0.15, 0.03, 800)
SHARES = (0.01, 0.003, 0.001)


def test_an_exponential_law_is_exceeded_as_often_as_requested() -> None:
    tail = fit_tail(np.random.default_rng(1).exponential(0.03, 3000))
    others = np.random.default_rng(2).exponential(0.03, 60_000)
    for share in SHARES:
        assert 0.6 * share < (others > tail.quantile(share)).mean() < 1.5 * share


def test_of_the_highest_of_normal_scores_fewer_exceed_it() -> None:
    random = np.random.default_rng(1)
    highest = np.array([random.standard_normal(200).max() for _ in range(23_000)])
    tail = fit_tail(highest[:3000])
    for share in SHARES[1:]:
        assert (highest[3000:] > tail.quantile(share)).mean() < share


def test_a_threshold_is_exceeded_with_the_probability_it_was_set_for() -> None:
    tail = fit_tail(SAMPLE)
    for share in (*SHARES, 0.1):
        assert tail.survival(tail.quantile(share)) == pytest.approx(share)
    assert tail.quantile(1.0) == pytest.approx(tail.start)


def test_the_density_is_the_slope_of_the_survival() -> None:
    tail = fit_tail(SAMPLE)
    scores = np.linspace(tail.start + 0.01, 0.5, 40)
    step = 1e-6
    slope = (tail.survival(scores - step) - tail.survival(scores + step)) / (2 * step)
    assert tail.density(scores) == pytest.approx(slope, rel=1e-4)


def test_two_highest_scores_do_not_move_it() -> None:
    spoilt = np.sort(SAMPLE)
    spoilt[-2:] = 0.9
    assert fit_tail(spoilt) == fit_tail(SAMPLE)
