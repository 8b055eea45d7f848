"""The nearest people of everybody: by strips as by one product, step by step as at once."""

from __future__ import annotations

import numpy as np
import pytest

from gate.recognition.face import Template
from gate.recognition.matching import centroids as module
from gate.recognition.matching import impostors
from gate.recognition.matching.centroids import (
    build_centroids,
    narrow_centroids,
    nearest,
    refitted_centroids,
    updated_centroids,
)
from gate.recognition.matching.gallery import Gallery
from gate.recognition.matching.scoring import Scoring, unit
from gate.recognition.matching.whitening import fit_whitening, no_whitening

ENCODER, WIDTH, SCORING = "e/1", 8, Scoring(0.5, 4)


def faces(count: int, seed: int) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, WIDTH)).astype(np.float32))


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 16, 17, 100, 333])
@pytest.mark.parametrize("strip", [1, 16, 512])
def test_strips_give_what_one_product_gives(
    count: int, strip: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK", strip)
    vectors = faces(count, count)
    near, who = nearest(vectors, 5)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    wanted = np.full((count, 5), -np.inf, np.float32)
    order = np.argsort(-cosines, axis=1)[:, :5]
    wanted[:, : order.shape[1]] = np.take_along_axis(cosines, order, axis=1)
    assert near == pytest.approx(wanted, abs=1e-6)
    row, place = np.nonzero(who >= 0)
    assert cosines[row, who[row, place]] == pytest.approx(near[row, place], abs=1e-6)
    assert np.array_equal(who >= 0, np.isfinite(near))
    assert all(len(set(line[line >= 0].tolist())) == (line >= 0).sum() for line in who)


@pytest.mark.slow
def test_a_hundred_changes_one_by_one_give_what_building_gives() -> None:
    random = np.random.default_rng(3)
    gallery, fit = Gallery(ENCODER, WIDTH), no_whitening(ENCODER, WIDTH)
    rows = faces(120, 1)
    gallery.fill(np.repeat(np.arange(60), 2), rows)
    now = build_centroids(gallery.snapshot(), fit, SCORING)
    for step in range(100):
        changed = random.choice(70, size=random.integers(1, 4), replace=False).tolist()
        stay = [person for person in changed if random.random() < 0.7]
        new = [Template(p, faces(1, 1000 + 100 * step + p)[0], ENCODER) for p in stay]
        snapshot = gallery.replace(changed, new)
        named = changed if step % 2 else None  # with and without being told who changed
        now = updated_centroids(now, snapshot, named)
        whole = build_centroids(snapshot, fit, SCORING)
        assert now.vectors == pytest.approx(whole.vectors, abs=1e-6)
        assert now.near == pytest.approx(whole.near, abs=1e-6)
        assert np.array_equal(now.near_people, whole.near_people)


def test_templates_added_to_somebody_known_are_seen_although_nobody_is_named() -> None:
    gallery, fit = Gallery(ENCODER, WIDTH), no_whitening(ENCODER, WIDTH)
    gallery.fill(np.arange(30), faces(30, 1))
    before = build_centroids(gallery.snapshot(), fit, SCORING)
    snapshot = gallery.add([Template(7, faces(1, 99)[0], ENCODER)])
    after, whole = updated_centroids(before, snapshot), build_centroids(snapshot, fit, SCORING)
    assert after.vectors == pytest.approx(whole.vectors, abs=1e-6)
    assert np.array_equal(after.near_people, whole.near_people)


def test_wide_lists_hold_the_nearest_under_another_fit() -> None:
    rows = unit(np.random.default_rng(2).normal(size=(900, 32)).astype(np.float32))
    gallery = Gallery(ENCODER, 32).fill(np.repeat(np.arange(300)[::-1] * 3, 3)[::-1], rows)
    half = Gallery(ENCODER, 32).fill(np.arange(450), rows[:450])
    wide = build_centroids(gallery, fit_whitening(gallery), SCORING, keep=40)
    narrow, whole = narrow_centroids(wide), build_centroids(gallery, wide.fit, SCORING)
    assert np.array_equal(narrow.near_people, whole.near_people)
    assert narrow.near == pytest.approx(whole.near, abs=1e-6)
    other = fit_whitening(half)
    listed, pairs = refitted_centroids(wide, other), build_centroids(gallery, other, SCORING)
    assert listed.near == pytest.approx(pairs.near, abs=1e-6)
    assert np.array_equal(listed.near_people, pairs.near_people)
    assert not np.allclose(pairs.near, whole.near, atol=1e-3), "the fits differ"


def test_a_strip_of_fifty_thousand_people_takes_a_hundred_megabytes() -> None:
    """More at once, and 4 GB of memory no longer suffice for them."""
    assert max(module._CHUNK, impostors._CHUNK) * 50_000 * 4 < 128 << 20


def test_narrow_lists_do_not_keep_the_wide_ones_in_memory() -> None:
    gallery, fit = Gallery(ENCODER, WIDTH), no_whitening(ENCODER, WIDTH)
    gallery.fill(np.arange(40), faces(40, 2))
    wide = build_centroids(gallery.snapshot(), fit, SCORING, keep=20)
    narrow = narrow_centroids(wide)
    assert not np.shares_memory(narrow.near, wide.near)
    assert not np.shares_memory(narrow.near_people, wide.near_people)
