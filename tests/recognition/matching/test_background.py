"""Generated faces beside the gallery: strangers of a kind of which the gallery has few."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gate.recognition.matching import background
from gate.recognition.matching.background import build_background, generated, load, measure, save
from gate.recognition.matching.centroids import build_centroids, updated_centroids
from gate.recognition.matching.gallery import Gallery, Snapshot
from gate.recognition.matching.impostors import Listed, left_out_scores
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.matching.scoring import Scoring, unit
from gate.recognition.matching.site_calibration import SCORING, learn_site
from gate.recognition.matching.whitening import no_whitening

ENCODER, WIDTH, KIND = "kinds/1", 48, 12


def faces(count: int, seed: int, *, few: bool) -> np.ndarray:
    """People of the many, or of the few, who are as near to each other as one another's kin."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, WIDTH))
    rows[:, 0] += 3.0
    if few:
        rows[:, KIND:] *= 0.55
        rows[:, 1] += 5.0
    return unit(rows.astype(np.float32))


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A background measured on people of both kinds who are in no gallery."""
    real = np.concatenate([faces(1500, 11, few=False), faces(1000, 12, few=True)])
    save(measure(real, clusters=4, axes=20), tmp_path / "kinds.npz")
    monkeypatch.setattr(background, "FOLDER", tmp_path)
    generated.cache_clear()
    yield
    generated.cache_clear()


def mixed() -> Snapshot:
    """A gallery of 400 people, twelve of them of the few."""
    rows = np.concatenate([faces(388, 1, few=False), faces(12, 2, few=True)])
    return Gallery(ENCODER, WIDTH).fill(np.arange(len(rows)), rows)


def site(snapshot: Snapshot, scoring: Scoring) -> Matcher:
    return build_matcher(snapshot, *learn_site(snapshot, made="", scoring=scoring))


def passing(matcher: Matcher, probes: np.ndarray) -> float:
    score = matcher.identify(probes, ENCODER).score
    return float((score > matcher.calibration.threshold_at(0.01)).mean())


@pytest.mark.slow
@pytest.mark.usefixtures("shipped")
def test_strangers_of_a_kind_the_gallery_has_few_of_pass_as_rarely_as_was_asked() -> None:
    few, many = faces(1500, 3, few=True), faces(1500, 4, few=False)
    alone, beside = site(mixed(), Scoring()), site(mixed(), SCORING)
    assert passing(alone, few) > 0.05  # what the generated faces are for
    assert passing(beside, few) < 0.02
    assert passing(beside, many) < 0.03


@pytest.mark.slow
@pytest.mark.usefixtures("shipped")
def test_a_generated_face_is_never_found() -> None:
    snapshot = mixed()
    nobody = generated(ENCODER, WIDTH, SCORING.background)[:20]
    found = site(snapshot, SCORING).identify(nobody, ENCODER)
    assert set(found.best.tolist()) <= set(snapshot.people.tolist())


def slow_scores(vectors: np.ndarray, nobody: np.ndarray, probe: np.ndarray) -> list[float]:
    """The score of a probe with each of the people, by the book; all float32 and fitted."""

    def near(rows: np.ndarray, own: int | None, vector: np.ndarray) -> float:
        cosines = [float(vector @ row) for at, row in enumerate(rows) if at != own]
        cosines += [float(vector @ row) for row in nobody] if rows is not nobody else []
        return float(np.mean(sorted(cosines)[-10:]))

    own = [float(probe @ row) - 0.5 * near(vectors, at, row) for at, row in enumerate(vectors)]
    around = [float(probe @ row) - 0.5 * near(nobody, at, row) for at, row in enumerate(nobody)]
    rest = sorted([*sorted(own)[:-1], *around])[-10:]
    return [score - 0.5 * float(np.mean(rest)) for score in own]


@pytest.mark.usefixtures("shipped")
def test_cohorts_are_of_people_and_generated_faces_together() -> None:
    scoring = Scoring(background=60)
    rows = np.concatenate([faces(34, 1, few=False), faces(6, 2, few=True)])
    snapshot = Gallery(ENCODER, WIDTH).fill(np.arange(len(rows)), rows)
    matcher = site(snapshot, scoring)
    fit = matcher.centroids.fit
    probes = np.concatenate([faces(3, 3, few=True), faces(3, 4, few=False)])
    nobody = fit.apply(generated(ENCODER, WIDTH, 60))
    found = matcher.identify(probes, ENCODER)
    for line, probe in enumerate(fit.apply(probes)):
        slow = slow_scores(matcher.centroids.vectors, nobody, probe)
        assert found.best[line] == int(np.argmax(slow))
        assert found.score[line] == pytest.approx(max(slow), abs=1e-5)
        claimed = matcher.verify(probes[line : line + 1], ENCODER, 5)
        assert claimed == pytest.approx(slow[5], abs=1e-5)


@pytest.mark.slow
@pytest.mark.usefixtures("shipped")
def test_short_cuts_give_what_building_gives_with_generated_faces_too() -> None:
    snapshot = mixed()
    gallery = Gallery(ENCODER, WIDTH).fill(np.arange(400), snapshot.rows)
    matcher = site(snapshot, SCORING)
    without = Gallery(ENCODER, WIDTH)
    without.fill(np.arange(399), snapshot.rows[:399])
    last = build_centroids(without.snapshot(), matcher.centroids.fit, SCORING)
    grown = updated_centroids(last, gallery)
    np.testing.assert_allclose(grown.cohort_term, matcher.centroids.cohort_term, atol=1e-6)
    # and where nobody has changed, nothing does
    same = updated_centroids(grown, gallery)
    np.testing.assert_array_equal(same.cohort_term, grown.cohort_term)
    # somebody compared by their templates scores as if they were enrolled, alone or many at once
    probes = faces(5, 6, few=True)
    single = build_matcher(without.snapshot(), matcher.centroids.fit, matcher.calibration)
    one_by_one = [single.compare(row[None], probes) for row in probes]
    assert np.allclose(single.pairwise(probes), np.stack(one_by_one), atol=1e-5)
    # and an impostor who is left out as in a gallery without them
    rows = np.array([399, 3])
    quick = left_out_scores(matcher.centroids, Listed(matcher.centroids), rows)
    slow = single.identify(snapshot.rows[399:], ENCODER)
    assert quick[0].max() == pytest.approx(float(slow.score[0]), abs=1e-5)


def test_what_is_generated_lies_as_what_was_measured(tmp_path: Path) -> None:
    real = np.concatenate([faces(1500, 11, few=False), faces(1000, 12, few=True)])
    save(measure(real, clusters=4, axes=20), tmp_path / "e.npz")
    made = load(tmp_path / "e.npz").generate(2500, seed=1)
    assert np.linalg.norm(made, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert made.mean(axis=0) == pytest.approx(real.mean(axis=0), abs=0.05)
    assert np.cov(made.T).trace() == pytest.approx(np.cov(real.T).trace(), rel=0.05)
    # both kinds are there, in their shares
    assert (made[:, 1] > 0.3).mean() == pytest.approx((real[:, 1] > 0.3).mean(), abs=0.05)


def test_an_encoder_without_any_has_cohorts_of_its_gallery_alone() -> None:
    assert generated("unheard-of/1", 8, 100).shape == (0, 8)
    assert generated("retail-0095/2", 8, 100).shape == (0, 8)  # another width
    nobody = build_background("unheard-of/1", no_whitening("unheard-of/1", 8), 100, 10)
    assert nobody.vectors.shape == (0, 8)
    assert nobody.cohort_term.shape == (0,)


@pytest.mark.parametrize(
    ("encoder", "width"),
    [("retail-0095", 256), ("faceplugin", 512), ("retail-0095+faceplugin", 768)],
)
def test_those_that_are_shipped_are_the_same_every_time(encoder: str, width: int) -> None:
    first = generated(encoder, width, 300)
    assert first.shape == (300, width)
    assert np.linalg.norm(first, axis=1) == pytest.approx(1.0, abs=1e-5)
    generated.cache_clear()
    assert np.array_equal(first, generated(encoder, width, 300))
