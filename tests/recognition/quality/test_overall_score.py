"""One figure for all measures: bounded, and lower for whatever makes a face worse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.recognition.face import Quality
from gate.recognition.quality.overall_score import overall, terms

GOOD = Quality(
    size=60.0, sharpness=30.0, brightness=120.0, contrast=50.0,
    yaw=0.0, pitch=0.0, eyes_open=1.0, mask=0.0,
)  # fmt: skip


@pytest.mark.parametrize(
    "worse",
    [
        {"size": 15.0},
        {"sharpness": 2.0},
        {"brightness": 25.0},
        {"mask": 1.0},
    ],
)
def test_a_worse_face_has_a_lower_figure(worse: dict[str, float]) -> None:
    assert overall(replace(GOOD, **worse), 0.95) < overall(GOOD, 0.95)


def test_a_turned_face_is_never_better_and_both_sides_are_alike() -> None:
    left, right = (replace(GOOD, yaw=yaw) for yaw in (-50.0, 50.0))
    assert overall(left, 0.95) == overall(right, 0.95) <= overall(GOOD, 0.95)
    assert terms(left, 0.95)["yaw"] == terms(right, 0.95)["yaw"] > terms(GOOD, 0.95)["yaw"]


def test_a_good_face_has_no_term_but_the_constant() -> None:
    assert {name for name, value in terms(GOOD, 0.95).items() if value} == {"constant"}


def test_it_stays_between_0_and_1_whatever_is_measured() -> None:
    for quality in (Quality(), GOOD, Quality(size=1e9, yaw=1e9, brightness=1e9, mask=1e9)):
        for detection in (0.0, 1.0):
            assert 0 <= overall(quality, detection) <= 1
    assert all(value == value for value in terms(Quality(), 0.0).values())
