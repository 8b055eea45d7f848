"""Who is it: against a slow reference, while people come and go, and with wrong parts."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import RecognitionError
from gate.recognition.face import Template
from gate.recognition.matching.calibration import Calibration
from gate.recognition.matching.extreme_value import Tail
from gate.recognition.matching.gallery import Gallery, Snapshot
from gate.recognition.matching.lookalikes import lookalikes
from gate.recognition.matching.matcher import NOBODY, Matcher, build_matcher
from gate.recognition.matching.scoring import Scoring, unit
from gate.recognition.matching.whitening import Whitening, fit_whitening, no_whitening
from tests.effort import examples

WIDTH, ENCODER = 12, "e/1"


def calibration(fit: Whitening, scoring: Scoring, encoder: str = ENCODER) -> Calibration:
    tail = Tail(0.1, 0.2, 0.05)
    return Calibration(
        encoder, fit.version, 1, "", scoring, 0.01, 0.3, (0.2, 0.4), 0.001, 0.2, tail, tail,
        (0.0, 1.0), (-1.0, 8.0), "made up",
    )  # fmt: skip


def matcher(gallery: Snapshot, fit: Whitening, before: Matcher | None = None) -> Matcher:
    return build_matcher(gallery, fit, calibration(fit, Scoring(0.5, 4)), before)


def faces(count: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, WIDTH)).astype(np.float32)
    rows[:, 0] += 1.5
    return unit(rows)


def enrolled(counts: list[int], seed: int = 0) -> Gallery:
    gallery, at = Gallery(ENCODER, WIDTH), 0
    rows = faces(sum(counts), seed)
    for person, count in enumerate(counts):
        gallery.add(Template(10 + person, rows[at + i], ENCODER) for i in range(count))
        at += count
    return gallery


def slowly(gallery: Snapshot, fit: Whitening, probe: np.ndarray) -> list[tuple[float, int]]:
    """The score as score.py describes it, one person at a time, best first."""
    weight, nearest = 0.5, 4
    vectors = {}
    for person in gallery.people.tolist():
        mean = fit.apply(gallery.rows_of(person)).astype(np.float64).sum(axis=0)
        vectors[person] = mean / np.linalg.norm(mean)
    face = fit.apply(probe[None])[0].astype(np.float64)
    adjusted = {}
    for person, vector in vectors.items():
        others = sorted(
            (float(vector @ other) for who, other in vectors.items() if who != person),
            reverse=True,
        )[:nearest]
        cohort_term = sum(others) / len(others) if others else 0.0
        adjusted[person] = float(face @ vector) - weight * cohort_term
    ranked = sorted(((score, person) for person, score in adjusted.items()), reverse=True)
    rest = [score for score, _ in ranked[1 : nearest + 1]]
    cohort_term = sum(rest) / len(rest) if rest else 0.0
    return [(score - weight * cohort_term, person) for score, person in ranked]


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=45), st.integers(0, 5), st.booleans())
def test_it_equals_the_slow_reference(counts: list[int], seed: int, fitted: bool) -> None:
    gallery = enrolled(counts, seed).snapshot()
    fit = fit_whitening(gallery) if fitted else no_whitening(ENCODER, WIDTH)
    probes = faces(3, seed + 99)
    found = matcher(gallery, fit).identify(probes, ENCODER)
    for number, probe in enumerate(probes):
        ranked = slowly(gallery, fit, probe)
        assert found.score[number] == pytest.approx(ranked[0][0], abs=2e-5)
        assert found.best[number] == ranked[0][1]
        if len(ranked) > 1:
            assert found.second_score[number] == pytest.approx(ranked[1][0], abs=2e-5)
            assert found.second[number] == ranked[1][1]
        else:
            assert found.second[number] == NOBODY


@settings(max_examples=examples(30), deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["add", "more", "remove"]), st.integers(0, 39)), max_size=15)
)
@pytest.mark.slow
def test_people_coming_and_going_give_what_building_anew_gives(
    steps: list[tuple[str, int]],
) -> None:
    gallery = enrolled([1, 2, 3] * 10)
    fit = fit_whitening(gallery.snapshot())
    now, probes = matcher(gallery.snapshot(), fit), faces(5, 7)
    for number, (what, person) in enumerate(steps):
        if what == "remove":
            gallery.remove(10 + person)
        else:
            who = 10 + person if what == "more" else 500 + number
            gallery.add([Template(who, faces(1, 1000 + number)[0], ENCODER)])
        now = matcher(gallery.snapshot(), fit, now)
        rebuilt = matcher(gallery.snapshot(), fit)
        one, other = now.identify(probes, ENCODER), rebuilt.identify(probes, ENCODER)
        assert np.array_equal(one.best, other.best)
        assert one.score == pytest.approx(other.score, abs=2e-6)
        assert one.second_score == pytest.approx(other.second_score, abs=2e-6)


def test_an_empty_gallery_knows_nobody() -> None:
    gallery = Gallery(ENCODER, WIDTH)
    empty = matcher(gallery.snapshot(), no_whitening(ENCODER, WIDTH))
    found = empty.identify(faces(2, 0), ENCODER)
    assert found.best.tolist() == [NOBODY, NOBODY]
    assert np.isneginf(found.score).all()


def test_everybody_is_found_by_their_own_template() -> None:
    gallery = enrolled([1] * 60).snapshot()
    found = matcher(gallery, fit_whitening(gallery)).identify(gallery.rows, ENCODER)
    assert np.array_equal(found.best, gallery.people)


def test_verification_gives_the_score_of_the_claimed_person() -> None:
    gallery = enrolled([2] * 40).snapshot()
    ready, probes = matcher(gallery, fit_whitening(gallery)), faces(4, 3)
    found = ready.identify(probes, ENCODER)
    for number in range(4):
        claimed = int(found.best[number])
        assert ready.verify(probes, ENCODER, claimed)[number] == found.score[number]
        assert ready.verify(probes, ENCODER, 10)[number] <= found.score[number]


def test_probes_of_another_encoder_are_refused() -> None:
    gallery = enrolled([1, 1]).snapshot()
    ready = matcher(gallery, no_whitening(ENCODER, WIDTH))
    with pytest.raises(RecognitionError, match="encoded by 'f/1'"):
        ready.identify(faces(1, 0), "f/1")
    with pytest.raises(RecognitionError, match="encoded by 'f/1'"):
        ready.verify(faces(1, 0), "f/1", 10)


def test_a_claimed_person_without_a_face_is_a_named_error() -> None:
    ready = matcher(enrolled([1, 1]).snapshot(), no_whitening(ENCODER, WIDTH))
    with pytest.raises(RecognitionError, match="no face enrolled"):
        ready.verify(faces(1, 0), ENCODER, 999)


def test_parts_that_do_not_belong_together_are_refused() -> None:
    gallery = enrolled([1] * 40).snapshot()
    fit, none = fit_whitening(gallery), no_whitening(ENCODER, WIDTH)
    with pytest.raises(RecognitionError, match="calibration was made for the fit"):
        build_matcher(gallery, fit, calibration(none, Scoring()))
    with pytest.raises(RecognitionError, match="is for the encoder"):
        build_matcher(gallery, no_whitening("f/1", WIDTH), calibration(none, Scoring()))
    with pytest.raises(RecognitionError, match="is for the encoder"):
        build_matcher(gallery, none, calibration(none, Scoring(), "f/1"))


@pytest.mark.slow
def test_every_answer_is_of_a_gallery_and_a_fit_that_existed_together() -> None:
    """10,000 matches while people come and go and the fit changes."""
    gallery = enrolled([1, 2] * 30)
    published = [matcher(gallery.snapshot(), fit_whitening(gallery.snapshot()))]
    every, probe, stop = [published[0]], faces(1, 4), threading.Event()

    def change() -> None:
        random = np.random.default_rng(1)
        while not stop.is_set() and len(every) < 400:
            person = int(random.integers(10, 90))
            if not gallery.remove(person).people.size or random.random() < 0.6:
                gallery.add([Template(person, faces(1, person)[0], ENCODER)])
            refit = random.random() < 0.3
            fit = fit_whitening(gallery.snapshot()) if refit else published[0].centroids.fit
            made = matcher(gallery.snapshot(), fit, published[0])
            every.append(made)
            published[0] = made  # one assignment: readers see the old or the new

    writer = threading.Thread(target=change)
    writer.start()
    try:
        answers = []
        for _ in range(10_000):
            used = published[0]
            found = used.identify(probe, ENCODER)
            answers.append((used, int(found.best[0]), float(found.score[0])))
    finally:
        stop.set()
        writer.join()
    truth = {id(made): made.identify(probe, ENCODER) for made in every}
    assert len({id(used) for used, _, _ in answers}) > 1
    for used, best, score in answers:
        assert best == truth[id(used)].best[0]
        assert score == truth[id(used)].score[0]
    for made in every[:: max(1, len(every) // 10)]:
        ranked = slowly(made.centroids.gallery, made.centroids.fit, probe[0])
        assert truth[id(made)].score[0] == pytest.approx(ranked[0][0], abs=2e-5)


def test_a_small_site_forgets_whoever_is_deleted_in_the_lists_of_others_too() -> None:
    rows = faces(6, 0)
    rows[5] = rows[4]
    gallery = Gallery(ENCODER, rows.shape[1])
    whole = gallery.add(Template(i + 1, row, ENCODER) for i, row in enumerate(rows))
    fit = no_whitening(ENCODER, rows.shape[1])
    left = gallery.remove(6)
    after = matcher(left, fit, matcher(whole, fit))
    rebuilt = matcher(left, fit)
    assert 6 not in after.centroids.near_people
    np.testing.assert_array_equal(after.centroids.near_people, rebuilt.centroids.near_people)
    np.testing.assert_array_equal(after.centroids.near, rebuilt.centroids.near)
    assert lookalikes(after) == lookalikes(rebuilt)


@pytest.mark.parametrize("counts", [[1] * 40, [3, 1, 2] * 12, [2], [1, 1]])
def test_somebody_compared_by_templates_scores_as_if_enrolled(counts: list[int]) -> None:
    gallery = enrolled(counts).snapshot()
    fit = fit_whitening(gallery) if len(counts) >= 30 else no_whitening(ENCODER, WIDTH)
    made, probes = matcher(gallery, fit), faces(7, 5)
    expected = made.verify(probes, ENCODER, 10)
    found = made.compare(gallery.rows_of(10), probes, without=10)
    assert np.allclose(found, expected, atol=1e-5)


def test_the_nearest_other_is_anybody_but_the_person() -> None:
    gallery = enrolled([1] * 5).snapshot()
    made = matcher(gallery, no_whitening(ENCODER, WIDTH))
    rows = made.centroids.vectors
    assert made.nearest_other(gallery.rows_of(10), 10) == pytest.approx((rows[1:] @ rows[0]).max())
    assert made.nearest_other(gallery.rows_of(11), 10) == pytest.approx(1.0)
    alone = matcher(enrolled([1]).snapshot(), no_whitening(ENCODER, WIDTH))
    assert alone.nearest_other(gallery.rows_of(10), 10) == -1.0


@pytest.mark.parametrize("counts", [[1] * 40, [2], [1, 1], []])
def test_all_pairs_at_once_score_as_one_by_one(counts: list[int]) -> None:
    gallery = enrolled(counts).snapshot() if counts else Gallery(ENCODER, WIDTH).snapshot()
    fit = fit_whitening(gallery) if len(counts) >= 30 else no_whitening(ENCODER, WIDTH)
    made, probes = matcher(gallery, fit), faces(9, 5)
    one_by_one = np.stack([made.compare(row[None], probes) for row in probes])
    assert np.allclose(made.pairwise(probes), one_by_one, atol=1e-5)


def test_nothing_of_a_matcher_of_another_fit_is_used_again() -> None:
    gallery = enrolled([1] * 40).snapshot()
    plain, fit = no_whitening(ENCODER, WIDTH), fit_whitening(gallery)
    after, built = matcher(gallery, fit, matcher(gallery, plain)), matcher(gallery, fit)
    probes = faces(5, 3)
    found, expected = after.identify(probes, ENCODER), built.identify(probes, ENCODER)
    assert np.array_equal(found.score, expected.score)
