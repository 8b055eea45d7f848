"""East Asian names of LFW, one photograph against another: each encoder, both, and with a fit.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.east_asian_pairs

Genuine pairs as in protocol (f) of ``gate evaluate``. Impostor pairs among these people are few,
so they are counted a second time against the East Asian photographs of UTKFace, people who are
known to be in both left out. Plain cosines; then whitened as at a site of the UTKFace people;
then that site's score with its cohort terms. Intervals by drawing people again. Vectors are those
that ``gate evaluate`` keeps.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from gate.evaluation.baselines import gallery_of
from gate.evaluation.comparisons import FMRS, MOST
from gate.evaluation.faces_in import measuring_data
from gate.evaluation.measure import data_in
from gate.evaluation.protocols import Trial, by_person
from gate.recognition.encoders.encoder import unit_rows
from gate.recognition.face import Vector
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.matching.site_calibration import SCORING, learn_site
from research.constants import WIDTH
from research.scoring_variants import vectors_of

Floats = NDArray[np.float64]
ENCODER = "retail-0095+faceplugin"
_ROUNDS = 500


def fnmr(mates: Floats, people: NDArray[np.int64], others: Floats) -> list[str]:
    """``FNMR (95 % interval)`` in % by FMR; the interval is over the genuine people.

    Args:
        mates: float64 (g,), scores of genuine pairs; people: int64 (g,), whose they are.
        others: float64 (n,), scores of impostor pairs.
    """
    ranked = np.sort(others)[::-1]
    names, member = np.unique(people, return_inverse=True)
    drawn = np.random.default_rng(0).multinomial(
        len(names), np.full(len(names), 1 / len(names)), size=_ROUNDS
    )[:, member]
    texts = []
    for fmr in FMRS:
        if fmr * len(ranked) < 2:
            texts.append("–")
            continue
        missed = mates <= ranked[int(fmr * len(ranked))]
        low, high = np.quantile((drawn @ missed) / drawn.sum(axis=1), [0.025, 0.975])
        texts.append(f"{100 * missed.mean():.1f} ({100 * low:.1f}–{100 * high:.1f})")
    return texts


def normalised(rows: Vector, own: NDArray[np.bool_], site: Matcher) -> tuple[Vector, Floats]:
    """Vectors under the site's fit, and each one's cohort term among its people.

    Args:
        own: bool (n, p), which of the site's people a row shows.

    Returns:
        float32 (n, d), unit rows, and float64 (n,).
    """
    fitted = site.centroids.fit.apply(rows)
    people = np.where(own, -np.inf, fitted @ site.centroids.vectors.T)
    generated = fitted @ site.centroids.background.vectors.T
    near = np.sort(np.concatenate([people, generated], axis=1), axis=1)[:, -SCORING.nearest :]
    return fitted, near.mean(axis=1).astype(np.float64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=Path("var/evaluation"))
    options = parser.parse_args()
    data = data_in(measuring_data("lfw"), most=MOST).of_one_group()
    vectors, found, _ = vectors_of(data, ENCODER, options.cache)
    labels = np.array([photo.person for photo in data.merged])
    named = np.array([row for row in range(len(data.named)) if found[row]])
    rest = np.array([row for row in range(len(data.named), len(labels)) if found[row]])
    numbered = by_person(labels.tolist(), [row for row in rest if labels[row].startswith("#")])
    own = labels[:, None] == np.array(list(numbered))
    first, second = np.triu_indices(len(named), 1)
    same = labels[named][first] == labels[named][second]
    apart = labels[named][:, None] != labels[rest][None]
    who = np.unique(labels[named], return_inverse=True)[1][first][same]
    console = Console(width=170)
    console.print(
        f"{len(named)} photographs of {len(set(labels[named]))} people, {same.sum()} genuine pairs "
        f"of {len(set(who.tolist()))}; {(~same).sum():,} impostor pairs among them, "
        f"{apart.sum():,} with {len(rest):,} photographs of UTKFace"
    )
    table = Table("encoder", "scores", "impostors", *(f"FNMR % at FMR {fmr:g}" for fmr in FMRS))
    for name, part in {
        "retail-0095": slice(None, WIDTH),
        "faceplugin": slice(WIDTH, None),
        ENCODER: slice(None),
    }.items():
        rows = unit_rows(vectors[:, part])
        gallery = tuple((person, (its[0],)) for person, its in numbered.items())
        snapshot = gallery_of(rows, Trial("", "", gallery, (), ()), name)
        site = build_matcher(snapshot, *learn_site(snapshot, made=""))
        fitted, cohort = normalised(rows, own, site)
        plain = np.zeros(len(rows))
        for title, vector, term in (
            ("plain", rows, plain),
            ("whitened", fitted, plain),
            ("whitened, cohort terms", fitted, SCORING.weight * cohort),
        ):
            inside = (vector[named] @ vector[named].T) - term[named][:, None] - term[named][None]
            across = (vector[named] @ vector[rest].T) - term[named][:, None] - term[rest][None]
            scores = inside[first, second].astype(np.float64)
            table.add_row(name, title, "among them", *fnmr(scores[same], who, scores[~same]))
            far = across[apart].astype(np.float64)
            table.add_row("", "", "and UTKFace", *fnmr(scores[same], who, far))
    console.print(table)


if __name__ == "__main__":
    main()
