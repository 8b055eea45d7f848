"""The ways of scoring that are compared: the usual recipe, plain cosines, the product's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gate.evaluation.metrics import Outcome
from gate.evaluation.protocols import Entry, Trial
from gate.recognition.face import Template, Vector
from gate.recognition.matching.calibration import Calibration
from gate.recognition.matching.gallery import Gallery, Snapshot
from gate.recognition.matching.matcher import build_matcher
from gate.recognition.matching.scoring import unit
from gate.recognition.matching.site_calibration import learn_site

_CHUNK = 1024


def probes_of(vectors: Vector, entries: Sequence[Entry]) -> Vector:
    """One unit vector a probe, float32 (n, d): the mean of its photographs."""
    return unit(np.stack([vectors[list(rows)].mean(axis=0) for _, rows in entries]))


def gallery_of(vectors: Vector, trial: Trial, encoder: str) -> Snapshot:
    """The trial's gallery; people are numbered in its order.

    Args:
        vectors: float32 (photographs, d), unit rows; the trial names its rows by number.
    """
    gallery = Gallery(encoder, vectors.shape[1])
    return gallery.add(
        Template(person, vectors[row], encoder)
        for person, (_, rows) in enumerate(trial.gallery)
        for row in rows
    )


def site(
    vectors: Vector,
    trial: Trial,
    encoder: str,
    asked: Sequence[float] = (),
    **settings: Any,
) -> tuple[Outcome, dict[float, float], Calibration]:
    """As the gate does it, with whitening and calibration learnt from the trial's gallery.

    Args:
        vectors: float32 (photographs, d), unit rows.
        asked: FPIRs (shares, 0..1) whose thresholds are wanted.
        settings: of ``learn_site``, to try other values than the product's.

    Returns:
        The outcome, the threshold (dimensionless) for each FPIR asked for, and the calibration.
    """
    snapshot = gallery_of(vectors, trial, encoder)
    fit, calibration = learn_site(snapshot, made="", **settings)
    matcher = build_matcher(snapshot, fit, calibration)

    def best(entries: Sequence[Entry]) -> tuple[NDArray[np.int64], Vector]:
        who, scores = [], []
        for at in range(0, len(entries), _CHUNK):
            found = matcher.identify(probes_of(vectors, entries[at : at + _CHUNK]), encoder)
            who.append(found.best)
            scores.append(found.score)
        return np.concatenate(who), np.concatenate(scores)

    thresholds = {fpir: calibration.threshold_at(fpir) for fpir in asked}
    return _outcome(trial, best(trial.genuine), best(trial.impostors)), thresholds, calibration


def plain(vectors: Vector, trial: Trial, encoder: str) -> Outcome:
    """Cosine with the mean template of each person, nothing else.

    Args:
        vectors: float32 (photographs, d), unit rows.
    """
    people = probes_of(vectors, trial.gallery)

    def best(entries: Sequence[Entry]) -> tuple[NDArray[np.int64], Vector]:
        scores = probes_of(vectors, entries) @ people.T
        return scores.argmax(axis=1), scores.max(axis=1)

    return _outcome(trial, best(trial.genuine), best(trial.impostors))


def usual(vectors: Vector, trial: Trial, encoder: str) -> Outcome:
    """The recipe of ``face_recognition``: the nearest template by Euclidean distance.

    Scores are distances below zero; a probe of several photographs takes its nearest.

    Args:
        vectors: float32 (n, 128), as the network gives them, neither mirrored nor normalised.
    """
    rows = [row for _, rows in trial.gallery for row in rows]
    owner = np.repeat(np.arange(len(trial.gallery)), [len(rows) for _, rows in trial.gallery])
    templates = vectors[rows]
    squares = (templates**2).sum(axis=1)

    def best(entries: Sequence[Entry]) -> tuple[NDArray[np.int64], Vector]:
        who, scores = [], []
        for _, photos in entries:
            probe = vectors[list(photos)]
            square = (probe**2).sum(axis=1)[:, None] + squares - 2 * probe @ templates.T
            nearest = square.min(axis=0)
            who.append(owner[nearest.argmin()])
            scores.append(-np.sqrt(max(float(nearest.min()), 0.0)))
        return np.array(who), np.array(scores, np.float32)

    return _outcome(trial, best(trial.genuine), best(trial.impostors))


def _outcome(
    trial: Trial,
    genuine: tuple[NDArray[np.int64], Vector],
    impostors: tuple[NDArray[np.int64], Vector],
) -> Outcome:
    place = {person: number for number, (person, _) in enumerate(trial.gallery)}
    mate = np.array([place[person] for person, _ in trial.genuine])
    scores = genuine[1].astype(np.float64)
    return Outcome(
        np.where(genuine[0] == mate, scores, -np.inf),
        tuple(person for person, _ in trial.genuine),
        impostors[1].astype(np.float64),
        tuple(person for person, _ in trial.impostors),
        tuple(trial.gallery[number][0] for number in impostors[0].tolist()),
    )
