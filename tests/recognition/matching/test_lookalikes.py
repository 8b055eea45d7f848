"""Who may be confused with whom, at each limit by itself; see docs/mutation.md."""

from __future__ import annotations

import numpy as np
import pytest

from gate.recognition.face import Template
from gate.recognition.matching.calibration import Calibration
from gate.recognition.matching.extreme_value import Tail
from gate.recognition.matching.gallery import Gallery
from gate.recognition.matching.lookalikes import DOUBLE, lookalikes
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.matching.scoring import Scoring
from gate.recognition.matching.whitening import no_whitening

ENCODER = "e/1"


def site(rows: list[list[float]], threshold: float = 0.5, rate: float = 0.01) -> Matcher:
    """People 1, 2, … with these faces; ``rate``: of chance at any score below 0.9."""
    gallery = Gallery(ENCODER, len(rows[0]))
    people = gallery.add(
        Template(person, np.array(row, np.float32), ENCODER) for person, row in enumerate(rows, 1)
    )
    fit, tail = no_whitening(ENCODER, len(rows[0])), Tail(0.9, rate, 0.05)
    calibration = Calibration(
        ENCODER, fit.version, len(rows), "", Scoring(0.0), 0.01, threshold, (0.0, 1.0), 0.001, 0.2,
        tail, tail, (0.0, 1.0), (-1.0, 8.0), "made up",
    )  # fmt: skip
    return build_matcher(people, fit, calibration)


TWO_PAIRS = [[1.0, 0, 0, 0], [0.8, 0.6, 0, 0], [0, 0, 1.0, 0], [0, 0, 0.6, 0.8]]


def pairs(site: Matcher, person: int | None = None) -> list[tuple[int, int]]:
    return [(found.one, found.other) for found in lookalikes(site, person=person)]


def test_everybody_is_asked_about_or_one_person() -> None:
    made = site(TWO_PAIRS)
    assert pairs(made) == [(1, 2), (3, 4)]
    assert pairs(made, 1) == pairs(made, 2) == [(1, 2)]
    assert pairs(made, 3) == pairs(made, 4) == [(3, 4)]


def test_a_pair_at_the_threshold_counts_and_one_below_does_not() -> None:
    score = lookalikes(site(TWO_PAIRS))[1].score
    assert pairs(site(TWO_PAIRS, threshold=score)) == [(1, 2), (3, 4)]
    assert pairs(site(TWO_PAIRS, threshold=score + 1e-6)) == [(1, 2)]


@pytest.mark.parametrize(("rate", "double"), [(DOUBLE, False), (DOUBLE * 0.99, True)])
def test_a_double_is_less_likely_than_the_limit(rate: float, double: bool) -> None:
    (found,) = lookalikes(site(TWO_PAIRS[:2], rate=rate))
    assert found.chance == rate
    assert found.double is double
