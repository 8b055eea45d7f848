"""Calibration: asked and came out, on galleries whose truth is known because they are made up."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gate.errors import RecognitionError
from gate.evaluation.synthetic_gallery import generate
from gate.recognition.face import Template
from gate.recognition.matching import impostors, site_calibration
from gate.recognition.matching.calibration import LLR_LIMIT, Calibration
from gate.recognition.matching.extreme_value import fit_tail
from gate.recognition.matching.gallery import Gallery, Snapshot
from gate.recognition.matching.impostors import simulate
from gate.recognition.matching.lookalikes import lookalikes
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.matching.scoring import Scoring, unit
from gate.recognition.matching.site_calibration import learn_matcher, learn_site, pack, unpack
from gate.recognition.matching.whitening import FEWEST

pytestmark = pytest.mark.slow

ENCODER, WIDTH = "retail-0095/fp16", 128


def people(count: int, seed: int) -> np.ndarray:
    """Raw vectors of different people of one place: a common mean, a few loud axes."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, WIDTH)) * np.geomspace(3, 0.6, WIDTH)
    rows[:, 0] += 2
    return unit(rows.astype(np.float32))


def photograph(of: np.ndarray, seed: int, noise: float = 0.04) -> np.ndarray:
    """Another photograph of each, float32 (n, d)."""
    random = np.random.default_rng(seed)
    return unit((of + noise * random.normal(size=of.shape)).astype(np.float32))


def gallery(rows: np.ndarray) -> Snapshot:
    made = Gallery(ENCODER, WIDTH)
    return made.add(Template(person, row, ENCODER) for person, row in enumerate(rows))


def learn(snapshot: Snapshot, **wished: float) -> Matcher:
    return build_matcher(snapshot, *learn_site(snapshot, made="2026-01-01", **wished))


def test_what_was_asked_comes_out() -> None:
    site = learn(gallery(people(800, 0)))
    scores = site.identify(people(20_000, 1), ENCODER).score
    for asked in (0.03, 0.01, 0.003):
        out = float((scores > site.calibration.threshold_at(asked)).mean())
        # on the safe side: the tail is taken for no lighter than exponential
        assert asked / 4 < out < asked * 1.5


def test_many_people_are_learnt_from_lists_as_from_all_pairs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    snapshot = gallery(people(900, 0))
    monkeypatch.setattr(impostors, "FOLDS", impostors.FOLDS_OF_MANY)
    pairs = learn(snapshot)
    monkeypatch.setattr(site_calibration, "MANY", 899)
    lists = learn_matcher(snapshot, made="2026-01-01")
    assert lists.calibration.threshold == pytest.approx(pairs.calibration.threshold, abs=1e-6)
    assert lists.calibration.fit == pairs.calibration.fit
    assert lists.centroids.near == pytest.approx(pairs.centroids.near, abs=1e-6)
    assert lists.centroids.near.shape == pairs.centroids.near.shape


def test_the_interval_holds_the_true_threshold() -> None:
    inside = 0
    for seed in range(12):
        site = learn(gallery(people(300, seed)))
        scores = site.identify(people(5000, 1000 + seed), ENCODER).score
        low, high = site.calibration.interval
        assert low < site.calibration.threshold < high
        inside += low < float(np.quantile(scores, 0.99)) < high
    assert inside >= 8


def test_people_enrolled_twice_do_not_spoil_it() -> None:
    rows = people(600, 0)
    twice = np.concatenate([rows, photograph(rows[:6], 5)])
    clean, spoilt = learn(gallery(rows)), learn(gallery(twice))
    assert spoilt.calibration.threshold == pytest.approx(clean.calibration.threshold, abs=0.04)
    found = lookalikes(spoilt)
    double = {(pair.one, pair.other) for pair in found if pair.double}
    assert double >= {(person, 600 + person) for person in range(6)}
    assert len(double) <= 8


@pytest.mark.parametrize("share", [0.05, 0.3, 1.0])
def test_a_table_imported_twice_keeps_nobody_out(share: float) -> None:
    rows = people(600, 0)
    again = photograph(rows[: round(600 * share)], 5)
    site = learn(gallery(np.concatenate([rows, again])))
    impostors = site.identify(people(10_000, 1), ENCODER).score
    assert 0.002 < (impostors > site.calibration.threshold).mean() < 0.02
    one = np.array([site.verify(p[None], ENCODER, 7)[0] for p in people(2000, 2)])
    assert (one > site.calibration.verify_threshold).mean() < 0.005
    come = site.identify(photograph(rows, 6), ENCODER).score
    assert (come > site.calibration.threshold).mean() > 0.98


