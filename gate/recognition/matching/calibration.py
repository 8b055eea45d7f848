"""Thresholds and likelihoods for the people who live here, from the site's own gallery.

Every enrolled person plays the impostor once: their face is matched with the gallery of everybody
else, under a fit they had no part in. The highest scores so found are what an impostor reaches at
this gate; their tail is extrapolated to the wished false positive identification rate (FPIR,
ISO/IEC 19795-1).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from gate.errors import RecognitionError
from gate.recognition.matching.extreme_value import Tail, Values, fit_tail
from gate.recognition.matching.score_prior import Prior
from gate.recognition.matching.scoring import BACKGROUND, Scoring

OUTGROWN = 1.25  # times the people it was made for, beyond which a calibration is out of date
LLR_LIMIT = 8.0  # nats one face may weigh at most, for or against


@dataclass(frozen=True)  # without slots, for the version to be kept
class Calibration:
    """Values that belong to one encoder, one fit and one size of gallery.

    Attributes:
        encoder, fit: what it is for; the fit by its version.
        people: how many people were enrolled.
        made: when, ISO 8601.
        scoring: settings of the score it holds for.
        fpir: the rate of impostors accepted that is requested.
        threshold: the score of the best person that is reached by an impostor at that rate.
        interval: of ``threshold``, 95 %, dimensionless like it.
        fmr: the wished rate of false matches when one person is claimed (a card shown).
        verify_threshold: the score that is reached by somebody else at that rate.
        impostors: tail of the highest score of an impostor.
        others: tail of the score of an impostor and one claimed person.
        grid: scores (dimensionless) at which the likelihood ratios are tabulated, ascending.
        ratios: log-likelihood ratio, nats: a mate's score against an impostor's highest score.
        mates: where the scores of mates come from.
    """

    encoder: str
    fit: str
    people: int
    made: str
    scoring: Scoring
    fpir: float
    threshold: float
    interval: tuple[float, float]
    fmr: float
    verify_threshold: float
    impostors: Tail
    others: Tail
    grid: tuple[float, ...]
    ratios: tuple[float, ...]
    mates: str

    @cached_property
    def version(self) -> str:
        """Hash of all values, eight hexadecimal digits: a thousand figures, so worked out once."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:8]

    def llr(self, score: Values | float) -> Values:
        """Log-likelihood ratio (nats) of best scores: a mate's against an impostor's highest.

        Monotonic in the score, and within ±``LLR_LIMIT``; float64 (n,) for scores (n,).
        """
        return np.asarray(np.interp(score, self.grid, self.ratios), np.float64)

    def threshold_at(self, fpir: float) -> float:
        """The threshold (dimensionless) for another wished rate."""
        return self.impostors.quantile(fpir)

    def asked_of(self, people: int) -> float:
        """The FPIR to ask for so that the wished one holds in a gallery that has grown since.

        The chances to resemble one of so many add up, at most (Boole's inequality). It matters
        between an import and the calibration that follows it; in a smaller gallery the wished
        rate itself is asked for.
        """
        return self.fpir * min(1.0, max(self.people, 1) / max(people, 1))

    def outgrown(self, people: int) -> bool:
        """Whether the gallery has grown beyond what this was made for, or the score has changed."""
        return self.of_earlier_score or people > OUTGROWN * max(self.people, 1)

    @property
    def of_earlier_score(self) -> bool:
        """Whether an earlier version learnt this, for cohorts without today's generated faces.

        It stays right for the score it names; learning it again brings today's.
        """
        return self.scoring.weight > 0 and self.scoring.background != BACKGROUND

    def to_json(self) -> str:
        """All values, for ``from_json``."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """The opposite of ``to_json``. Raises RecognitionError when something is missing."""
        try:
            values = json.loads(text)
            values.pop("verify_ratios", None)  # of earlier versions; nothing asked for them
            values["scoring"] = Scoring(**values["scoring"])
            if "strangers" in values:  # as it was named up to version 0.1
                values["impostors"] = values.pop("strangers")
            values["impostors"] = Tail(**values["impostors"])
            values["others"] = Tail(**values["others"])
            for key in ("interval", "grid", "ratios"):
                values[key] = tuple(float(value) for value in values[key])
            return cls(**values)
        except (KeyError, TypeError, ValueError) as error:
            raise RecognitionError(
                f"the stored calibration cannot be read: {error}",
                hint="let it be learnt again with `gate calibrate`",
            ) from error


def calibration_from(
    impostors: Values,
    others: Values,
    prior: Prior,
    scoring: Scoring,
    *,
    encoder: str,
    fit: str,
    people: int,
    made: str,
    fpir: float,
    fmr: float,
) -> Calibration:
    """A calibration from samples of chance and the prior for mates.

    Args:
        impostors: float64 (n,), highest scores of simulated impostors.
        others: float64 (m,), scores of single pairs of different people.
    """
    tail, single = fit_tail(impostors), fit_tail(others, begin=0.99, censor=0.9995)
    grid = np.linspace(-0.5, 1.2, 341)
    mate = _normal(grid, prior.mate, prior.mate_spread)
    return Calibration(
        encoder=encoder,
        fit=fit,
        people=people,
        made=made,
        scoring=scoring,
        fpir=fpir,
        threshold=tail.quantile(fpir),
        interval=_interval(impostors, fpir),
        fmr=fmr,
        verify_threshold=single.quantile(fmr),
        impostors=tail,
        others=single,
        grid=tuple(grid.tolist()),
        ratios=_ratios(grid, mate, impostors, tail),
        mates=prior.source,
    )


def _interval(impostors: Values, fpir: float, rounds: int = 200) -> tuple[float, float]:
    """95 % interval of the threshold, by drawing people again (Efron 1979)."""
    random = np.random.default_rng(0)
    drawn = random.choice(impostors, (rounds, len(impostors)))
    low, high = np.quantile([fit_tail(sample).quantile(fpir) for sample in drawn], [0.025, 0.975])
    return float(low), float(high)


def _normal(grid: Values, mean: float, spread: float) -> Values:
    density: Values = np.exp(-0.5 * ((grid - mean) / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
    return density


def _density(grid: Values, sample: Values, tail: Tail) -> Values:
    """Normal body, and the tail."""
    middle, spread = float(np.median(sample)), float(np.std(sample)) or 1e-3
    body = _normal(grid, middle, spread)
    return np.where(grid < tail.start, body, tail.density(grid))


def _ratios(grid: Values, mate: Values, sample: Values, tail: Tail) -> tuple[float, ...]:
    """Both laws are poorly known at their far ends; there the ratio is held level."""
    chance = _density(grid, sample, tail)
    ratio = np.log(np.maximum(mate, 1e-12)) - np.log(np.maximum(chance, 1e-12))
    middle = int(np.searchsorted(grid, np.median(sample)))
    ratio[:middle] = ratio[middle]
    ratio = np.maximum.accumulate(np.clip(ratio, -LLR_LIMIT, LLR_LIMIT))
    return tuple(ratio.tolist())
