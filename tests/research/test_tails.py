"""The study of tails on generated people."""

from __future__ import annotations

import numpy as np

from gate.evaluation.synthetic_gallery import generate
from research.strangers import FPIRS, Shares
from research.tails import drawn, folds, joined, limit, play

PEOPLE = {f"p{number}": [2 * number, 2 * number + 1] for number in range(100)}


def test_everybody_is_outside_once() -> None:
    outside = [name for trial in folds(PEOPLE, 4) for name, _ in trial.impostors]
    assert sorted(outside) == sorted(PEOPLE)


def test_so_many_are_enrolled_and_all_others_outside() -> None:
    trials = list(drawn(PEOPLE, 70, 2))
    assert [(len(trial.gallery), len(trial.impostors)) for trial in trials] == [(70, 30)] * 2
    assert trials[0].gallery != trials[1].gallery


def test_a_lighter_tail_lets_in_no_fewer_and_misses_no_more() -> None:
    vectors = np.repeat(generate(100, "dlib"), 2, axis=0)
    trial = next(drawn(PEOPLE, 60, 1))
    rates = play(vectors, trial, "dlib/1", (1.0, 3.0))
    for passed, missed in rates.values():
        assert sum(passed.of.values()) == 40
        assert sum(missed.of.values()) == 60
    hits = [[sum(shares.hits.values()) for shares in rates[power]] for power in (1.0, 3.0)]
    assert (hits[0][0] <= hits[1][0]).all()
    assert (hits[0][1] >= hits[1][1]).all()


def test_looks_of_several_galleries_are_added() -> None:
    one, other = Shares(), Shares()
    one.add(["a", "b"], np.ones((2, len(FPIRS)), np.bool_))
    other.add(["a"], np.zeros((1, len(FPIRS)), np.bool_))
    total = joined([one, other])
    assert total.of == {"a": 2, "b": 1}
    assert total.hits["a"].tolist() == [1.0] * len(FPIRS)


def test_the_highest_of_normal_scores_exceed_a_limit_of_power_two_as_often_as_requested() -> None:
    random = np.random.default_rng(1)
    highest = np.array([random.standard_normal(200).max() for _ in range(23_000)])
    for fpir in (0.01, 0.003, 0.001):
        with_two = limit(highest[:3000], 0.0, 2.0, fpir)
        assert 0.6 * fpir < (highest[3000:] > with_two).mean() < 1.5 * fpir
        assert with_two < limit(highest[:3000], 0.0, 1.0, fpir)
