"""Who is enrolled and who stays outside in a fold."""

from __future__ import annotations

import numpy as np

from gate.evaluation.metrics import Outcome
from research.many_people import Played, fold_of

PEOPLE = {"a": [0, 1, 2, 3], "b": [4], "c": [5, 6], "d": [7, 8]}


def test_one_photograph_is_left_to_come_with() -> None:
    trial = fold_of(PEOPLE, frozenset({"d"}), templates=5, probes=5)
    assert trial.gallery == (("a", (0, 1, 2)), ("b", (4,)), ("c", (5,)))
    assert trial.genuine == (("a", (3,)), ("c", (6,)))
    assert trial.impostors == (("d", (7,)),)


def test_residents_come_with_as_many_looks_as_were_asked_for() -> None:
    trial = fold_of(PEOPLE, frozenset(), templates=1, probes=2)
    assert trial.genuine == (("a", (1,)), ("a", (2,)), ("c", (6,)), ("d", (8,)))


def test_each_fold_counts_with_its_own_thresholds() -> None:
    played = Played()
    for limit in (0.5, 0.7):
        outcome = Outcome(np.array([0.6]), ("a",), np.array([0.6]), ("b",), ("a",))
        played.add(outcome, np.array([limit]), 10)
    assert played.missed.hits["a"].tolist() == [1.0]
    assert played.passed.hits["b"].tolist() == [1.0]
    assert len(played.together().mates) == 2
