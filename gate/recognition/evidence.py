"""From the vectors of one tracked face to a verdict: values in, values out.

Frames of one moment are alike, and what an impostor has in common with somebody enrolled stays in
all of them. So evidence is not added up frame by frame. A track keeps *moments*: a frame that is
nearly the same as an earlier one joins its moment, a frame that shows something new becomes one.
The probe is the mean of the moments; its score is judged with the likelihood ratio calibrated for
one photograph, sharpened by as much as averaging over moments takes noise out of a score. A still
picture held for ten seconds stays one moment and weighs as one frame.

The verdict is a sequential test (Wald 1945). Its upper bound is the likelihood ratio at the score
that the site's calibration gives for half the wished FPIR: a passage has many looks, but since all
share what the impostor has in common with the person, they raise the rate by less than that half
(shown in tests/recognition/test_evidence.py). Ville's bound, -ln FPIR, holds for any number of
independent looks and asks ten times as much at 7,000 people; it would cost residents.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from gate.recognition.encoders.encoder import SimilarityStatistics
from gate.recognition.face import Liveness, Vector, Verdict

MOMENTS = 12  # kept of a track
SAME_MOMENT = 0.85  # correlation of two frames above which they are one moment
LOOKS = 2  # frames that must agree before anything is decided: one may be a fluke
STRANGE = 2  # frames in a row that resemble no earlier one: somebody else is here
# Share of an impostor's score that changes from photograph to photograph; the rest belongs to the
# pair of people and no further frame takes it away. 0.27 for retail-0095 and 0.13 for dlib on LFW.
NOISE = 0.25
# Power of a frame's quality that is its weight: a frame from afar in poor light pulls the mean down
# more than it adds. Chosen by ``python -m research.walkups``.
STEEPNESS = 5.0
LEAST = 0.001  # weight of the poorest frame
SHARE = 0.5  # of the wished FPIR that the first look may use up
MARGIN = 5.0  # times as likely the best person must be as the second
# Before anything is seen: how many of those who are not the resident hold up a picture of one.
ATTACKS = 0.003
ATTACK = -4.0  # nats of liveness below which it is called an attack
ALIVE = 3.0  # nats of liveness above which a known person is not asked for more


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """Frames that show the same; ``vector``, float32 (d,), is their mean, unit length.

    ``weight``: of the best of them, 0..1.
    """

    vector: Vector
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """What one track has shown.

    Attributes:
        moments: at most ``MOMENTS``.
        frames: that were encoded and belonged to the track.
        strange: frames in a row that resembled none of its moments.
    """

    moments: tuple[Moment, ...] = ()
    frames: int = 0
    strange: int = 0

    @property
    def probe(self) -> Vector:
        """float32 (d,), unit length: the mean of the moments."""
        rows = np.stack([moment.vector * moment.weight for moment in self.moments])
        return _unit(rows.sum(axis=0))


def gather(
    seen: Gathered,
    vector: Vector,
    similarity: SimilarityStatistics,
    quality: float = 1.0,
) -> Gathered:
    """The track with one more frame.

    A frame that resembles no moment is not taken in, only counted in ``strange``: two people may
    have changed places.

    Args:
        vector: float32 (d,), raw, unit length.
        quality: of the frame, 0..1.
    """
    weight = max(LEAST, min(1.0, quality) ** STEEPNESS)
    fresh = Moment(vector, weight)
    if not seen.moments:
        return Gathered((fresh,), 1)
    cosines = np.stack([moment.vector for moment in seen.moments]) @ vector
    nearest = int(cosines.argmax())
    if cosines[nearest] < similarity.continues:
        return replace(seen, strange=seen.strange + 1)
    moments = list(seen.moments)
    same = correlation(float(cosines[nearest]), similarity) >= SAME_MOMENT
    if same or len(moments) == MOMENTS:
        old = moments[nearest]
        mean = _unit(old.vector * old.weight + vector * weight)
        moments[nearest] = Moment(mean, max(old.weight, weight))
    else:
        moments.append(fresh)
    return Gathered(tuple(moments), seen.frames + 1)


def correlation(cosine: float, similarity: SimilarityStatistics) -> float:
    """How alike the disturbances of two pictures of one person are, 0..1; 0 when independent.

    Args:
        cosine: of their vectors, -1..1.
    """
    return min(1.0, max(0.0, (cosine - similarity.apart) / (1 - similarity.apart)))


def effective(seen: Gathered, similarity: SimilarityStatistics) -> float:
    """How many independent photographs the moments are worth, dimensionless, 1 or more; 0 for none.

    The variance of a weighted mean of correlated values (Kish 1965, design effect).
    """
    if not seen.moments:
        return 0.0
    rows = np.stack([moment.vector for moment in seen.moments])
    weights = np.array([moment.weight for moment in seen.moments])
    alike = np.clip((rows @ rows.T - similarity.apart) / (1 - similarity.apart), 0, 1)
    np.fill_diagonal(alike, 1.0)
    return float(weights.sum() ** 2 / (weights @ alike @ weights))


def sharpened(ratio: float, photographs: float) -> float:
    """The likelihood ratio (nats) of a score averaged over so many independent photographs.

    Args:
        ratio: nats, of one photograph with that score.
        photographs: how many, dimensionless, see ``effective``; less than one counts as one.
    """
    return ratio / (1 - NOISE + NOISE / max(1.0, photographs))


def joined(identity: float, liveness: Liveness) -> float:
    """Evidence (nats) for the resident in person against an impostor or a picture of the resident.

    The likelihood ratio against the mixture of both; never more than ``identity``.
    """
    if liveness.live is None or liveness.method == "off":
        return identity
    against = np.logaddexp(math.log1p(-ATTACKS) - identity, math.log(ATTACKS) - liveness.score)
    return min(identity, -float(against))


@dataclass(frozen=True, slots=True)
class Terms:
    """The bounds of the test, nats and seconds.

    Attributes:
        accept: evidence, nats, at which the person is known.
        reject: evidence, nats below zero, at which they are unknown.
        margin: how many nats more the best person must have than the second.
        patience: seconds from the first usable face after which more frames are not awaited.
    """

    accept: float
    reject: float
    margin: float
    patience: float


def terms_for(threshold_ratio: float, fnir: float, patience: float) -> Terms:
    """The bounds for wished error rates.

    Args:
        threshold_ratio: likelihood ratio (nats) at the score calibrated for the wished FPIR,
            shared out over the looks: see ``SHARE``.
        fnir: residents who may be mistaken for impostors, share.
        patience: as of ``Terms``, seconds.
    """
    return Terms(max(0.0, threshold_ratio), math.log(fnir), math.log(MARGIN), patience)


def asks_liveness(
    terms: Terms, identity: float, seen: Gathered, liveness: Liveness, *, known: bool
) -> bool:
    """Whether the liveness of one more frame may change what is said of a track.

    The first looks always count, so that a picture is called one. Afterwards a face that is
    nobody's is unknown whether it lives or not, and who is known and alive beyond doubt stays so;
    an attack can be withdrawn at every look. A frame that may be somebody else's is no evidence.

    Args:
        identity: nats for the best person, before liveness.
        liveness: as far as it was watched.
        known: whether the person is known already.
    """
    if seen.strange:
        return False
    if seen.frames <= LOOKS or liveness.score <= ATTACK:
        return True
    if known and liveness.live is True and liveness.score >= ALIVE:
        return False
    return identity > terms.reject


def judge(
    terms: Terms,
    evidence: float,
    second: float,
    looks: int,
    waited: float,
    liveness: Liveness | None = None,
) -> Verdict:
    """The verdict on what has been gathered.

    Args:
        evidence: nats for the best person, everything joined.
        second: nats for the second-best person.
        looks: frames that were encoded.
        waited: seconds since the first usable face.
        liveness: of the track, if it is measured.
    """
    if looks < LOOKS:
        return Verdict.WAIT if waited < terms.patience else Verdict.DOUBTFUL
    if liveness is not None and liveness.live is False and liveness.score <= ATTACK:
        return Verdict.ATTACK
    if evidence >= terms.accept:
        if liveness is not None and liveness.live is False:  # two frames may look so by chance
            return Verdict.WAIT if waited < terms.patience else Verdict.DOUBTFUL
        # two who are alike: further frames of the same face will not part them
        return Verdict.KNOWN if evidence - second >= terms.margin else Verdict.DOUBTFUL
    if evidence <= terms.reject:
        return Verdict.UNKNOWN
    if waited < terms.patience:
        return Verdict.WAIT
    return Verdict.DOUBTFUL if evidence > 0 else Verdict.UNKNOWN


def _unit(vector: Vector) -> Vector:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), dtype=np.float32)
