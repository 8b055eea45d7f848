"""What liveness networks make of whole passages: ``python -m research.liveness_passages``.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.liveness_passages [--networks A+B]

A passage is every frame of one window before a webcam (NUAA), of one recording, of one drawn device
or of one photograph. As at the gate the mean over the frames so far is judged after each from the
second on, and the first that is high enough opens; so an attack succeeds when any of them is, and a
living person fails when none is. First with the calibration of the product and what it asks of
these networks (both set while looking at much of the same).
Then the half of the sources that chooses fits a calibration and the least threshold that none of
its attacks passes, and the other half is judged by both; and the other way round. The people drawn
in ``fixtures/`` take no part in any choice.
"""

from __future__ import annotations

import argparse
import math
import pickle
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track

from gate.evaluation.faces_in import measuring_data, photographs
from gate.evaluation.interval import percent
from gate.models import ModelsSettings, find
from gate.passage.serve import SUSPECTED
from gate.recognition.detection.detector import build_detector
from gate.recognition.evidence import LOOKS
from gate.recognition.face import Image
from gate.recognition.liveness.assessment import (
    ALONE,
    NETWORKS,
    Calibration,
    calibration,
    summary,
)
from gate.recognition.liveness.networks import open_tests
from gate.recognition.quality.assessment import eye_distance
from gate.recognition.quality.settings import Limits
from gate.recognition.settings import RecognitionSettings
from research.attacks import Bench, Subject, calibrated, frames_of, of_photographs
from research.replay_attack import DEVICES, Device, Presentation

STEP = 0.25  # nats between the thresholds that may be chosen
DRAWN = "drawn people of fixtures/"
NEAR = Limits().size  # pixels between the eyes at which a gate begins
EVERY = 3  # frame of a recording of 30 a second


def seen(bench: Bench, kind: str, source: str, live: bool, images: Iterable[Image]) -> Subject:
    """One passage: its frames that a gate would use. The images are uint8 (H, W, 3), BGR."""
    passage = Subject(kind, source, live)
    for image in images:
        face = bench.face(image)
        if face is None or face.landmarks is None:
            continue
        if eye_distance(face.landmarks) >= NEAR:
            bench.look(passage, image, face)
    return passage


def presented(bench: Bench, fixtures: Path, most: int) -> list[Subject]:
    """Every passage there is."""
    passages = []
    for folder in track(sorted(measuring_data("nuaa").glob("*/*")), "webcam", transient=True):
        live = folder.parent.name == "live"
        kind = "webcam, live" if live else "webcam, print"
        files = photographs(folder)
        images = (np.asarray(cv2.imread(str(file)), np.uint8) for file in files)
        passages.append(seen(bench, kind, folder.name.split("-")[0], live, images))
    for path in track(sorted(measuring_data("clips").rglob("*.mkv")), "clips", transient=True):
        source = path.parent.name
        frames = list(frames_of(path))[::EVERY]
        passages.append(seen(bench, "recordings", source, True, frames))
        for device in DEVICES:
            seed = zlib.crc32(f"{path.stem} {source} {device.name}".encode())
            passages.append(
                seen(
                    bench, f"drawn {device.name}", source, False, shown(bench, device, frames, seed)
                )
            )
    films = fixtures / "recordings"
    for path in sorted(films.glob("*.mp4")):
        if path.stem == "photograph-held-up":
            kind, live = "photograph held up, fixtures/", False
        elif path.stem.startswith("resident"):
            kind, live = DRAWN, True
        else:
            continue
        passages.append(seen(bench, kind, path.stem, live, frames_of(path)))
    for name in ("lfw", "east_asian", "masks"):
        passages += of_photographs(bench, name, most)
    return passages


def shown(bench: Bench, device: Device, frames: Sequence[Image], seed: int) -> Iterable[Image]:
    """The frames on a drawn device: a display shows the film, paper one picture."""
    show = Presentation(device, np.random.default_rng(seed))
    found = [(image, face) for image in frames if (face := bench.face(image)) is not None]
    for image, face in found if device.display else found[:1] * len(found):
        yield show.show(image, face.box)


def ratios(passage: Subject, columns: tuple[int, ...], ratio: Calibration) -> list[float]:
    """The ratios of the passage, nats: the mean so far, after each frame from the second.

    A photograph, of which there is one frame, is judged by that.
    """
    frames = np.stack(passage.scores)[:, list(columns)]
    first = min(LOOKS, len(frames))
    return [ratio.ratio(summary(frames[:n])) for n in range(first, len(frames) + 1)]


