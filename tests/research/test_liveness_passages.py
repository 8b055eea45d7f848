"""Passages judged as a gate does, and a threshold chosen on one half of the people."""

from __future__ import annotations

import numpy as np
import pytest

from gate.recognition.liveness.assessment import Calibration
from research.attacks import Subject
from research.liveness_passages import DRAWN, chosen, halves, highest, least

PLAIN = Calibration((1.0,), 0.0)


def passage(kind: str, source: str, live: bool, *odds: float) -> Subject:
    return Subject(kind, source, live, scores=[np.array([value, 9.0]) for value in odds])


@pytest.mark.parametrize(
    ("odds", "reached"),
    [
        ((5.0, -3.0, -3.0), 1.0),  # never after one frame
        ((-3.0, 5.0, -5.0), 1.0),  # any moment counts, not the whole
        ((-3.0, 1.0, 4.0), 2 / 3),
        ((3.0,), 3.0),  # a photograph
    ],
)
def test_a_passage_reaches_its_highest_mean_from_the_second_frame_on(
    odds: tuple[float, ...], reached: float
) -> None:
    assert highest(passage("print", "a", False, *odds), (0,), PLAIN) == pytest.approx(reached)


def test_a_threshold_stops_every_attack_of_those_who_choose() -> None:
    assert least([-3.0, -1.0]) == 0.0
    assert least([-3.0, 1.3]) == 1.5
    assert least([1.5]) == 1.5


def test_everything_of_one_person_is_in_one_half_and_each_half_has_some_of_each_kind() -> None:
    people = [
        passage(kind, name, kind == "live", 1.0) for kind in ("live", "print") for name in "abc"
    ]
    more = [passage("recordings", name, True, 1.0) for name in ("x", "y")]
    half = halves([*people, *more])
    assert [half[id(p)] for p in people] == [0, 1, 0, 0, 1, 0]
    assert sorted(half[id(p)] for p in more) == [0, 1]


def test_a_half_is_judged_by_what_the_other_chose_without_the_drawn_people() -> None:
    passages = [
        passage(kind, name, kind == "live", value, value)
        for name in "abcd"
        for kind, value in (("live", 4.0), ("print", -4.0))
    ]
    passages.append(passage("print", "e", False, 5.0, 5.0))  # of the first half
    passages.append(passage(DRAWN, "f", True, -6.0, -6.0))
    judged = chosen(passages, (0,))
    half = halves(passages)
    limits = {half[id(p)]: judged[id(p)][1] for p in passages}
    assert limits[0] == 0.0
    assert limits[1] > 0.0  # by the attack that the first half saw
    odd = judged[id(passages[-2])]
    assert odd[0] > odd[1]
    without = chosen(passages[:-1], (0,))
    assert without == {key: value for key, value in judged.items() if key in without}
