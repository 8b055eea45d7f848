"""When a calibration is out of date, and what its evidence is made of; see docs/mutation.md."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gate.recognition.matching.calibration import LLR_LIMIT, Calibration, calibration_from
from gate.recognition.matching.score_prior import Prior
from gate.recognition.matching.scoring import BACKGROUND, Scoring

TODAY = Scoring(0.5, 10, BACKGROUND)
GRID = np.linspace(-0.5, 1.2, 341)


def made(highest: np.ndarray, scoring: Scoring = TODAY, mate: float = 0.6) -> Calibration:
    prior = Prior("made up", mate, 0.1, mate, 0.1, 0.1, 0.1)
    return calibration_from(
        highest, highest, prior, scoring,
        encoder="e/1", fit="none", people=100, made="", fpir=0.01, fmr=0.001,
    )  # fmt: skip


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return made(np.random.default_rng(0).normal(0.2, 0.05, 100))


def test_it_is_outgrown_by_a_quarter_more_people_and_not_before(calibration: Calibration) -> None:
    assert not calibration.outgrown(125)
    assert calibration.outgrown(126)


@pytest.mark.parametrize(
    ("scoring", "earlier"),
    [(TODAY, False), (Scoring(0.5, 10, 0), True), (Scoring(0.0, 10, 0), False)],
)
def test_one_of_an_earlier_score_is_outgrown_at_once(scoring: Scoring, earlier: bool) -> None:
    calibration = made(np.full(20, 0.3), scoring)
    assert calibration.of_earlier_score is earlier
    assert calibration.outgrown(1) is earlier


def test_names_of_earlier_versions_are_read(calibration: Calibration) -> None:
    stored = json.loads(calibration.to_json())
    assert Calibration.from_json(json.dumps(stored)) == calibration
    stored |= {"verify_ratios": [], "strangers": stored.pop("impostors")}
    assert Calibration.from_json(json.dumps(stored)) == calibration


def test_a_score_that_impostors_reach_is_no_evidence_for_a_person(calibration: Calibration) -> None:
    assert calibration.llr(0.24) < 0 < calibration.llr(0.6)


def test_impostors_who_all_score_alike_give_evidence_too() -> None:
    start = float(GRID[160])
    calibration = made(np.full(16, start), mate=start)
    assert np.isfinite(calibration.ratios).all()
    # the tail holds from its very beginning, where it is the denser law
    assert calibration.llr(start) == -LLR_LIMIT
