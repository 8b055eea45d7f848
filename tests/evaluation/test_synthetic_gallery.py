"""Templates of people who do not exist must not make the gate's work easier than life."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from gate.errors import RecognitionError
from gate.evaluation import synthetic_gallery as generate_module
from gate.evaluation.synthetic_gallery import (
    SHAPES,
    generate,
    generate_templates,
    load,
    measure,
    save,
)
from gate.recognition.encoders.encoder import unit_rows
from gate.recognition.face import Vector

pytestmark = pytest.mark.slow

ENCODERS = sorted(SHAPES)
BOTH = "retail-0095+faceplugin"
DIMENSION = {"dlib": 128, "retail-0095": 256, "faceplugin": 512, BOTH: 768}
# scores of two different people of LFW: mean, deviation, quantile 1 - 1e-4 (docs/demo.md)
REAL = {
    "dlib": (0.837, 0.035, 0.943),
    "retail-0095": (0.006, 0.095, 0.431),
    "faceplugin": (0.006, 0.096, 0.408),
    BOTH: (0.006, 0.089, 0.401),
}
# an impostor's best score among 1,437 people of LFW: median, and what 1 in 10 exceed
BEST = {
    "dlib": (0.929, 0.941),
    "retail-0095": (0.364, 0.437),
    "faceplugin": (0.358, 0.416),
    BOTH: (0.346, 0.409),
}


@pytest.mark.parametrize("encoder", ENCODERS)
def test_rows_are_unit_vectors_of_the_encoders_size(encoder: str) -> None:
    rows = generate(50, encoder)
    assert rows.shape == (50, DIMENSION[encoder])
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


def test_the_same_seed_gives_the_same_people_and_another_seed_others() -> None:
    assert np.array_equal(generate(20, "dlib", seed=3), generate(20, "dlib", seed=3))
    assert not np.array_equal(generate(20, "dlib", seed=3), generate(20, "dlib", seed=4))


@pytest.mark.parametrize("encoder", ENCODERS)
def test_two_generated_people_resemble_each_other_as_much_as_two_real_ones(encoder: str) -> None:
    rows = generate(2000, encoder)
    scores = (rows[:1000] @ rows[1000:].T).ravel()
    mean, deviation, tail = REAL[encoder]
    assert abs(scores.mean() - mean) < 0.01
    assert 0.9 * deviation < scores.std() < 1.3 * deviation
    assert np.quantile(scores, 0.9999) > tail


@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_best_of_many_scores_of_a_generated_stranger_is_that_of_a_real_one(
    encoder: str,
) -> None:
    rows = generate(2 * 1437, encoder)
    best = (rows[1437:] @ rows[:1437].T).max(axis=1)
    deviation = REAL[encoder][1]
    # thresholds are calibrated on this; a little too strict is better than too lax
    for found, real in zip(np.quantile(best, (0.5, 0.9)), BEST[encoder], strict=True):
        assert -0.1 * deviation < found - real < 0.4 * deviation


def test_random_directions_would_have_been_easier_than_life() -> None:
    random = np.random.default_rng(0).standard_normal((2000, 256))
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    scores = (random[:1000] @ random[1000:].T).ravel()
    assert np.quantile(scores, 0.9999) < REAL["retail-0095"][2] - 0.15


def test_templates_are_labelled_generated_and_numbered() -> None:
    templates = generate_templates(100, 3, "retail-0095/fp16")
    assert [t.person for t in templates] == [100, 101, 102]
    assert {t.label for t in templates} == {"generated"}
    assert {t.encoder for t in templates} == {"retail-0095/fp16"}


def test_the_spread_of_an_unknown_encoder_can_be_measured_on_real_templates() -> None:
    random = np.random.default_rng(1)
    real = random.standard_normal((400, 32)) * np.linspace(2, 0.2, 32) + 1
    real = (real / np.linalg.norm(real, axis=1, keepdims=True)).astype(np.float32)
    made = generate(2000, "another/1", like=real)
    assert np.abs(made.mean(axis=0) - real.mean(axis=0)).max() < 0.06
    between = (real[:200] @ real[200:].T).std(), (real[:200] @ made.T).std()
    assert between[1] == pytest.approx(between[0], rel=0.1)


def test_an_unknown_encoder_without_real_templates_is_refused_by_name() -> None:
    with pytest.raises(RecognitionError, match="another"):
        generate(10, "another/1")


def test_too_few_real_templates_are_refused() -> None:
    with pytest.raises(RecognitionError, match="too few"):
        measure(np.eye(10, dtype=np.float32))


def test_a_spread_survives_being_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = load("dlib")
    save(kept, tmp_path / "dlib.npz")
    monkeypatch.setattr(generate_module, "FOLDER", tmp_path)
    again = load("dlib")
    assert np.allclose(again.axes @ again.axes.T, np.eye(len(again.axes)), atol=1e-5)
    assert np.allclose(again.mean, kept.mean, atol=1e-3)


@pytest.fixture(scope="module")
def real() -> Callable[[str], Vector]:
    """Templates of 200 people of LFW; the joined encoder's hold those of its two parts."""
    from research.synthetic_spread import real_templates

    @cache
    def templates(encoder: str) -> Vector:
        return real_templates(encoder, people=200)

    def of(encoder: str) -> Vector:
        if encoder not in BOTH.split("+"):
            return templates(encoder)
        width = DIMENSION[BOTH.split("+")[0]]
        both = templates(BOTH)
        return unit_rows(both[:, :width] if BOTH.startswith(encoder) else both[:, width:])

    return of


@pytest.mark.data
@pytest.mark.soak  # the shipped shapes change seldom, and nobody is let in by them
@pytest.mark.skipif(
    not (os.environ.get("GATE_LFW_DIR") and os.environ.get("GATE_MODELS_DIR")),
    reason="GATE_LFW_DIR and GATE_MODELS_DIR name the measuring data",
)
@pytest.mark.parametrize("encoder", ENCODERS)
def test_real_probes_score_against_generated_people_as_against_real_ones(
    real: Callable[[str], Vector], encoder: str
) -> None:
    from research.synthetic_spread import compare

    rows = real(encoder)
    assert rows.shape[1] == DIMENSION[encoder]
    living, made = compare(rows, encoder)
    assert abs(living.mean - made.mean) < 0.02
    assert made.deviation == pytest.approx(living.deviation, rel=0.12)
    # one in a thousand pairs; rarer ones need more people than a test has time for
    assert abs(living.quantiles[0.999] - made.quantiles[0.999]) < 0.5 * living.deviation
