"""Other settings of whitening and score against the product's, and how well growth is predicted.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.scoring_variants [--encoder NAME]

People are divided into two halves at random, several times; each half is a site of its own, once
for every setting. FNIR at FPIR 1 % (people weighted equally), mean over the halves, and its
difference to the product's with the standard error over the divisions. Vectors are those that
``gate evaluate`` keeps.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from gate.evaluation import baselines as ways
from gate.evaluation.faces_in import measuring_data
from gate.evaluation.growth import fnir_when
from gate.evaluation.measure import Data, data_in, embedded_in, trials_in
from gate.evaluation.metrics import fnir_at
from gate.evaluation.protocols import Trial
from gate.models.settings import ModelsSettings
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders import build_encoder
from gate.recognition.encoders.encoder import unit_rows
from gate.recognition.face import Vector
from gate.recognition.matching.scoring import Scoring
from gate.recognition.settings import RecognitionSettings

FPIR = 0.01
SETTINGS: dict[str, dict[str, Any]] = {
    "as the product": {},
    "no cohort terms": {"scoring": Scoring(weight=0.0)},
    "cohort weight 0.35": {"scoring": Scoring(weight=0.35)},
    "cohort weight 0.65": {"scoring": Scoring(weight=0.65)},
    "cohort of 5": {"scoring": Scoring(nearest=5)},
    "cohort of 20": {"scoring": Scoring(nearest=20)},
    "shrinkage 0.1": {"shrinkage": 0.1},
    "shrinkage 0.3": {"shrinkage": 0.3},
    "shrinkage 3": {"shrinkage": 3.0},
    "hardly whitened": {"shrinkage": 1000.0},  # centred only
}
BOTH = 1.5  # weight of dlib's vector beside retail-0095's: it spreads less


def vectors_of(data: Data, name: str, cache: Path) -> tuple[Vector, NDArray[np.bool_], list[Trial]]:
    """The vectors of an encoder, or of "both" side by side, and the trials."""
    if name == "both":
        one, found, trials = vectors_of(data, "retail-0095", cache)
        return unit_rows(np.hstack([one, BOTH * vectors_of(data, "dlib", cache)[0]])), found, trials
    settings = RecognitionSettings.model_validate({"encoder": name, "min_face": 40})
    models = ModelsSettings()
    embedded = embedded_in(
        data, build_encoder(settings, models), build_detector(settings, models), cache
    )
    trials = [trial for trial, _ in trials_in(data, embedded, "bde") if trial.name != "e"]
    return embedded.vectors, embedded.found, trials


def halves(trial: Trial, divisions: int) -> Iterator[Trial]:
    """Both halves of each random division of the people."""
    names = sorted({name for part in (trial.gallery, trial.impostors) for name, _ in part})
    random = np.random.default_rng(0)
    for _ in range(divisions):
        one = {
            name for name, side in zip(names, random.random(len(names)), strict=True) if side < 0.5
        }
        yield trial.restricted(one.__contains__)
        yield trial.restricted(lambda name, one=one: name not in one)  # type: ignore[misc]


def tried(
    vectors: Vector, trial: Trial, encoder: str, divisions: int
) -> dict[str, NDArray[np.float64]]:
    """FNIR of each setting in each half, float (2 · divisions,)."""
    parts = list(halves(trial, divisions))
    found = {}
    for name, settings in track(SETTINGS.items(), description=trial.title, transient=True):
        outcomes = (ways.site(vectors, part, encoder, **settings)[0] for part in parts)
        found[name] = np.array([fnir_at(outcome, FPIR, alike=True) for outcome in outcomes])
    return found


def predicted(vectors: Vector, trial: Trial, encoder: str, parts: int = 4) -> dict[int, float]:
    """FNIR of the whole gallery predicted from random parts of it: one part in so many → mean."""
    names = [name for name, _ in trial.gallery]
    random, found = np.random.default_rng(0), {}
    for share in (8, 4, 2):
        estimates = []
        for _ in range(parts):
            some = set(random.choice(names, len(names) // share, replace=False))
            others = {name for name, _ in trial.impostors}
            part = trial.restricted((some | others).__contains__)
            if not part.genuine:
                continue
            outcome = ways.site(vectors, part, encoder)[0]
            people = len(part.gallery)
            estimate = fnir_when(outcome, people, len(names), FPIR, alike=True, rounds=2)
            estimates.append(estimate.value)
        found[share] = float(np.mean(estimates))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", default="retail-0095", help="or dlib, or both side by side")
    parser.add_argument("--divisions", type=int, default=6)
    parser.add_argument("--cache", type=Path, default=Path("var/evaluation"))
    options = parser.parse_args()
    vectors, _, trials = vectors_of(data_in(measuring_data("lfw")), options.encoder, options.cache)
    # the name says which scores of mates are used; they play no part here
    encoder = "retail-0095" if options.encoder == "both" else options.encoder
    for trial in trials:
        print(f"({trial.name}) {trial.title}: FNIR % at FPIR 1 %, difference to the product's")
        found = tried(vectors, trial, encoder, options.divisions)
        own = found["as the product"]
        for name, rates in found.items():
            change = (rates - own).reshape(-1, 2).mean(axis=1)
            error = change.std(ddof=1) / len(change) ** 0.5 if len(change) > 1 else 0.0
            figures = 100 * np.array([rates.mean(), change.mean(), error])
            print("  {:18} {:6.2f} {:+6.2f} ± {:.2f}".format(name, *figures))
        real = fnir_at(ways.site(vectors, trial, encoder)[0], FPIR, alike=True)
        foreseen = predicted(vectors, trial, encoder)
        parts = ", ".join(f"1/{share}: {100 * rate:.1f}" for share, rate in foreseen.items())
        print(f"  all {len(trial.gallery)}: {100 * real:.2f}; predicted from parts of it: {parts}")


if __name__ == "__main__":
    main()
