"""The tail of impostors' scores: what it says of laws whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from gate.recognition.matching.extreme_value import Tail, fit_tail

SAMPLE = np.random.default_rng(0).gumbel(0.15, 0.03, 800)
SHARES = (0.01, 0.003, 0.001)


def highest_of(people: int, impostors: int, seed: int) -> np.ndarray:
    """The highest of ``people`` scores of a normal law, float64 (impostors,)."""
    random = np.random.default_rng(seed)
    return np.array([random.standard_normal(people).max() for _ in range(impostors)])


@pytest.mark.parametrize("people", [200, 3000])
def test_the_highest_of_normal_scores_are_exceeded_as_often_as_requested(people: int) -> None:
    tail = fit_tail(highest_of(people, 3000, 1), centre=0.0, power=2.0)
    others = highest_of(people, 20_000, 2)
    for share in SHARES:
        assert 0.6 * share < (others > tail.quantile(share)).mean() < 1.5 * share


def test_an_exponential_tail_is_too_strict_for_them() -> None:
    sample = highest_of(200, 3000, 1)
    exponential, normal = fit_tail(sample), fit_tail(sample, power=2.0)
    for share in SHARES[1:]:
        assert exponential.quantile(share) > normal.quantile(share) + 0.05


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0])
def test_a_threshold_is_exceeded_with_the_probability_it_was_set_for(power: float) -> None:
    tail = fit_tail(SAMPLE, centre=-0.2, power=power)
    for share in (*SHARES, 0.1):
        assert tail.survival(tail.quantile(share)) == pytest.approx(share)
    assert tail.quantile(1.0) == pytest.approx(tail.start)


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0])
def test_the_density_is_the_slope_of_the_survival(power: float) -> None:
    tail = fit_tail(SAMPLE, centre=-0.2, power=power)
    scores = np.linspace(tail.start + 0.01, 0.5, 40)
    step = 1e-6
    slope = (tail.survival(scores - step) - tail.survival(scores + step)) / (2 * step)
    assert tail.density(scores) == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_two_highest_scores_do_not_move_it(power: float) -> None:
    spoilt = np.sort(SAMPLE)
    spoilt[-2:] = 0.9
    assert fit_tail(spoilt, centre=-0.2, power=power) == fit_tail(SAMPLE, centre=-0.2, power=power)


def test_a_tail_stored_before_it_had_a_power_stays_exponential() -> None:
    stored = Tail(0.1, 0.2, 0.05, 100)
    for share in SHARES:
        strict = 0.1 + 100 * 0.05 * np.expm1(np.log(0.2 / share) / 100)
        assert stored.quantile(share) == pytest.approx(strict)


def test_below_the_centre_there_is_no_power_to_take() -> None:
    tail = fit_tail(SAMPLE - 1.0, centre=0.0, power=2.0)
    assert tail.power == 1.0
    assert np.isfinite(tail.quantile(0.001))
    assert tail == fit_tail(SAMPLE - 1.0, centre=tail.centre, power=1.0)
