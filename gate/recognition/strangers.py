"""Every enrolled person plays the stranger once, against the gallery of all the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.recognition import roster as rosters
from gate.recognition.fit import SHRINKAGE, fit_site
from gate.recognition.gallery import Snapshot
from gate.recognition.roster import Roster, mean_of_near
from gate.recognition.score import Scoring, highest, probe_crowd

FOLDS = 5
_CHUNK = 512
_SINGLES = 200  # scores against one person that are kept of each stranger


@dataclass(frozen=True, slots=True, eq=False)
class Strangers:
    """Attributes:
    highest: float64 (p,), the score of each stranger's best person.
    taken_for: int64 (p,), who that was.
    singles: float64 (m,), scores of strangers and single other people.
    """

    highest: NDArray[np.float64]
    taken_for: NDArray[np.int64]
    singles: NDArray[np.float64]


def simulate(
    gallery: Snapshot, scoring: Scoring, *, shrinkage: float = SHRINKAGE, folds: int = FOLDS
) -> Strangers:
    """Scores of strangers like the people of ``gallery``, in the order of ``gallery.people``.

    Each is left out of the gallery and, with their fold, of the fit. The probe is their first
    template, as a gate sees one face at a time. About 4 s for 7,000 people on one core.
    """
    count = len(gallery.people)
    top = np.full(count, -np.inf)
    who = np.full(count, -1, np.int64)
    singles = []
    # by the number of the person, so that a person's fold never changes
    fold_of = gallery.people % folds
    for fold in range(folds):
        held = np.flatnonzero(fold_of == fold)
        if not len(held):
            continue
        fit = fit_site(subset(gallery, fold_of != fold), shrinkage=shrinkage)
        roster = rosters.build(gallery, fit, scoring)
        for start in range(0, len(held), _CHUNK):
            rows = held[start : start + _CHUNK]
            scores = left_out_scores(roster, rows)
            best = scores.argmax(axis=1)
            top[rows] = scores[np.arange(len(rows)), best]
            who[rows] = gallery.people[best]
            finite = scores[np.isfinite(scores)].astype(np.float64)
            singles.append(finite[:: max(1, len(finite) // (_SINGLES * len(rows)))])
    return Strangers(top, who, np.concatenate(singles) if singles else np.zeros(0))


def left_out_scores(roster: Roster, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    """Scores of the first template of ``rows``' people with everybody, float32 (n, p).

    The person is out of the gallery: -inf at their own column, and gone from the crowd of others.
    """
    gallery, scoring = roster.gallery, roster.scoring
    probes = roster.fit.apply(gallery.rows[gallery.starts[rows]])
    scores = probes @ roster.vectors.T
    crowd = roster.crowd
    for line, row in enumerate(rows):
        scores[line] -= scoring.weight * crowd
        has, place = np.nonzero(roster.near_people[:, : scoring.nearest] == gallery.people[row])
        without = roster.near[has].copy()
        without[np.arange(len(has)), place] = -np.inf
        without = -np.sort(-without, axis=1)[:, : scoring.nearest]
        scores[line, has] += scoring.weight * (crowd[has] - mean_of_near(without))
        scores[line, row] = -np.inf
    best = highest(scores, min(scoring.nearest + 1, len(gallery.people) - 1))
    scores -= scoring.weight * probe_crowd(scores, best, scoring.nearest)[:, None]
    return scores


def subset(gallery: Snapshot, stay: NDArray[np.bool_]) -> Snapshot:
    """The gallery of some of its people."""
    counts = gallery.counts[stay]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = gallery.rows[np.repeat(stay, gallery.counts)]
    return Snapshot(gallery.encoder, gallery.generation, rows, gallery.people[stay], starts)
