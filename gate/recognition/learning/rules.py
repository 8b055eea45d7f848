"""What may be learnt of a face that was seen while a card was shown: values in, values out.

A card says whose passage it is, and only that: somebody else may hold it. So nothing is learnt from
a single passage, nothing while the faces shown with one card differ, and nothing that belongs to
anybody else. The measure for all of it is the score and the thresholds of the site's own matcher.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import numpy as np

from gate.recognition.encoders.encoder import SimilarityStatistics
from gate.recognition.evidence import correlation
from gate.recognition.face import Vector
from gate.recognition.learning.settings import LearningSettings
from gate.recognition.matching.matcher import NOBODY, Matcher
from gate.recognition.matching.scoring import unit

KEPT = 5  # templates of somebody enrolled from cards: as many as from photographs
CONTRADICTIONS = 2  # passages with another face after which what a card taught is withdrawn
FAMILIAR = 0.85  # correlation with a template above which a face shows nothing new
_NEARER = 0.005  # cosine: less is no nearer than before
_EQUAL = 0.02  # correlations closer than this: the older one is the less useful


class Outcome(StrEnum):
    """What the looks of somebody come to."""

    WAIT = "wait"  # too few passages or days
    MIXED = "mixed"  # the faces shown with this card are not all of one person
    RESEMBLES = "resembles"  # somebody enrolled looks like that
    ENROL = "enrol"


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The face of one passage by card.

    Attributes:
        key: the store's number of it.
        vector: float32 (d,), raw, unit length.
        day: local date of the passage.
        quality: 0..1.
    """

    key: int
    vector: Vector
    day: date
    quality: float = 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What the looks of one person come to.

    Attributes:
        looks: keys of those that become templates, with ``ENROL``.
        other: the enrolled person they look like, with ``RESEMBLES``.
    """

    outcome: Outcome
    looks: tuple[int, ...] = ()
    other: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A template somebody has.

    Attributes:
        key: the store's number of it.
        vector: float32 (d,), raw, unit length.
        added: when it was added at the gate; None for those the person was enrolled with.
    """

    key: int
    vector: Vector
    added: datetime | None = None


class Refusal(StrEnum):
    """Why a face is not added to the templates."""

    UNLIKE = "unlike"  # not like what the person was enrolled with
    FAMILIAR = "familiar"  # nothing new
    NEARER = "nearer"  # it would bring the person nearer to somebody else
    LESS_USEFUL = "less_useful"  # than the few that were added before


@dataclass(frozen=True, slots=True)
class Addition:
    """Whether a face is added. ``drop``: the key of the template that goes for it."""

    refused: Refusal | None = None
    drop: int | None = None


def resembled(vector: Vector, matcher: Matcher, person: int) -> int | None:
    """The enrolled person, other than ``person``, whom the gate takes a face for.

    Args:
        vector: float32 (d,), raw, unit length.
    """
    return _first_resembled(vector[None], matcher, person)


def _first_resembled(vectors: Vector, matcher: Matcher, person: int) -> int | None:
    """The same of the first of these faces, float32 (n, d), that is accepted as anybody."""
    found = matcher.identify(vectors, matcher.encoder)
    own = found.best == person
    others = np.where(own, found.second, found.best)
    scores = np.where(own, found.second_score, found.score)
    taken = others[(others != NOBODY) & (scores >= matcher.calibration.threshold)]
    return int(taken[0]) if len(taken) else None


def enrolment(
    looks: Sequence[Look], matcher: Matcher, person: int, settings: LearningSettings
) -> Finding:
    """Whether the looks of a person without a face enrol them.

    Args:
        looks: one for each passage, all that are kept.
        matcher: of the site; the person is not in it.
    """
    if len(looks) < settings.passages or len({look.day for look in looks}) < settings.days:
        return Finding(Outcome.WAIT)
    return checked(looks, matcher, person)


