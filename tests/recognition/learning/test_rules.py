"""What a card may teach: each rule alone decides something here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from gate.recognition.encoders.encoder import SimilarityStatistics
from gate.recognition.face import Template
from gate.recognition.learning.rules import (
    Addition,
    Known,
    Look,
    Outcome,
    Refusal,
    addition,
    agree,
    contradicted,
    enrolment,
    resembled,
)
from gate.recognition.learning.settings import LearningSettings
from gate.recognition.matching.calibration import Calibration
from gate.recognition.matching.extreme_value import Tail
from gate.recognition.matching.gallery import Gallery
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.matching.scoring import Scoring, unit
from gate.recognition.matching.whitening import no_whitening

WIDTH, ENCODER = 128, "e/1"
MONDAY = date(2026, 3, 2)
SETTINGS = LearningSettings(enabled=True)
SIMILARITY = SimilarityStatistics(continues=0.3, apart=0.5)
THRESHOLD, VERIFY = 0.5, 0.4


def person(seed: int) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(1, WIDTH)).astype(np.float32))[0]


def seen(mean: np.ndarray, seed: int, noise: float = 0.6) -> np.ndarray:
    """A picture of somebody: cosine with their mean about 0.86, among themselves 0.74."""
    other = np.random.default_rng(1000 + seed).normal(size=WIDTH).astype(np.float32)
    other -= (other @ mean) * mean
    return unit((mean + noise * other / np.linalg.norm(other))[None])[0].astype(np.float32)


def site(**enrolled: list[np.ndarray]) -> Matcher:
    """A gate that knows people 100… and those given, as ``p7=[…]``."""
    gallery = Gallery(ENCODER, WIDTH)
    gallery.add(Template(100 + i, person(500 + i), ENCODER) for i in range(20))
    for name, rows in enrolled.items():
        gallery.add(Template(int(name[1:]), row, ENCODER) for row in rows)
    fit, tail = no_whitening(ENCODER, WIDTH), Tail(0.1, 0.2, 0.05)
    calibration = Calibration(
        ENCODER, fit.version, 1, "", Scoring(0.0), 0.01, THRESHOLD, (0.2, 0.4), 0.001, VERIFY,
        tail, tail, (0.0, 1.0), (-1.0, 8.0), "made up",
    )  # fmt: skip
    return build_matcher(gallery.snapshot(), fit, calibration)


def looks(mean: np.ndarray, count: int, days: int = 2, first: int = 0) -> list[Look]:
    return [
        Look(first + i, seen(mean, first + i), MONDAY + timedelta(days=i % days), 0.5 + 0.01 * i)
        for i in range(count)
    ]


ANN, BOB = person(1), person(2)


def test_five_passages_on_two_days_enrol():
    found = enrolment(looks(ANN, 5), site(), 7, SETTINGS)
    assert (found.outcome, found.looks) == (Outcome.ENROL, (0, 1, 2, 3, 4))


def test_of_more_the_best_five_are_kept():
    assert enrolment(looks(ANN, 8), site(), 7, SETTINGS).looks == (3, 4, 5, 6, 7)


def test_four_passages_are_too_few():
    assert enrolment(looks(ANN, 4), site(), 7, SETTINGS).outcome is Outcome.WAIT


def test_one_day_is_too_few():
    assert enrolment(looks(ANN, 20, days=1), site(), 7, SETTINGS).outcome is Outcome.WAIT


def test_one_passage_of_somebody_else_stops_it():
    mixed = [*looks(ANN, 19), Look(50, seen(BOB, 50), MONDAY)]
    assert enrolment(mixed, site(), 7, SETTINGS).outcome is Outcome.MIXED


def test_a_card_shared_by_two_teaches_nothing():
    shared = [*looks(ANN, 5), *looks(BOB, 5, first=20)]
    assert enrolment(shared, site(), 7, SETTINGS).outcome is Outcome.MIXED


def test_somebody_enrolled_is_not_enrolled_under_another_name():
    known = site(p8=[seen(ANN, 90), seen(ANN, 91)])
    found = enrolment(looks(ANN, 5), known, 7, SETTINGS)
    assert (found.outcome, found.other) == (Outcome.RESEMBLES, 8)


def test_a_likeness_that_only_their_mean_shows_counts():
    noisy = [Look(i, seen(ANN, i, noise=1.2), MONDAY + timedelta(i % 2)) for i in range(12)]
    known = site(p8=[seen(ANN, 90, noise=1.25)])
    assert all(resembled(look.vector, known, 7) is None for look in noisy)
    assert enrolment(noisy, known, 7, SETTINGS).outcome is Outcome.RESEMBLES


def test_the_first_of_all_can_be_learnt_from_a_card():
    gallery = Gallery(ENCODER, WIDTH)
    some = site()
    nobody = build_matcher(gallery.snapshot(), some.centroids.fit, some.calibration)
    assert enrolment(looks(ANN, 5), nobody, 7, SETTINGS).outcome is Outcome.ENROL


def test_another_face_twice_contradicts_what_was_learnt():
    learnt = np.stack([look.vector for look in looks(ANN, 5)])
    known = site(p7=list(learnt))
    once, twice = looks(BOB, 1, first=30), looks(BOB, 2, first=30)
    assert not contradicted(once, learnt, known, 7)
    assert contradicted(twice, learnt, known, 7)


def test_poor_pictures_that_agree_with_nobody_contradict_nothing():
    learnt = np.stack([look.vector for look in looks(ANN, 5)])
    strangers = [Look(i, person(800 + i), MONDAY) for i in range(4)]
    assert not contradicted(strangers, learnt, site(p7=list(learnt)), 7)


def test_their_own_face_contradicts_nothing():
    learnt = np.stack([look.vector for look in looks(ANN, 5)])
    assert not contradicted(looks(ANN, 5, first=40), learnt, site(p7=list(learnt)), 7)


def known_as(rows: list[np.ndarray], added: list[np.ndarray]) -> list[Known]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    first = [Known(i, row) for i, row in enumerate(rows)]
    return first + [Known(10 + i, row, start + timedelta(days=i)) for i, row in enumerate(added)]


def added(vector, templates, matcher, settings=SETTINGS) -> Addition:
    return addition(vector, templates, matcher, 7, SIMILARITY, settings)


OTHERS = np.linalg.qr(np.stack([person(500 + i) for i in range(20)]).T)[0]


def apart(vector: np.ndarray) -> np.ndarray:
    """The same without what it has in common with anybody the gate knows."""
    return unit((vector - OTHERS @ (OTHERS.T @ vector))[None])[0].astype(np.float32)


def calmer(mean: np.ndarray, seed: int) -> np.ndarray:
    """A new picture that brings the person nearer to nobody."""
    return apart(seen(apart(mean), seed, 0.8))


FIRST = [apart(seen(ANN, 70, 0.5)), apart(seen(ANN, 71, 0.5))]


def test_a_face_that_shows_something_new_is_added():
    assert added(calmer(ANN, 72), known_as(FIRST, []), site(p7=FIRST)) == Addition()


def test_somebody_elses_face_is_not_added():
    assert added(seen(BOB, 1), known_as(FIRST, []), site(p7=FIRST)).refused is Refusal.UNLIKE


def test_a_face_like_an_addition_only_is_not_added():
    """A chain of additions does not lead away from those the person was enrolled with."""
    strayed = [seen(BOB, 5), seen(BOB, 6)]
    known = site(p7=[*FIRST, *strayed])
    assert added(seen(BOB, 7), known_as(FIRST, strayed), known).refused is Refusal.UNLIKE


def test_a_familiar_face_is_not_added():
    nearly = unit((FIRST[0] + 0.1 * calmer(ANN, 72))[None])[0]
    assert added(nearly, known_as(FIRST, []), site(p7=FIRST)).refused is Refusal.FAMILIAR


def test_a_face_that_brings_them_nearer_to_somebody_is_not_added():
    towards = unit((ANN + 0.5 * person(503))[None])[0].astype(np.float32)
    known = site(p7=FIRST)
    assert resembled(towards, known, 7) is None
    assert added(towards, known_as(FIRST, []), known).refused is Refusal.NEARER


def test_one_face_agrees_with_nobody():
    assert not agree(ANN[None], site())


def test_of_two_who_are_alike_no_look_taken_for_the_other_is_added():
    """Although it brings them no nearer than they were when they were enrolled."""
    alike = unit((ANN + 0.62 * person(503))[None])[0]
    first = [unit((alike + 0.1 * apart(person(60 + i)))[None])[0] for i in range(2)]
    look = unit((alike + 0.3 * apart(person(64)))[None])[0]
    known = site(p7=first)
    assert known.nearest_other(np.stack([*first, look]), 7) < known.nearest_other(
        np.stack(first), 7
    )
    assert added(look, known_as(first, []), known).refused is Refusal.NEARER


def test_a_face_taken_for_somebody_else_is_not_added():
    both = unit((ANN + 0.9 * person(503))[None])[0].astype(np.float32)
    known = site(p7=FIRST)
    assert resembled(both, known, 7) == 103
    assert added(both, known_as(FIRST, []), known).refused is Refusal.NEARER


def test_only_a_few_are_added_and_the_least_useful_goes():
    more = [calmer(ANN, 80), calmer(ANN, 81)]
    double = unit((more[0] + 0.15 * calmer(ANN, 86))[None])[0].astype(np.float32)
    templates = known_as(FIRST, [*more, double])
    known = site(p7=[one.vector for one in templates])
    found = added(calmer(ANN, 83), templates, known)
    assert found.refused is None
    assert found.drop == 10  # it and its double show the same: the older goes


def test_one_that_is_less_useful_than_all_of_them_is_not_added():
    more = [calmer(ANN, 80), calmer(ANN, 81), calmer(ANN, 82)]
    templates = known_as(FIRST, more)
    known = site(p7=[one.vector for one in templates])
    close = unit((more[0] + 1.5 * calmer(ANN, 85))[None])[0].astype(np.float32)
    assert added(close, templates, known).refused is Refusal.LESS_USEFUL


@pytest.mark.parametrize("most", [0])
def test_a_site_may_add_none(most):
    settings = SETTINGS.model_copy(update={"most": most})
    refused = added(calmer(ANN, 72), known_as(FIRST, []), site(p7=FIRST), settings).refused
    assert refused is Refusal.LESS_USEFUL
