"""Error versus discard (ISO/IEC 29794-1) on LFW: ``python -m research.error_versus_discard``.

Fits the overall quality figure on the pairs of one half of the people, some pictures made worse,
and reports on the other half, pictures as they are and pictures made worse: FNIR at FPIR 1 % with
one template a person, when the probes with the lowest quality are not compared.
``--write`` keeps the mean of what both halves gave.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import track

from gate.evaluation.faces_in import main_face, measuring_data, photographs
from gate.evaluation.interval import percent
from gate.models import ModelsSettings
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders import build_encoder, encode_faces
from gate.recognition.face import Image, Vector
from gate.recognition.quality.assessment import measure
from gate.recognition.quality.overall_score import COEFFICIENTS, terms
from gate.recognition.settings import RecognitionSettings

FPIR = 0.01
MOST = 12  # photographs of one person
IMPOSTORS = 700  # people with one photograph
SHARES = (0.0, 0.01, 0.02, 0.05, 0.10, 0.20)

Random = np.random.Generator


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One picture of a person; ``worse``: it was made worse."""

    person: str
    worse: bool
    vector: Vector
    terms: dict[str, float]

    @property
    def half(self) -> int:
        return zlib.crc32(self.person.encode()) % 2


def labels(folder: Path) -> dict[str, str]:
    """Corrections of LFW's labels: photograph → who it shows."""
    file = folder / "errata.txt"
    lines = file.read_text().splitlines() if file.exists() else []
    rows = (line.split() for line in lines if line and not line.startswith("#"))
    return {row[0]: row[0] if row[1] == "-" else row[1] for row in rows}


