"""Error versus discard: the fit finds the defect that costs matches, and the curve falls."""

from __future__ import annotations

import numpy as np
import pytest

from research.error_versus_discard import Sample, Searches, figure, fit, made_worse, search

RANDOM = np.random.default_rng(0)


def samples(people: int = 60, photographs: int = 4) -> list[Sample]:
    """Vectors that are the noisier the more blurred the picture; yaw has no influence."""
    made = []
    for person in range(people):
        centre = RANDOM.normal(0, 1, 32)
        for _ in range(photographs if person % 3 else 1):
            blur, yaw = RANDOM.uniform(0, 1, 2)
            vector = centre + RANDOM.normal(0, 0.2 + 1.5 * blur, 32)
            vector /= np.linalg.norm(vector)
            terms = {"constant": 1.0, "blurred": float(blur), "yaw": float(yaw)}
            made.append(Sample(f"person {person}", False, vector.astype(np.float32), terms))
    return made


def test_the_defect_that_costs_matches_gets_the_weight() -> None:
    weights = fit(samples())
    assert weights["blurred"] < -1
    assert abs(weights["yaw"]) < 0.4 * abs(weights["blurred"])


def test_no_defect_may_raise_the_figure() -> None:
    weights = fit(samples())
    assert all(weight <= 0 for name, weight in weights.items() if name != "constant")


@pytest.mark.slow
def test_leaving_out_the_worst_probes_lowers_the_error() -> None:
    made = samples(200)
    weights = fit(made)
    found = search(made, weights, worse=False)
    shares = [missed / of for missed, of in (found.missed(share) for share in (0.0, 0.2, 0.5))]
    assert shares[0] > shares[1] > shares[2]


def test_discarding_takes_the_lowest_quality_first() -> None:
    found = Searches(np.array([0.1, 0.9, 0.2, 0.8]), np.array([0.0, 0.9, 0.3, 0.6]), 0.5)
    assert found.missed(0.0) == (2, 4)
    assert found.missed(0.25) == (1, 3)
    assert found.missed(0.5) == (0, 2)


def test_the_figure_lies_between_0_and_1_and_falls_with_the_defect() -> None:
    good, bad = samples()[0], samples()[0]
    weights = {"constant": 2.0, "blurred": -3.0, "yaw": 0.0}
    good.terms.update(blurred=0.0)
    bad.terms.update(blurred=1.0)
    assert 0 < figure(bad, weights) < figure(good, weights) < 1


@pytest.mark.parametrize("seed", range(12))
def test_a_picture_made_worse_is_still_a_picture(seed: int) -> None:
    image = RANDOM.integers(0, 255, (60, 50, 3)).astype(np.uint8)
    worse = made_worse(image, np.random.default_rng(seed))
    assert worse.dtype == np.uint8
    assert worse.ndim == 3
    assert min(worse.shape[:2]) > 5