def test_look_alikes_of_one_person_only() -> None:
    rows = people(200, 0)
    site = learn(gallery(np.concatenate([rows, photograph(rows[:2], 5)])))
    found = lookalikes(site, person=1)
    assert (found[0].one, found[0].other, found[0].double) == (1, 201, True)
    assert all(1 in (pair.one, pair.other) for pair in found)


def test_verification_has_its_own_threshold() -> None:
    rows = people(400, 0)
    site = learn(gallery(rows), fmr=0.001)
    assert site.calibration.verify_threshold < site.calibration.threshold
    claims = people(300, 3)
    scores = np.stack([site.verify(claims, ENCODER, person) for person in range(100)])
    assert 0.0002 < (scores > site.calibration.verify_threshold).mean() < 0.004


def test_evidence_never_falls_with_the_score_and_is_bounded() -> None:
    calibration = learn(gallery(people(400, 0))).calibration
    values = calibration.llr(np.linspace(-1, 2, 500))
    assert (np.diff(values) >= 0).all()
    assert abs(values).max() <= LLR_LIMIT
    assert values[0] < 0 < values[-1]


def test_a_calibration_of_an_earlier_version_is_read() -> None:
    """It had a second table, of a claimed person's evidence, that nothing used."""
    calibration = learn(gallery(people(400, 0))).calibration
    stored = json.loads(calibration.to_json()) | {"verify_ratios": list(calibration.ratios)}
    assert Calibration.from_json(json.dumps(stored)) == calibration


def test_a_stricter_wish_has_a_higher_threshold() -> None:
    calibration = learn(gallery(people(300, 0))).calibration
    strict, wished = calibration.threshold_at(0.001), calibration.threshold_at(0.01)
    assert strict > wished == calibration.threshold
    assert calibration.impostors.survival(strict) == pytest.approx(0.001)


def test_left_out_strangers_score_as_in_a_gallery_without_them() -> None:
    """The short cut against doing it: people taken out one by one."""
    snapshot = gallery(people(FEWEST - 1, 2))  # too few for a fit: folds do not matter
    scoring = Scoring(0.5, 3)
    quick = simulate(snapshot, scoring)
    for person in range(len(snapshot.people)):
        others = Gallery(ENCODER, WIDTH)
        others.add(
            Template(int(who), row, ENCODER)
            for who, row in zip(snapshot.people, snapshot.rows, strict=True)
            if who != person
        )
        rest = others.snapshot()
        cosines = rest.rows @ rest.rows.T
        np.fill_diagonal(cosines, -np.inf)
        cohort_term = -np.sort(-cosines, axis=1)[:, :3]
        adjusted = snapshot.rows[person] @ rest.rows.T - 0.5 * cohort_term.mean(axis=1)
        ranked = -np.sort(-adjusted)
        assert quick.highest[person] == pytest.approx(
            ranked[0] - 0.5 * ranked[1:4].mean(), abs=1e-5
        )
        assert quick.taken_for[person] == rest.people[adjusted.argmax()]


@pytest.mark.parametrize("count", [0, 1, 2, FEWEST - 1])
def test_a_small_site_goes_by_the_prior(count: int) -> None:
    snapshot = gallery(people(count, 0)) if count else Gallery(ENCODER, WIDTH).snapshot()
    site = learn(snapshot)
    assert site.calibration.fit == "none"
    assert site.calibration.scoring.weight == 0
    assert 0.3 < site.calibration.threshold < 0.95
    assert "UTKFace" in site.calibration.mates


@pytest.mark.parametrize("count", [FEWEST, 31, 40])
def test_the_smallest_fitted_site_works(count: int) -> None:
    site = learn(gallery(people(count, 0)))
    assert site.calibration.fit != "none"
    assert np.isfinite(site.calibration.threshold)
    rows = people(count, 0)
    assert np.array_equal(site.identify(rows, ENCODER).best, np.arange(count))


