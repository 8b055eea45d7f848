"""Impostors of a large register: fewer are enough, and what is kept of their scores is small."""

from __future__ import annotations

import numpy as np
import pytest

from gate.recognition.matching import impostors
from gate.recognition.matching.centroids import build_centroids
from gate.recognition.matching.gallery import Gallery, Snapshot
from gate.recognition.matching.impostors import Listed, _some, simulate
from gate.recognition.matching.scoring import Scoring, unit
from gate.recognition.matching.whitening import fit_whitening

ENCODER, WIDTH, SCORING = "e/1", 32, Scoring(0.5, 4)


def gallery(count: int) -> Snapshot:
    rows = np.random.default_rng(5).normal(size=(count, WIDTH)).astype(np.float32)
    rows[:, 0] += 1.5
    return Gallery(ENCODER, WIDTH).fill(np.arange(count), unit(rows))


@pytest.mark.slow
def test_fewer_impostors_of_many_people_find_the_same_tail() -> None:
    snapshot = gallery(1500)
    everybody, some = simulate(snapshot, SCORING), simulate(snapshot, SCORING, many=500)
    assert len(everybody.highest) == len(everybody.taken_for) == 1500
    assert len(some.highest) == len(some.taken_for) == 500
    for share in (0.5, 0.85, 0.95):
        spread = everybody.highest.std()
        assert np.quantile(some.highest, share) == pytest.approx(
            np.quantile(everybody.highest, share), abs=0.25 * spread
        )


def test_wide_lists_give_the_same_scores_as_all_pairs() -> None:
    snapshot = gallery(900)
    wide = build_centroids(snapshot, fit_whitening(snapshot), SCORING, keep=32)
    pairs = simulate(snapshot, SCORING, many=400)
    lists = simulate(snapshot, SCORING, many=400, wide=wide)
    np.testing.assert_allclose(lists.highest, pairs.highest, atol=1e-6)
    assert np.array_equal(lists.taken_for, pairs.taken_for)
    np.testing.assert_allclose(lists.singles, pairs.singles, atol=1e-6)


def test_what_is_kept_of_the_scores_does_not_keep_them_all() -> None:
    scores = np.random.default_rng(1).normal(size=(8, 4000)).astype(np.float32)
    kept = _some(scores)
    assert kept.base is None
    assert kept.nbytes < scores.nbytes / 4


@pytest.mark.slow
def test_memory_grows_with_the_people_not_with_their_pairs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every array that numpy makes, in bytes, against the matrix of all pairs."""
    tracemalloc = pytest.importorskip("tracemalloc")
    monkeypatch.setattr(impostors, "_CHUNK", 32)
    monkeypatch.setattr("gate.recognition.matching.centroids._CHUNK", 32)
    monkeypatch.setattr(impostors, "_SINGLES", 10)
    snapshot = gallery(3000)
    tracemalloc.start()
    simulate(snapshot, SCORING)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3000 * 3000 * 4 / 2, f"{peak / 1e6:.0f} MB"


def test_the_lists_turned_round_name_the_same_pairs() -> None:
    snapshot = gallery(80)
    centroids = build_centroids(snapshot, fit_whitening(snapshot), SCORING)
    listed = Listed(centroids)
    lists = centroids.near_people[:, : SCORING.nearest]
    for row, person in enumerate(snapshot.people.tolist()):
        assert sorted(listed.of(row)) == np.flatnonzero((lists == person).any(axis=1)).tolist()
