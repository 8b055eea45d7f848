"""The score, term by term."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.recognition.matching.scoring import (
    dot_products,
    highest,
    person_vectors,
    probe_cohort,
    unit,
)


@given(st.integers(0, 3), st.integers(1, 3000), st.integers(1, 12), st.integers(0, 10))
def test_highest_is_what_sorting_gives(rows: int, width: int, count: int, seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)
    found = np.take_along_axis(scores, highest(scores, count), axis=1)
    assert np.array_equal(found, -np.sort(-scores, axis=1)[:, :count])


def test_highest_looks_into_every_block_and_the_rest() -> None:
    scores = np.zeros((1, 100_003), np.float32)
    where = [0, 50_000, 99_999, 100_002]
    scores[0, where] = [4, 3, 2, 1]
    assert highest(scores, 4)[0].tolist() == where


def test_a_person_is_the_mean_direction_of_their_templates() -> None:
    rows = unit(np.array([[1, 0], [0, 1], [0, 1]], np.float32))
    people = person_vectors(rows, np.array([0, 2, 3]))
    assert people == pytest.approx(np.array([[0.5**0.5, 0.5**0.5], [0, 1]]), abs=1e-6)


def test_nobody_has_no_vectors() -> None:
    assert person_vectors(np.zeros((0, 4), np.float32), np.array([0])).shape == (0, 4)


def test_a_row_of_zeros_stays_zeros() -> None:
    assert not unit(np.zeros((1, 4), np.float32)).any()


def test_the_crowd_leaves_out_whoever_is_nearest() -> None:
    scores = np.array([[0.9, 0.4, 0.2, 0.0]], np.float32)
    best = highest(scores, 3)
    assert probe_cohort(scores, best, 2) == pytest.approx(0.3)


def test_alone_there_is_no_crowd() -> None:
    scores = np.array([[0.9]], np.float32)
    assert probe_cohort(scores, highest(scores, 11), 10).tolist() == [0]


def test_generated_faces_are_of_the_crowd_and_none_of_them_is_left_out() -> None:
    scores = np.array([[0.9, 0.4, 0.2, 0.0]], np.float32)
    best, background = highest(scores, 3), np.array([[0.1, 0.5]], np.float32)
    assert probe_cohort(scores, best, 2, background) == pytest.approx(0.45)
    assert probe_cohort(scores, best, 2, background[:, :0]) == pytest.approx(0.3)


@pytest.mark.parametrize("count", range(6))
def test_every_row_is_multiplied_with_every_vector(count: int) -> None:
    random = np.random.default_rng(count)
    rows = random.standard_normal((count, 32)).astype(np.float32)
    vectors = random.standard_normal((50, 32)).astype(np.float32)
    products = dot_products(rows, vectors)
    assert products.shape == (count, 50)
    assert products.dtype == np.float32
    expected = rows.astype(np.float64) @ vectors.T
    assert np.allclose(products, expected, atol=1e-4)