def test_it_is_reproducible() -> None:
    rows = people(120, 0)
    one, other = learn(gallery(rows)), learn(gallery(rows))
    assert one.calibration == other.calibration
    assert one.version == other.version


def test_it_says_when_the_gallery_has_outgrown_it() -> None:
    calibration = learn(gallery(people(100, 0))).calibration
    assert not calibration.outgrown(125)
    assert calibration.outgrown(126)


def test_one_of_an_earlier_score_is_learnt_again_and_stays_what_it_was_until_then() -> None:
    calibration = learn(gallery(people(100, 3))).calibration
    values = json.loads(calibration.to_json())
    del values["scoring"]["background"]  # as they were stored
    earlier = Calibration.from_json(json.dumps(values))
    assert earlier.scoring.background == 0
    assert not calibration.of_earlier_score
    assert earlier.of_earlier_score
    assert earlier.outgrown(100)
    assert not calibration.outgrown(100)
    assert earlier.version != calibration.version


def test_the_wished_rate_holds_in_a_gallery_that_has_grown_since() -> None:
    everybody = people(800, 0)
    small = learn(gallery(everybody[:100]))
    calibration = small.calibration
    grown = build_matcher(gallery(everybody), small.centroids.fit, calibration)
    scores = grown.identify(people(20_000, 1), ENCODER).score
    out = float((scores > calibration.threshold_at(calibration.asked_of(800))).mean())
    asked = calibration.fpir
    assert out < 1.5 * asked
    assert float((scores > calibration.threshold).mean()) > 2 * asked, "it would not by itself"
    assert calibration.asked_of(0) == calibration.asked_of(100) == asked


def test_it_survives_storing() -> None:
    snapshot = gallery(people(50, 0))
    fit, calibration = learn_site(snapshot, made="2026-01-01")
    assert Calibration.from_json(calibration.to_json()) == calibration
    again, same = unpack(pack(fit, calibration))
    assert same == calibration
    assert again.version == fit.version
    assert np.array_equal(again.apply(snapshot.rows), fit.apply(snapshot.rows))


@pytest.mark.parametrize("damaged", [b"", b"nonsense", b"PK\x03\x04cut"])
def test_damaged_storage_is_a_named_error(damaged: bytes) -> None:
    with pytest.raises(RecognitionError, match="cannot be read"):
        unpack(damaged)


def test_a_damaged_calibration_is_a_named_error() -> None:
    with pytest.raises(RecognitionError, match="calibration cannot be read"):
        Calibration.from_json("{}")


def test_the_tail_of_an_exponential_is_found() -> None:
    sample = np.random.default_rng(0).exponential(0.05, 5000)
    tail = fit_tail(sample)
    for share in (0.01, 0.001, 0.0001):
        assert tail.quantile(share) == pytest.approx(-0.05 * np.log(share), rel=0.08)


def test_what_lies_above_the_censoring_does_not_move_the_tail() -> None:
    sample = np.random.default_rng(0).exponential(0.05, 5000)
    spoilt = sample.copy()
    spoilt[np.argsort(spoilt)[-100:]] = 9.0
    assert fit_tail(spoilt) == fit_tail(sample)


@pytest.mark.parametrize("people", [30, 50, 100])
def test_one_person_enrolled_twice_does_not_move_the_tail_of_a_small_gallery(people: int) -> None:
    sample = np.random.default_rng(people).gumbel(0.15, 0.03, people)
    spoilt = np.sort(sample)
    spoilt[-2:] = 0.9
    assert fit_tail(spoilt) == fit_tail(sample)
    assert fit_tail(spoilt).quantile(0.01) < 0.5


@pytest.mark.parametrize("count", [33, 60])
def test_a_site_just_large_enough_for_a_fit_keeps_strangers_out(count: int) -> None:
    rates = []
    for seed in range(6):
        rows = generate(count + 3000, "dlib", seed=seed)
        site = learn(
            Gallery("dlib/1", 128).add(
                Template(i, row, "dlib/1") for i, row in enumerate(rows[:count])
            )
        )
        scores = site.identify(rows[count:], "dlib/1").score
        rates.append(float((scores > site.calibration.threshold).mean()))
    assert np.mean(rates) < 0.04, rates
