"""What frames are worth: distinct moments count, repetition does not."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.recognition import evidence
from gate.recognition.encoders import SimilarityStatistics
from gate.recognition.evidence import (
    ALIVE,
    ATTACK,
    LOOKS,
    MOMENTS,
    NOISE,
    SHARE,
    Gathered,
    Terms,
    asks_liveness,
    effective,
    gather,
    joined,
    judge,
    sharpened,
    terms_for,
)
from gate.recognition.face import Liveness, Vector, Verdict

STATISTICS = SimilarityStatistics(continues=0.68, apart=0.69)
TERMS = Terms(accept=6.9, reject=-4.6, margin=3.0, patience=2.0)
nats = st.floats(-8, 8)


def person(seed: int) -> Vector:
    vector = np.random.default_rng(seed).normal(size=64)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def view(of: Vector, noise: float, seed: int) -> Vector:
    """A picture of the person; two of them have the cosine 1 / (1 + noise²) on average."""
    seen = of + noise * person(10_000 + seed)
    return (seen / np.linalg.norm(seen)).astype(np.float32)


def all_of(vectors: list[Vector]) -> Gathered:
    seen = Gathered()
    for vector in vectors:
        seen = gather(seen, vector, STATISTICS)
    return seen


def test_a_still_picture_held_for_ten_seconds_is_one_frame() -> None:
    still = all_of([person(1)] * 100)
    assert still.frames == 100
    assert len(still.moments) == 1
    assert effective(still, STATISTICS) == pytest.approx(1.0)


def test_a_still_picture_with_the_noise_of_a_camera_hardly_more() -> None:
    still = all_of([view(person(1), 0.1, seed) for seed in range(100)])
    assert effective(still, STATISTICS) < 1.2


def test_different_moments_are_worth_more_than_one_frame() -> None:
    turning = all_of([view(person(1), 0.55, seed) for seed in range(10)])
    assert len(turning.moments) > 5
    assert effective(turning, STATISTICS) > 3


def test_the_probe_of_many_moments_is_nearer_the_person_than_any_frame() -> None:
    views = [view(person(1), 0.55, seed) for seed in range(10)]
    assert all_of(views).probe @ person(1) > max(v @ person(1) for v in views)


def test_no_more_moments_are_kept_than_allowed() -> None:
    assert len(all_of([view(person(1), 0.55, seed) for seed in range(60)]).moments) <= MOMENTS


def test_somebody_else_is_not_taken_in() -> None:
    seen = all_of([person(1)] * 3)
    after = gather(seen, person(2), STATISTICS)
    assert after.strange == 1
    assert after.moments == seen.moments
    assert gather(after, person(1), STATISTICS).strange == 0


def test_a_poor_frame_weighs_less() -> None:
    good, poor = view(person(1), 0.5, 1), view(person(1), 0.5, 2)
    seen = gather(gather(Gathered(), good, STATISTICS, 1.0), poor, STATISTICS, 0.1)
    assert seen.probe @ good > seen.probe @ poor


def test_a_frame_from_afar_hardly_moves_the_probe_once_there_is_a_near_one() -> None:
    near, far = view(person(1), 0.5, 1), view(person(1), 0.5, 2)
    seen = gather(gather(Gathered(), far, STATISTICS, 0.55), near, STATISTICS, 0.85)
    assert seen.probe @ near > 0.99
    # and the other way round: what came first is no matter
    again = gather(gather(Gathered(), near, STATISTICS, 0.85), far, STATISTICS, 0.55)
    assert again.probe @ near == pytest.approx(seen.probe @ near, abs=1e-6)


@given(nats, st.floats(0, 50))
def test_evidence_keeps_its_sign_and_never_grows_without_bound(ratio: float, n: float) -> None:
    sharp = sharpened(ratio, n)
    assert sharp * ratio >= 0
    assert abs(ratio) <= abs(sharp) + 1e-9
    assert abs(sharp) <= abs(ratio) / 0.75 + 1e-9


@given(nats, nats)
def test_liveness_never_adds_to_the_evidence(identity: float, live: float) -> None:
    both = joined(identity, Liveness("model", live, live > 0))
    assert both <= identity
    assert joined(identity, Liveness("off")) == identity


@given(nats, nats, nats)
@pytest.mark.slow
def test_the_more_alive_the_more_evidence(identity: float, a: float, b: float) -> None:
    low, high = sorted((a, b))
    effective_looks = [joined(identity, Liveness("model", score, True)) for score in (low, high)]
    assert effective_looks[0] <= effective_looks[1] + 1e-9


@given(nats, nats, st.integers(0, 30), st.floats(0, 60))
def test_a_door_is_opened_only_on_enough_evidence_and_a_second_look(
    evidence: float, second: float, looks: int, waited: float
) -> None:
    if judge(TERMS, evidence, second, looks, waited) is Verdict.KNOWN:
        assert evidence >= TERMS.accept
        assert evidence - second >= TERMS.margin
        assert looks >= 2


@given(nats, nats, st.integers(0, 30))
@pytest.mark.slow
def test_everybody_is_told_something_in_bounded_time(
    evidence: float, second: float, looks: int
) -> None:
    assert judge(TERMS, evidence, second, looks, TERMS.patience) is not Verdict.WAIT


@pytest.mark.parametrize(
    ("evidence", "second", "waited", "verdict"),
    [
        (7.5, -3, 0.1, Verdict.KNOWN),
        (7.5, 6, 0.1, Verdict.DOUBTFUL),  # two who are alike
        (3.0, -3, 0.1, Verdict.WAIT),
        (3.0, -3, 2.5, Verdict.DOUBTFUL),
        (-1.0, -3, 0.1, Verdict.WAIT),
        (-1.0, -3, 2.5, Verdict.UNKNOWN),
        (-6.0, -7, 0.1, Verdict.UNKNOWN),
    ],
)
def test_verdicts(evidence: float, second: float, waited: float, verdict: Verdict) -> None:
    assert judge(TERMS, evidence, second, looks=3, waited=waited) is verdict


def test_a_picture_held_up_is_an_attack_however_well_it_fits() -> None:
    shown = Liveness("model", -6.0, False)
    assert judge(TERMS, 8.0, -3, 3, 0.5, shown) is Verdict.ATTACK


LIMITS = Terms(accept=6.0, reject=-4.0, margin=2.0, patience=2.0)
STEP = 0.125
NOT_LIVE = Liveness("model", ATTACK + STEP, False)


@pytest.mark.parametrize(
    ("evidence", "second", "looks", "waited", "verdict"),
    [
        (6.0, 4.0, LOOKS, 0.0, Verdict.KNOWN),
        (6.0 - STEP, 0.0, LOOKS, 0.0, Verdict.WAIT),
        (6.0, 4.0 + STEP, LOOKS, 0.0, Verdict.DOUBTFUL),
        (6.0, 4.0, LOOKS - 1, 2.0 - STEP, Verdict.WAIT),
        (6.0, 4.0, LOOKS - 1, 2.0, Verdict.DOUBTFUL),
        (-4.0, -9.0, LOOKS, 0.0, Verdict.UNKNOWN),
        (-4.0 + STEP, -9.0, LOOKS, 0.0, Verdict.WAIT),
        (6.0 - STEP, 0.0, LOOKS, 2.0 - STEP, Verdict.WAIT),
        (6.0 - STEP, 0.0, LOOKS, 2.0, Verdict.DOUBTFUL),
        (STEP, 0.0, LOOKS, 2.0, Verdict.DOUBTFUL),
        (0.0, 0.0, LOOKS, 2.0, Verdict.UNKNOWN),
    ],
)
def test_the_verdict_at_each_bound(
    evidence: float, second: float, looks: int, waited: float, verdict: Verdict
) -> None:
    assert judge(LIMITS, evidence, second, looks, waited) is verdict


@pytest.mark.parametrize(
    ("liveness", "waited", "verdict"),
    [
        (Liveness("model", ATTACK, False), 0.0, Verdict.ATTACK),
        (NOT_LIVE, 0.0, Verdict.WAIT),
        (NOT_LIVE, 2.0 - STEP, Verdict.WAIT),
        (NOT_LIVE, 2.0, Verdict.DOUBTFUL),
        (Liveness("model", ATTACK, None), 0.0, Verdict.KNOWN),
        (Liveness("model", 3.0, True), 0.0, Verdict.KNOWN),
    ],
)
def test_the_verdict_on_a_face_that_fits_by_its_liveness(
    liveness: Liveness, waited: float, verdict: Verdict
) -> None:
    assert judge(LIMITS, 6.0, 0.0, LOOKS, waited, liveness) is verdict


@pytest.mark.parametrize(
    ("liveness", "expected"),
    [
        (Liveness("off", 1.0, True), True),
        (Liveness("model", -1.0, None), True),
        (Liveness("model", 1.0, True), False),
        (Liveness("model", -1.0, False), False),
    ],
)
def test_liveness_that_was_not_judged_takes_nothing_away(
    liveness: Liveness, expected: bool
) -> None:
    assert (joined(7.0, liveness) == 7.0) is expected


@pytest.mark.parametrize(
    ("identity", "frames", "strange", "liveness", "known", "asked"),
    [
        (9.0, LOOKS, 0, Liveness("model", 5.0, True), True, True),
        (9.0, LOOKS + 1, 0, Liveness("model", ALIVE, True), True, False),
        (9.0, LOOKS + 1, 0, Liveness("model", ALIVE - STEP, True), True, True),
        (9.0, LOOKS + 1, 0, Liveness("model", ALIVE, None), True, True),
        (9.0, LOOKS + 1, 0, Liveness("model", ALIVE, True), False, True),
        (9.0, LOOKS, 1, Liveness("model", 0.0, None), False, False),
        (-4.0, LOOKS + 1, 0, Liveness("model", ATTACK, False), False, True),
        (-4.0, LOOKS + 1, 0, Liveness("model", ATTACK + STEP, False), False, False),
        (-4.0 + STEP, LOOKS + 1, 0, Liveness("model", ATTACK + STEP, False), False, True),
    ],
)
def test_when_one_more_frame_is_looked_at_for_liveness(
    identity: float, frames: int, strange: int, liveness: Liveness, known: bool, asked: bool
) -> None:
    seen = Gathered(frames=frames, strange=strange)
    assert asks_liveness(LIMITS, identity, seen, liveness, known=known) is asked


def test_the_least_resemblance_that_continues_a_track() -> None:
    seen = gather(Gathered(), np.array([1.0, 0.0], np.float32), STATISTICS)
    edge = SimilarityStatistics(continues=0.5, apart=0.25)
    for cosine, taken in ((0.5, True), (0.4375, False)):
        other = np.array([cosine, (1 - cosine**2) ** 0.5], np.float32)
        after = gather(seen, other, edge)
        assert (after.strange, after.frames) == ((0, 2) if taken else (1, 1))


def test_the_least_resemblance_that_is_the_same_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "SAME_MOMENT", 0.75)
    similarity = SimilarityStatistics(continues=0.5, apart=0.0)
    seen = gather(Gathered(), np.array([1.0, 0.0], np.float32), similarity)
    for cosine, moments in ((0.75, 1), (0.6875, 2)):
        other = np.array([cosine, (1 - cosine**2) ** 0.5], np.float32)
        assert len(gather(seen, other, similarity).moments) == moments


def test_nothing_seen_is_worth_no_photograph() -> None:
    assert effective(Gathered(), STATISTICS) == 0.0


def test_the_bounds_follow_from_the_calibration_and_the_wished_rates() -> None:
    terms = terms_for(4.2, fnir=0.01, patience=2.0)
    assert terms.accept == 4.2
    assert terms.reject == pytest.approx(-4.605, abs=1e-3)
    assert terms_for(-1.0, fnir=0.01, patience=2.0).accept == 0.0


@pytest.mark.parametrize("noise", [0.1, NOISE, 0.4])
@pytest.mark.slow
def test_the_looks_of_one_passage_together_keep_the_wished_rate(noise: float) -> None:
    """Impostors whose score is a trait of the pair plus noise of each moment, unit variance."""
    wished, impostors, looks = 0.01, 100_000, MOMENTS
    random = np.random.default_rng(0)
    trait = random.normal(0, (1 - noise) ** 0.5, (impostors, 1))
    moments = trait + random.normal(0, noise**0.5, (impostors, looks))
    number = np.arange(1, looks + 1)
    scores = np.cumsum(moments, axis=1) / number  # of the mean of the moments so far

    ratios = 3.5 * scores - 3.5**2 / 2  # against mates who score 3.5 spreads higher
    needed = 3.5 * NormalDist().inv_cdf(1 - SHARE * wished) - 3.5**2 / 2
    evidence = ratios * np.array([sharpened(1.0, n) for n in number])
    ever = (evidence >= terms_for(needed, 0.01, 2.0).accept).any(axis=1)
    assert SHARE * wished < ever.mean() <= wished
