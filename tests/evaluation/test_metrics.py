"""Error rates on small cases that can be counted by hand, and their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from gate.evaluation import metrics
from gate.evaluation.growth import fnir_when
from gate.evaluation.metrics import Outcome


def outcome(mates: list[float], others: list[float], of: str | None = None) -> Outcome:
    mate_people = tuple(of or [f"m{i}" for i in range(len(mates))])
    impostors = tuple(f"s{i}" for i in range(len(others)))
    return Outcome(np.array(mates), mate_people, np.array(others), impostors, impostors)


HUNDRED = [i / 100 for i in range(100)]


@pytest.mark.parametrize(("fpir", "expected"), [(0.01, 0.98), (0.03, 0.96), (0.001, 0.99)])
def test_at_most_the_asked_share_of_strangers_exceeds_the_threshold(
    fpir: float, expected: float
) -> None:
    weight = np.full(100, 0.01)
    assert metrics.threshold_at(np.array(HUNDRED), weight, fpir) == expected


def test_a_mate_who_is_not_first_is_missed_at_any_threshold() -> None:
    found = outcome([0.99, -np.inf, 0.5, 2.0], HUNDRED)
    assert metrics.fnir_at(found, 0.01, alike=False) == pytest.approx(0.5)
    assert metrics.rank_one(found, alike=False) == pytest.approx(0.75)


def test_people_weigh_alike_or_probes_do() -> None:
    found = outcome([0, 0, 0, 2], HUNDRED, of="aaab")
    assert metrics.fnir_at(found, 0.01, alike=False) == pytest.approx(0.75)
    assert metrics.fnir_at(found, 0.01, alike=True) == pytest.approx(0.5)


@pytest.mark.slow
def test_the_interval_holds_the_value_and_narrows_with_more_people() -> None:
    random = np.random.default_rng(0)
    widths = []
    for count in (50, 1500):
        found = outcome(
            random.normal(1.1, 0.3, count).tolist(), random.normal(0, 0.3, 2 * count).tolist()
        )
        rate = metrics.fnir(found, 0.1, alike=True)
        assert rate.low <= rate.value <= rate.high
        widths.append(rate.high - rate.low)
    assert widths[1] < widths[0] / 2


@pytest.mark.slow
def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    random, inside = np.random.default_rng(1), 0
    truth = 0.158655  # of mates below one standard deviation, impostors far away
    for _ in range(60):
        found = outcome(random.normal(1, 1, 200).tolist(), [0.0] * 400)
        rate = metrics.fnir(found, 0.01, alike=True, rounds=300)
        inside += rate.low <= truth <= rate.high
    assert inside >= 52


def test_photographs_of_one_person_are_drawn_together() -> None:
    probes = [0.0] * 50 + [2.0] * 50
    alone = metrics.fnir(outcome(probes, HUNDRED), 0.01, alike=False)
    two = metrics.fnir(outcome(probes, HUNDRED, of="a" * 50 + "b" * 50), 0.01, alike=False)
    assert two.high - two.low > 3 * (alone.high - alone.low)


def test_a_det_curve_falls() -> None:
    random = np.random.default_rng(0)
    found = outcome(random.normal(1, 0.4, 500).tolist(), random.normal(0, 0.3, 900).tolist())
    false, miss = metrics.det_curve(found, alike=True)
    assert (np.diff(false) <= 0).all()
    assert (np.diff(miss) >= 0).all()
    assert len(false) <= 200


def test_nobody_above_the_threshold_is_no_proof_that_nobody_ever_is() -> None:
    rate = metrics.share_above(outcome([1.0], HUNDRED), 5.0)
    assert (rate.value, rate.low) == (0, 0)
    assert rate.high == pytest.approx(0.037, abs=0.001)


@pytest.mark.slow
def test_growth_foretells_what_a_larger_gallery_does() -> None:
    """Impostors' highest of N normal scores, foretold from N = 200 for 2,000 and tried."""
    random = np.random.default_rng(0)
    mates = random.normal(4.6, 0.6, 3000)

    def of_gallery(people: int) -> Outcome:
        highest = random.normal(size=(3000, people)).max(axis=1)
        rivals = random.normal(size=(3000, people - 1)).max(axis=1)
        scores = np.where(rivals > mates, -np.inf, mates)
        return outcome(scores.tolist(), highest.tolist())

    foretold = fnir_when(of_gallery(200), 200, 2000, 0.01, alike=True, rounds=60)
    tried = metrics.fnir_at(of_gallery(2000), 0.01, alike=True)
    assert foretold.low <= foretold.value <= foretold.high
    assert foretold.value == pytest.approx(tried, abs=0.06)
    assert foretold.value >= tried - 0.02  # rather too pessimistic than too rosy
