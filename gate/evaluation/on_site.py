"""How well recognition does at this site, from nothing but its own gallery."""

from __future__ import annotations

from typing import Any

import numpy as np

from gate.evaluation.metrics import Rate
from gate.recognition.matching.gallery import Snapshot
from gate.recognition.matching.impostors import subset
from gate.recognition.matching.lookalikes import lookalikes
from gate.recognition.matching.matcher import build_matcher
from gate.recognition.matching.scoring import unit
from gate.recognition.matching.site_calibration import learn_site

_ROUNDS = 1000
_FPIRS = (0.01, 0.003, 0.001)


def on_site(gallery: Snapshot) -> dict[str, Any]:
    """Figures, and the lines that say them.

    Impostors are enrolled people left out in turn. The threshold that is judged on one half of
    them is calibrated on a gallery of the other half, so it has not seen them. Residents are
    people with two templates or more: the last one comes as the probe. Photographs of one
    enrolment are alike, so the gate's own FNIR is higher than the one said here.
    """
    fit, calibration = learn_site(gallery, made="")
    matcher = build_matcher(gallery, fit, calibration)
    alike = lookalikes(matcher)
    lines = [
        f"{len(gallery.people):,} people, {len(gallery.rows):,} templates of {gallery.encoder}; "
        f"fit {fit.version}",
        f"threshold for FPIR 1 %: {calibration.threshold_at(0.01):.3f}",
        f"{len(alike)} pairs alike enough to be confused, {sum(a.double for a in alike)} of them "
        "too alike for chance",
    ]
    out = came_out(gallery)
    for asked, rate in out.items():
        lines.append(f"FPIR asked {100 * asked:g} %, came out {rate}")
    missed = _missed(gallery)
    for asked, miss in missed.items():
        lines.append(f"FNIR at FPIR {100 * asked:g} %, photographs of one enrolment: {miss}")
    if not missed:
        lines.append("FNIR: unknown, nobody has two templates")
    return {"lines": lines, "out": out, "fnir": missed, "people": len(gallery.people)}


def came_out(gallery: Snapshot) -> dict[float, Rate]:
    """FPIR that comes out for each asked: calibrated on one half, judged on the other's people."""
    if len(gallery.people) < 60:
        return {}
    half = gallery.people % 2 == 0
    over: dict[float, list[bool]] = {fpir: [] for fpir in _FPIRS}
    for side in (half, ~half):
        residents = subset(gallery, side)
        fit, calibration = learn_site(residents, made="")
        matcher = build_matcher(residents, fit, calibration)
        impostors = np.flatnonzero(~side)
        probes = gallery.rows[gallery.starts[impostors]]
        scores = np.concatenate(
            [matcher.identify(part, gallery.encoder).score for part in np.array_split(probes, 16)]
        )
        for fpir, found in over.items():
            found += (scores > calibration.threshold_at(fpir)).tolist()
    return {fpir: _share(np.array(found)) for fpir, found in over.items()}


def _missed(gallery: Snapshot) -> dict[float, Rate]:
    several = np.flatnonzero(gallery.counts > 1)
    if len(several) < 10:
        return {}
    stay = np.ones(len(gallery.rows), bool)
    last = gallery.starts[several + 1] - 1
    stay[last] = False
    counts = gallery.counts.copy()
    counts[several] -= 1
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    kept = Snapshot(gallery.encoder, 0, gallery.rows[stay], gallery.people, starts)
    fit, calibration = learn_site(kept, made="")
    matcher = build_matcher(kept, fit, calibration)
    found = matcher.identify(unit(gallery.rows[last]), gallery.encoder)
    right = found.best == gallery.people[several]
    return {
        fpir: _share(~right | (found.score <= calibration.threshold_at(fpir))) for fpir in _FPIRS
    }


def _share(hits: np.ndarray[Any, np.dtype[np.bool_]]) -> Rate:
    drawn = np.random.default_rng(0).binomial(len(hits), hits.mean(), _ROUNDS) / len(hits)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Rate(float(hits.mean()), float(low), max(float(high), min(1.0, 3 / len(hits))))
