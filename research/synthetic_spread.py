"""Are generated people as hard to distinguish as real ones?

``python -m research.synthetic_spread`` prints the table of docs/demo.md; with ``--write``
it measures the shipped spreads again. Needs GATE_LFW_DIR and GATE_MODELS_DIR.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.people import embed, photographs_of
from gate.evaluation.synthetic_gallery import FOLDER, SHAPES, generate, measure, save
from gate.models.settings import ModelsSettings
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders import build_encoder
from gate.recognition.face import Vector
from gate.recognition.settings import RecognitionSettings

RARE = (0.99, 0.999, 0.9999, 0.99999)


BEST = (0.1, 0.5, 0.9, 0.99)


@dataclass(frozen=True)
class Scores:
    """Cosines of pairs of different people: how many, mean, deviation, upper quantiles."""

    pairs: int
    mean: float
    deviation: float
    quantiles: dict[float, float]


def scores(probes: Vector, gallery: Vector) -> Scores:
    """Every probe against every row; nobody is in both."""
    all_scores = (probes @ gallery.T).ravel()
    rare = dict(zip(RARE, np.quantile(all_scores, RARE).tolist(), strict=True))
    return Scores(all_scores.size, float(all_scores.mean()), float(all_scores.std()), rare)


def interval(real: Vector, repeats: int = 60) -> dict[float, tuple[float, float]]:
    """95 % interval of each upper quantile of real people's scores, by drawing people again."""
    random = np.random.default_rng(2)
    mixed = np.random.default_rng(0).permutation(len(real))
    probes, others = real[mixed[1::2]], real[mixed[::2]]
    drawn = []
    for _ in range(repeats):
        some = probes[random.integers(len(probes), size=len(probes))]
        against = others[random.integers(len(others), size=len(others))]
        drawn.append(np.quantile(some @ against.T, RARE))
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    return {q: (float(low[k]), float(high[k])) for k, q in enumerate(RARE)}


def compare(real: Vector, encoder: str, *, like: bool = False) -> tuple[Scores, Scores]:
    """Half of the people as probes: against the other half, and against as many generated.

    Args:
        like: measure the spread on the other half instead of taking the shipped one, so that the
            generated know nothing of the probes.
    """
    mixed = np.random.default_rng(0).permutation(len(real))
    probes, others = real[mixed[1::2]], real[mixed[::2]]
    made = generate(4000, encoder, like=others if like else None)
    return scores(probes, others), scores(probes, made)


def real_templates(encoder: str, people: int | None = None) -> Vector:
    """One template of each person of LFW whose label is not in its errata, float32 (n, d)."""
    files = [files[0] for files in photographs_of(Path(os.environ["GATE_LFW_DIR"]))]
    settings, models = RecognitionSettings(encoder=encoder), ModelsSettings()
    detector = build_detector(settings, models)
    return embed(files[:people], detector, build_encoder(settings, models))


def main(write: bool) -> None:
    everybody = {encoder: real_templates(encoder) for encoder in sorted(SHAPES)}
    if write:
        for encoder, real in everybody.items():
            save(measure(real), FOLDER / f"{encoder}.npz")
    pairs(everybody)
    print()
    best(everybody)


def pairs(everybody: dict[str, Vector]) -> None:
    """The table of scores of single pairs."""
    columns = " | ".join(f"1 in {round(1 / (1 - q)):,}" for q in RARE)
    print(f"| encoder | people of LFW against | pairs | mean | deviation | {columns} |")
    print("|---|---|---|---|---|" + "---|" * len(RARE))
    for encoder, real in everybody.items():
        others, shipped = compare(real, encoder)
        rows = {
            "other people of LFW": others,
            "generated, as shipped": shipped,
            "generated, measured on the others only": compare(real, encoder, like=True)[1],
            "random directions": random_directions(real),
        }
        for what, s in rows.items():
            rare = " | ".join(f"{value:.3f}" for value in s.quantiles.values())
            if s is others:
                within = interval(real)
                rare = " | ".join(
                    f"{value:.3f} ({within[q][0]:.3f} to {within[q][1]:.3f})"
                    for q, value in s.quantiles.items()
                )
            print(
                f"| {encoder} | {what} | {s.pairs:,} | {s.mean:.3f} | {s.deviation:.3f} | {rare} |"
            )


def best(everybody: dict[str, Vector]) -> None:
    """The table of best scores: what an impostor reaches, and what calibration believes of it."""
    columns = " | ".join(f"{q:.0%}" for q in BEST)
    print(f"| encoder | strangers | gallery | {columns} |\n|---|---|---|{'---|' * len(BEST)}")
    for encoder, real in everybody.items():
        mixed = np.random.default_rng(0).permutation(len(real))
        probes, others = real[mixed[1::2]], real[mixed[::2]]
        made = generate(2 * len(others), encoder, like=others)
        first, second = made[: len(others)], made[len(others) :]
        for impostors, gallery, scores_of in (
            ("real", "real", probes @ others.T),
            ("generated", "generated", second @ first.T),
            ("real", "generated", probes @ first.T),
        ):
            found = np.quantile(scores_of.max(axis=1), BEST)
            print(
                f"| {encoder} | {impostors} | {gallery} | {' | '.join(f'{v:.3f}' for v in found)} |"
            )


def random_directions(real: Vector) -> Scores:
    """What an easy demonstration would be filled with."""
    rows = np.random.default_rng(1).standard_normal((4000, real.shape[1])).astype(np.float32)
    return scores(real[1::2], rows / np.linalg.norm(rows, axis=1, keepdims=True))


if __name__ == "__main__":
    main("--write" in sys.argv[1:])