def made_worse(image: Image, random: Random) -> Image:
    """The picture smaller, blurred, shaken, darker, paler or noisy."""
    kind = random.integers(5)
    values = image.astype(np.float32)
    if kind == 0:
        scale = random.uniform(0.18, 0.6)
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)
    if kind == 1:
        values = cv2.GaussianBlur(values, (0, 0), random.uniform(1, 4)).astype(np.float32)
    elif kind == 2:
        length = int(random.integers(5, 16))
        line = np.zeros((length, length), np.float32)
        line[length // 2] = 1 / length
        turn = cv2.getRotationMatrix2D((length / 2, length / 2), random.uniform(0, 180), 1)
        line = cv2.warpAffine(line, turn, (length, length)).astype(np.float32)
        values = cv2.filter2D(values, -1, line / max(float(line.sum()), 0.1)).astype(np.float32)
    elif kind == 3:
        values = values * random.uniform(0.05, 0.5)
        values += random.normal(0, random.uniform(2, 8), values.shape).astype(np.float32)
    else:
        values = values * random.uniform(1.2, 2.5) + random.uniform(0, 60)
    return np.clip(values, 0, 255).astype(np.uint8)


def collect(models: ModelsSettings) -> tuple[list[Sample], str]:
    """Photographs of LFW, and of everybody with two or more the same made worse."""
    settings = RecognitionSettings(min_face=24, mirror=False, threads=1)
    detector, encoder = build_detector(settings, models), build_encoder(settings, models)
    folder = measuring_data("lfw")
    corrected = labels(folder)
    paths = photographs(folder / "images")
    people: defaultdict[str, list[Path]] = defaultdict(list)
    for path in paths:
        people[corrected.get(path.stem, path.parent.name)].append(path)
    alone = [name for name, mine in people.items() if len(mine) == 1]
    for name in alone[IMPOSTORS:]:
        del people[name]
    chosen = [(name, path) for name, mine in people.items() for path in mine[:MOST]]
    random = np.random.default_rng(1)
    samples: list[Sample] = []
    for name, path in track(chosen, description="LFW"):
        image = np.asarray(cv2.imread(str(path)), np.uint8)
        versions = [(image, False)]
        if len(people[name]) > 1:
            versions.append((made_worse(image, random), True))
        for picture, worse in versions:
            face = main_face(picture, detector.detect(picture))
            if face is None or face.landmarks is None:
                continue
            quality, _ = measure(picture, face)
            vector = encode_faces(encoder, picture, [face])[0]
            parts = terms(quality, face.score)
            samples.append(Sample(name, worse, vector, parts))
    return samples, encoder.name


def fit(samples: list[Sample]) -> dict[str, float]:
    """Weights that predict how well a picture matches the others of its person.

    Logistic regression on a soft target: where between the worst and the usual genuine score the
    picture's own mean score lies. A defect may not raise the figure.
    """
    mates: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if not sample.worse:
            mates[sample.person].append(sample)
    rows, values, weight = [], [], []
    for sample in samples:
        others = [m.vector for m in mates[sample.person] if m is not sample]
        if sample.worse and others:
            # the picture it was made from shows the same moment: the nearest is left out
            others = sorted(others, key=lambda v: float(v @ sample.vector))[:-1]
        if others:
            rows.append(list(sample.terms.values()))
            values.append(float(np.median(np.stack(others) @ sample.vector)))
            weight.append(1 / len(mates[sample.person]))
    x, z, w = np.array(rows), np.array(values), np.array(weight)
    low, high = np.quantile(z, 0.02), np.quantile(z, 0.6)
    target = np.clip((z - low) / (high - low), 0.02, 0.98)
    w /= w.sum()
    names = list(samples[0].terms)
    weights = np.zeros(len(names))
    scale = 1 / (0.25 * np.linalg.norm(x.T @ (x * w[:, None]), 2) + 1e-4)
    for _ in range(4000):  # projected gradient
        rate = 1 / (1 + np.exp(-x @ weights))
        weights -= scale * (x.T @ (w * (rate - target)) + 1e-4 * weights)
        weights[1:] = np.minimum(weights[1:], 0)
    return dict(zip(names, (round(float(v), 3) for v in weights), strict=True))


def figure(sample: Sample, weights: dict[str, float]) -> float:
    """The overall quality by these weights."""
    value = sum(weights[name] * part for name, part in sample.terms.items())
    return float(1 / (1 + np.exp(-value)))


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """Genuine probes against one template of everybody.

    Attributes:
        best: score of the own person where it is the highest, else -1.
        quality: of the probe.
        threshold: at which so many impostors as ``FPIR`` match somebody.
    """

    best: NDArray[np.float64]
    quality: NDArray[np.float64]
    threshold: float

    def missed(self, share: float) -> tuple[int, int]:
        """Errors and searches when the worst ``share`` of the probes is left out."""
        kept = np.argsort(self.quality, kind="stable")[round(share * len(self.quality)) :]
        return int((self.best[kept] < self.threshold).sum()), len(kept)


def search(samples: list[Sample], weights: dict[str, float], *, worse: bool) -> Searches:
    """Enrol the best clean picture of everybody with two or more, the rest are probes; people
    with one picture are the impostors."""
    people: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        people[sample.person].append(sample)
    gallery: list[Sample] = []
    probes: list[Sample] = []
    impostors: list[Sample] = []
    for mine in people.values():
        clean = [s for s in mine if not s.worse]
        if len(clean) < 2:
            impostors += clean
            continue
        first = clean[0]
        gallery.append(first)
        probes += [s for s in mine if s is not first and s.worse == worse]
    matrix = np.stack([s.vector for s in gallery])
    names = np.array([s.person for s in gallery])
    away = (np.stack([s.vector for s in impostors]) @ matrix.T).max(1)
    scores = np.stack([s.vector for s in probes]) @ matrix.T
    right = names[scores.argmax(1)] == np.array([s.person for s in probes])
    best = np.where(right, scores.max(1), -1.0)
    quality = np.array([figure(s, weights) for s in probes])
    return Searches(best.astype(np.float64), quality, float(np.quantile(away, 1 - FPIR)))


def main(
    write: Annotated[bool, typer.Option("--write", help="Keep the weights.")] = False,
) -> None:
    """Report FNIR at FPIR 1 % for increasing shares of discarded probes."""
    samples, encoder = collect(ModelsSettings())
    halves = [[s for s in samples if s.half == half] for half in (0, 1)]
    fitted = [fit(half) for half in halves]
    print(f"\n{encoder}: FNIR at FPIR 1 %, each half judged by the weights of the other")
    for worse in (False, True):
        folds = [search(halves[i], fitted[1 - i], worse=worse) for i in (0, 1)]
        print("pictures made worse" if worse else "pictures as they are")
        for share in SHARES:
            errors, searches = np.sum([fold.missed(share) for fold in folds], axis=0)
            print(f"  {100 * share:4.0f} % left out: {percent(int(errors), int(searches))}")
    weights = {name: round((fitted[0][name] + fitted[1][name]) / 2, 3) for name in fitted[0]}
    print("weights:", weights)
    good = [figure(s, weights) for s in samples if not s.worse]
    print("overall, percentiles 1 5 50 95:", np.percentile(good, (1, 5, 50, 95)).round(2))
    if write:
        COEFFICIENTS.write_text(json.dumps(weights, indent=1) + "\n")
        print(f"wrote {COEFFICIENTS}")


if __name__ == "__main__":
    typer.run(main)
