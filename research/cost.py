"""What each check adds to a frame: ``python -m research.cost``.

On a photograph of fixtures/ brought to the size of a person at the gate, one thread. The least of
many runs is given, for it is disturbed least by whatever else the machine does; beside it the
share of what encoding the face costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from gate.errors import CameraError
from gate.evaluation.faces_in import main_face
from gate.models import ModelsSettings, find
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders import build_encoder, encode_faces
from gate.recognition.liveness.assessment import NETWORKS
from gate.recognition.liveness.motion import display_grid, nose_place
from gate.recognition.liveness.networks import open_tests
from gate.recognition.quality.assessment import judge, pose
from gate.recognition.quality.mask import mask_crop, mask_score
from gate.recognition.quality.settings import QualitySettings
from gate.recognition.settings import RecognitionSettings


def least(task: Callable[[], object], runs: int) -> float:
    """Milliseconds of the quickest of ``runs``."""
    task()
    best = float("inf")
    for _ in range(runs):
        begun = time.perf_counter()
        task()
        best = min(best, time.perf_counter() - begun)
    return 1000 * best


def main(
    fixtures: Annotated[Path, typer.Option(help="The fixtures folder.")] = Path("fixtures"),
    runs: Annotated[int, typer.Option(help="Of each check.")] = 100,
) -> None:
    """Milliseconds a face and share of encoding, check by check."""
    cv2.setNumThreads(1)
    models, settings = ModelsSettings(), RecognitionSettings(threads=1)
    detector, encoder = build_detector(settings, models), build_encoder(settings, models)
    photograph = cv2.imread(str(fixtures / "photographs" / "barack-obama-2012.jpg"))
    if photograph is None:
        raise CameraError("there is no photograph", where=str(fixtures), hint="give --fixtures")
    canvas = np.full((480, 640, 3), 160, np.uint8)
    small = cv2.resize(photograph, (328, 410), interpolation=cv2.INTER_AREA)
    canvas[70:, 156:484] = small
    face = main_face(canvas, detector.detect(canvas))
    if face is None or face.landmarks is None:
        raise CameraError("no face is found", where=str(fixtures), hint="give --fixtures")
    points, assess = face.landmarks, judge(QualitySettings())
    checks: dict[str, Callable[[], object]] = {
        f"encode ({encoder.name})": lambda: encode_faces(encoder, canvas, [face]),
        f"find ({detector.name}, 640 × 480)": lambda: detector.detect(canvas),
        "all of quality, with the mask": lambda: assess(canvas, face),
        "  of it: mask": lambda: mask_score(mask_crop(canvas, points)),
        "  of it: pose": lambda: pose(points),
        "motion and display cues": lambda: (nose_place(points), display_grid(canvas, face)),
    }
    for test in open_tests(*(find(n, models) for n in NETWORKS), cache=models.folder, threads=1):
        checks[test.name] = lambda test=test: test.score(canvas, face)  # type: ignore[misc]
    spent = {name: least(task, runs) for name, task in checks.items()}
    encoding = next(iter(spent.values()))
    for name, milliseconds in spent.items():
        print(f"{name:34} {milliseconds:7.2f} ms  {milliseconds / encoding:5.2f} of encoding")


if __name__ == "__main__":
    typer.run(main)