def highest(passage: Subject, columns: tuple[int, ...], ratio: Calibration) -> float:
    """The highest of ``ratios``."""
    return max(ratios(passage, columns, ratio))


def least(attacks: Sequence[float]) -> float:
    """The least threshold, nats, of 0 and more that none of the attacks exceeds."""
    return max(0.0, STEP * math.ceil(max(attacks) / STEP))


def halves(passages: list[Subject]) -> dict[int, int]:
    """By ``id``: the half of each passage, 0 or 1. Everything of one person is in one of them.

    The sources of each kind in turn, so that each half has people, prints and drawn devices.
    """
    sides: dict[str, int] = {}
    for kind in dict.fromkeys(p.kind for p in passages):
        fresh = sorted({p.source for p in passages if p.kind == kind} - sides.keys())
        sides |= {source: number % 2 for number, source in enumerate(fresh)}
    return {id(p): sides[p.source] for p in passages}


def chosen(passages: list[Subject], columns: tuple[int, ...]) -> dict[int, tuple[float, float]]:
    """By ``id``: what each passage reaches and what it has to, nats, by the other half's choice."""
    out: dict[int, tuple[float, float]] = {}
    half = halves(passages)
    for mine in (0, 1):
        others = [p for p in passages if half[id(p)] != mine and p.kind != DRAWN]
        ratio = calibrated(others, columns)
        limit = least([highest(p, columns, ratio) for p in others if not p.live])
        print(
            f"half {mine} is judged with weights "
            f"{', '.join(f'{w:.3f}' for w in ratio.weights)}, offset {ratio.offset:.3f}"
            f" and {limit:g} nats"
        )
        out |= {id(p): (highest(p, columns, ratio), limit) for p in passages if half[id(p)] == mine}
    return out


def report(title: str, passages: list[Subject], reached: dict[int, tuple[float, float]]) -> None:
    """APCER or BPCER of each kind."""
    print(f"\n{title}")
    for kind in dict.fromkeys(p.kind for p in passages):
        mine = [p for p in passages if p.kind == kind]
        passed = sum(value > limit for value, limit in (reached[id(p)] for p in mine))
        live = mine[0].live
        wrong = len(mine) - passed if live else passed
        median = float(np.median([reached[id(p)][0] for p in mine]))
        name = "BPCER" if live else "APCER"
        print(f"  {kind:30} {name} {percent(wrong, len(mine))}; median {median:.1f} nats")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", default="faceplugin-liveness")
    parser.add_argument("--detector", default="auto")
    parser.add_argument("--fixtures", type=Path, default=Path("fixtures"))
    parser.add_argument("--most", type=int, default=250, help="photographs of each folder")
    parser.add_argument("--keep", type=Path, help="scores are kept there, or taken from there")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    models = ModelsSettings()
    tests = open_tests(*(find(n, models) for n in NETWORKS), cache=models.folder, threads=1)
    if options.keep is not None and options.keep.is_file():
        passages = pickle.loads(options.keep.read_bytes())
    else:
        settings = RecognitionSettings(detector=options.detector, min_face=40)
        bench = Bench(build_detector(settings, models), tests)
        passages = [p for p in presented(bench, options.fixtures, options.most) if p.scores]
        if options.keep is not None:
            options.keep.write_bytes(pickle.dumps(passages))
    names = options.networks.split("+")
    columns = tuple([test.name for test in tests].index(name) for name in names)
    shipped, limit = calibration(names), ALONE if len(names) == 1 else 0.0
    now = {id(p): (highest(p, columns, shipped), limit) for p in passages}
    report(f"{options.networks} as the product has it, {limit:g} nats", passages, now)
    print(f"\nmuch like a picture at any moment, {SUSPECTED:g} nats and less")
    for kind in dict.fromkeys(p.kind for p in passages):
        lows = [min(ratios(p, columns, shipped)) for p in passages if p.kind == kind]
        print(f"  {kind:30} {percent(sum(low <= SUSPECTED for low in lows), len(lows))}")
    report("each half judged by the choice of the other", passages, chosen(passages, columns))


if __name__ == "__main__":
    main()
