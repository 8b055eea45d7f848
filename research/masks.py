"""Fit the mask classifier and report what it is worth: ``python -m research.masks``.

Reads the folders beside GATE_LFW_DIR: lfw, east_asian (no masks) and masks. Each half of the
people is judged by coefficients and a threshold that were chosen on the other half. ``--write``
then fits on all and writes the coefficients that come with the gate.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import track

from gate.evaluation.faces_in import faces_in, measuring_data, photographs
from gate.evaluation.interval import percent
from gate.models.settings import ModelsSettings
from gate.recognition.detection.detector import build_detector
from gate.recognition.face import Image
from gate.recognition.quality.mask import COEFFICIENTS, Coefficients, features, mask_crop
from gate.recognition.settings import RecognitionSettings
from research.mask_drawing import disturbed, masked

Floats = NDArray[np.float32]

# photographs of masks/ in which the face that is found wears none
BARE = frozenset({"4a80c7300f8e", "144058a97c0e", "524c8124109e"})
HIDDEN, ROUNDS, DECAY = 16, 10, 3e-4


@dataclass(frozen=True, slots=True, eq=False)
class Set:
    """The aligned faces of one folder. ``half``: 0 or 1, the same for all of one person."""

    name: str
    crops: list[Image]
    half: NDArray[np.int64]
    worn: bool
    unseen: int  # photographs in which no face was found


def read(folder: Path, name: str, worn: bool) -> Set:
    """Find and align the faces of a folder."""
    detector = build_detector(RecognitionSettings(min_face=40), ModelsSettings())
    crops, halves, unseen = [], [], 0
    paths = [path for path in photographs(folder) if path.stem not in BARE]
    for path, image, face in faces_in(paths, detector, name):
        if face is None or face.landmarks is None:
            unseen += 1
            continue
        person = path.parent.name if name == "lfw" else path.stem
        crops.append(mask_crop(image, face.landmarks))
        halves.append(zlib.crc32(person.encode()) % 2)
    return Set(name, crops, np.array(halves), worn, unseen)


def examples(
    sets: list[Set], choose: list[NDArray[np.bool_]], random: np.random.Generator
) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """Features, truth and weight of the chosen faces, disturbed ones and drawn masks."""
    rows: list[Floats] = []
    truth: list[bool] = []
    weight: list[float] = []

    def add(crop: Image, worn: bool, worth: float) -> None:
        rows.append(features(crop))
        truth.append(worn)
        weight.append(worth)

    for each, chosen in zip(sets, choose, strict=True):
        again = {"lfw": 1, "east_asian": 5}.get(each.name, 15)
        drawn = {"lfw": 1, "east_asian": 2}.get(each.name, 0)
        for index in track(np.flatnonzero(chosen), description=each.name, transient=True):
            crop = each.crops[index]
            add(crop, each.worn, 3.0 if each.worn else 1.0)
            for _ in range(again):
                add(disturbed(crop, random), each.worn, 3.0 if each.worn else 0.7)
            for _ in range(drawn):
                if random.random() < 0.7:
                    add(disturbed(masked(crop, random), random), True, 0.5)
    worn = np.array(truth)
    worth = np.array(weight, np.float32)
    worth[worn] *= 0.5 * worth[~worn].sum() / worth[worn].sum()
    return np.array(rows), worn, worth / worth.mean()


def fit(rows: Floats, worn: NDArray[np.bool_], worth: Floats, seed: int) -> Coefficients:
    """One hidden layer by Adam (Kingma and Ba 2015) with dropout, logistic loss."""
    random = np.random.default_rng(seed)
    mean, scale = rows.mean(0), rows.std(0) + np.float32(0.02)
    inputs = (rows - mean) / scale
    count, size = inputs.shape
    weights = [
        random.normal(0, size**-0.5, (size, HIDDEN)),
        np.zeros(HIDDEN),
        random.normal(0, HIDDEN**-0.5, HIDDEN),
        np.zeros(1),
    ]
    first = [np.zeros_like(w) for w in weights]
    second = [np.zeros_like(w) for w in weights]
    step, steps = 0, ROUNDS * (count // 128)
    for _ in range(ROUNDS):
        for batch in np.array_split(random.permutation(count), count // 128):
            x = inputs[batch] * (random.random((len(batch), size)) > 0.15)
            before = x @ weights[0] + weights[1]
            keep = (random.random(before.shape) > 0.3) / 0.7
            layer = np.maximum(before, 0) * keep
            score = layer @ weights[2] + weights[3]
            slope = (1 / (1 + np.exp(-score)) - worn[batch]) * worth[batch] / len(batch)
            back = np.outer(slope, weights[2]) * keep * (before > 0)
            gradients = (
                x.T @ back + DECAY * weights[0],
                back.sum(0),
                layer.T @ slope + DECAY * weights[2],
                slope.sum(keepdims=True),
            )
            step += 1
            rate = 2e-3 * (1 - step / (steps + 1))
            for i, gradient in enumerate(gradients):
                first[i] = 0.9 * first[i] + 0.1 * gradient
                second[i] = 0.999 * second[i] + 0.001 * gradient**2
                ahead = first[i] / (1 - 0.9**step)
                weights[i] = weights[i] - rate * ahead / (
                    np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8
                )
    hidden, hidden_bias, out = (w.astype(np.float32) for w in weights[:3])
    return Coefficients(mean, scale, hidden, hidden_bias, out, float(weights[3][0]), 0.0)


def chosen_threshold(bare: list[Floats], worn: Floats) -> float:
    """Half way between the highest scores without a mask and the lowest with one."""
    highest = max(float(np.quantile(scores, 0.995)) for scores in bare)
    return (highest + float(np.quantile(worn, 0.02))) / 2


def judged(sets: list[Set], half: int, seed: int) -> tuple[dict[str, Floats], float]:
    """Scores of one half by what was chosen on the other, and that threshold.

    Four fifths of the other half give the coefficients, the last fifth the threshold.
    """
    random = np.random.default_rng(seed)
    other = [each.half != half for each in sets]
    aside = [mine & (random.random(len(mine)) < 0.2) for mine in other]
    fitted = fit(*examples(sets, [o & ~a for o, a in zip(other, aside, strict=True)], random), seed)
    scores = {each.name: fitted.score(np.array([features(c) for c in each.crops])) for each in sets}
    kept = [scores[each.name][mine] for each, mine in zip(sets, aside, strict=True)]
    threshold = chosen_threshold(kept[:-1], kept[-1])
    mine = {each.name: scores[each.name][each.half == half] for each in sets}
    return mine, threshold


def main(
    write: Annotated[bool, typer.Option("--write", help="Write the gate's coefficients.")] = False,
) -> None:
    """Report notice and false alarms with 95 % intervals; each half judged by the other."""
    sets = [
        read(measuring_data("lfw"), "lfw", False),
        read(measuring_data("east_asian"), "east_asian", False),
        read(measuring_data("masks"), "masks", True),
    ]
    folds = [judged(sets, half, seed=half) for half in (0, 1)]
    for each in sets:
        hits = sum(int((scores[each.name] >= at).sum()) for scores, at in folds)
        count = len(each.crops)
        what = "noticed" if each.worn else "false alarms"
        print(
            f"{each.name:11} {what:13} {percent(hits, count)}; no face found in {each.unseen} more"
        )
    thresholds = [at for _, at in folds]
    print("thresholds:", ", ".join(f"{at:.2f}" for at in thresholds))
    if write:
        random = np.random.default_rng(2)
        final = fit(*examples(sets, [np.ones(len(s.crops), bool) for s in sets], random), seed=2)
        np.savez_compressed(
            COEFFICIENTS,
            mean=final.mean.astype(np.float16),
            scale=final.scale.astype(np.float16),
            hidden=final.hidden.astype(np.float16),
            hidden_bias=final.hidden_bias,
            out=final.out,
            out_bias=final.out_bias,
            threshold=float(np.mean(thresholds)),
        )
        print(f"wrote {COEFFICIENTS} ({COEFFICIENTS.stat().st_size:,} bytes)")


if __name__ == "__main__":
    typer.run(main)