def checked(looks: Sequence[Look], matcher: Matcher, person: int) -> Finding:
    """The same of looks that are enough, one at least: are they all of one person, and new?"""
    vectors = np.stack([look.vector for look in looks])
    mean = unit(vectors.mean(axis=0, keepdims=True))
    other = _first_resembled(np.concatenate([vectors, mean]), matcher, person)
    if other is not None:
        return Finding(Outcome.RESEMBLES, other=other)
    if not agree(vectors, matcher):
        return Finding(Outcome.MIXED)
    best = sorted(looks, key=lambda look: (-look.quality, look.key))[:KEPT]
    return Finding(Outcome.ENROL, tuple(sorted(look.key for look in best)))


def agree(vectors: Vector, matcher: Matcher) -> bool:
    """Whether each of these faces, float32 (n, d), is verified against half of the others.

    One by one: the mean of two people resembles both, and five faces of each would agree with it.
    """
    least = matcher.calibration.verify_threshold
    if len(vectors) < 2:
        return False
    like = matcher.pairwise(vectors) >= least
    np.fill_diagonal(like, False)
    return bool((2 * like.sum(axis=1) >= len(vectors) - 1).all())


def is_theirs(vector: Vector, templates: Vector, matcher: Matcher, person: int) -> bool:
    """Whether a face, float32 (d,), is verified against ``person``, templates float32 (n, d)."""
    score = matcher.compare(templates, vector[None], without=person)[0]
    return bool(score >= matcher.calibration.verify_threshold)


def contradicted(looks: Sequence[Look], templates: Vector, matcher: Matcher, person: int) -> bool:
    """Whether other faces shown with the card say that what it taught is not its holder's.

    Args:
        looks: of passages since, whose faces were not verified.
        templates: float32 (n, d), learnt from the card.
    """
    unlike = [
        look.vector for look in looks if not is_theirs(look.vector, templates, matcher, person)
    ]
    return len(unlike) >= CONTRADICTIONS and agree(np.stack(unlike), matcher)


def addition(
    vector: Vector,
    templates: Sequence[Known],
    matcher: Matcher,
    person: int,
    similarity: SimilarityStatistics,
    settings: LearningSettings,
) -> Addition:
    """Whether the face of somebody known by card and face becomes one more template.

    It is compared with what the person was enrolled with, never with what was added since: a chain
    of additions cannot lead away from them.

    Args:
        vector: float32 (d,), raw, unit length.
    """
    first = np.stack([one.vector for one in templates if one.added is None])
    if not is_theirs(vector, first, matcher, person):
        return Addition(Refusal.UNLIKE)
    if resembled(vector, matcher, person) is not None:
        return Addition(Refusal.NEARER)
    fresh = shown_by(vector, [one.vector for one in templates], similarity)
    if fresh >= FAMILIAR:
        return Addition(Refusal.FAMILIAR)
    drop = None
    added = [one for one in templates if one.added is not None]
    if len(added) >= settings.most:
        drop = _least_useful(added, templates, similarity)
        if drop is None:
            return Addition(Refusal.LESS_USEFUL)
        rest = [one.vector for one in templates if one is not drop]
        if shown_by(vector, rest, similarity) >= shown_by(drop.vector, rest, similarity):
            return Addition(Refusal.LESS_USEFUL)
    after = np.stack([one.vector for one in templates if one is not drop] + [vector])
    if matcher.nearest_other(after, person) > matcher.nearest_other(first, person) + _NEARER:
        return Addition(Refusal.NEARER)
    return Addition(drop=drop.key if drop else None)


def shown_by(vector: Vector, others: Sequence[Vector], similarity: SimilarityStatistics) -> float:
    """How much of a face the others, float32 (d,) each, show already: 0 to 1."""
    return max((correlation(float(other @ vector), similarity) for other in others), default=0.0)


def _least_useful(
    added: Sequence[Known], templates: Sequence[Known], similarity: SimilarityStatistics
) -> Known | None:
    """The added template that the others show most of; of equals the oldest."""
    shown = {
        one.key: shown_by(
            one.vector, [other.vector for other in templates if other is not one], similarity
        )
        for one in added
    }
    highest = max(shown.values(), default=0.0)
    candidates = [one for one in added if shown[one.key] >= highest - _EQUAL]
    return min(candidates, key=lambda one: (one.added, one.key), default=None)
