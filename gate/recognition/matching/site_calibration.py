"""From a gallery to a matcher that suits it: the fit, the calibration, and both at once."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import Any

import numpy as np

from gate.errors import RecognitionError
from gate.recognition.matching.calibration import Calibration, calibration_from
from gate.recognition.matching.centroids import Centroids, build_centroids, narrow_centroids
from gate.recognition.matching.gallery import Snapshot
from gate.recognition.matching.impostors import LISTED, MANY, simulate
from gate.recognition.matching.matcher import Matcher, build_matcher, matcher_of
from gate.recognition.matching.score_prior import prior_of
from gate.recognition.matching.scoring import BACKGROUND, Scoring
from gate.recognition.matching.whitening import (
    FEWEST,
    SHRINKAGE,
    Whitening,
    fit_whitening,
    no_whitening,
)

FPIR, FMR = 0.01, 0.001  # rates wished where nobody has said others
SCORING = Scoring(background=BACKGROUND)


def learn_matcher(gallery: Snapshot, *, made: str, fpir: float = FPIR, fmr: float = FMR) -> Matcher:
    """``learn_site`` and the matcher of ``gallery`` with it, in less time than one after the other.

    Args: as those of ``learn_site``.
    """
    fit, calibration, wide = _learn(gallery, made, (fpir, fmr), SCORING, SHRINKAGE)
    if wide is None:
        return build_matcher(gallery, fit, calibration)
    return matcher_of(narrow_centroids(wide), calibration)


def learn_site(
    gallery: Snapshot,
    *,
    made: str,
    fpir: float = FPIR,
    fmr: float = FMR,
    scoring: Scoring = SCORING,
    shrinkage: float = SHRINKAGE,
) -> tuple[Whitening, Calibration]:
    """Fit and calibrate on the people of ``gallery``; some seconds for 7,000: background work.

    With fewer than ``FEWEST`` people there is no fit, and the calibration is the prior's.

    Args:
        gallery: whom the gate knows.
        made: the time, ISO 8601.
        fpir: the rate of impostors accepted that is requested.
        fmr: the wished rate of false matches when one person is claimed.
        scoring: of the score; the product's own unless others are tried.
        shrinkage: of the whitening, as a share of its largest eigenvalue.
    """
    fit, calibration, _ = _learn(gallery, made, (fpir, fmr), scoring, shrinkage)
    return fit, calibration


def _learn(
    gallery: Snapshot, made: str, rates: tuple[float, float], scoring: Scoring, shrinkage: float
) -> tuple[Whitening, Calibration, Centroids | None]:
    """And, of so many people that it is worked out anyway, who is near whom under the fit."""
    wide = None
    prior = prior_of(gallery.encoder)
    if len(gallery.people) < FEWEST:
        fit, scoring = no_whitening(gallery.encoder, gallery.rows.shape[1]), Scoring(weight=0.0)
        prior = replace(prior, mate=prior.plain_mate, mate_spread=prior.plain_mate_spread)
        shape = (2000, max(len(gallery.people), 1))
        random = np.random.default_rng(0)
        singles = random.normal(prior.plain_other, prior.plain_other_spread, shape)
        highest, singles = singles.max(axis=1), singles.ravel()
    else:
        fit = fit_whitening(gallery, shrinkage=shrinkage)
        if len(gallery.people) > MANY:
            wide = build_centroids(gallery, fit, scoring, keep=LISTED)
        impostors = simulate(gallery, scoring, shrinkage=shrinkage, wide=wide)
        highest, singles = impostors.highest, impostors.singles
    calibration = calibration_from(
        highest,
        singles,
        prior,
        scoring,
        encoder=gallery.encoder,
        fit=fit.version,
        people=len(gallery.people),
        made=made,
        fpir=rates[0],
        fmr=rates[1],
    )
    return fit, calibration, wide


def pack(fit: Whitening, calibration: Calibration) -> bytes:
    """Both as they are stored; no template is in them."""
    file = io.BytesIO()
    arrays: dict[str, Any] = {"calibration": np.array(calibration.to_json()), **fit.to_arrays()}
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def unpack(stored: bytes) -> tuple[Whitening, Calibration]:
    """The opposite of ``pack``. Raises RecognitionError when it is damaged."""
    try:
        with np.load(io.BytesIO(stored)) as arrays:
            values = dict(arrays)
        text = str(values.pop("calibration"))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise RecognitionError(
            f"the stored fit and calibration cannot be read: {error}",
            hint="let them be learnt again with `gate calibrate`",
        ) from None
    return Whitening.from_arrays(values), Calibration.from_json(text)
