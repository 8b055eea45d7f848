"""The one face of each photograph of a folder, found with YuNet where it is installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track

from gate.errors import CameraError, ConfigurationError
from gate.recognition.detection.detector import Detector
from gate.recognition.face import Face, Image


def measuring_data(name: str) -> Path:
    """The folder ``name`` of measuring data, beside that of GATE_LFW_DIR.

    Raises ConfigurationError when the variable is unset or the folder is not there.
    """
    lfw = os.environ.get("GATE_LFW_DIR", "")
    folder = Path(lfw).parent / name
    if not lfw or not folder.is_dir():
        raise ConfigurationError(
            f"the measuring data {name} is not here",
            where="GATE_LFW_DIR" if not lfw else str(folder),
            hint="set GATE_LFW_DIR to the folder of LFW; the others lie beside it",
        )
    return folder


def photographs(folder: Path) -> list[Path]:
    """Every photograph below ``folder``, in order. Raises CameraError when there is none."""
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not found:
        raise CameraError("there are no photographs", where=str(folder), hint="name another folder")
    return found


def faces_in(
    paths: list[Path], detector: Detector, title: str
) -> Iterator[tuple[Path, Image, Face | None]]:
    """Each photograph with its largest face near the middle, None where no face is found.

    Returns:
        Path, image (uint8 (H, W, 3), BGR) and face of each photograph that can be read.
    """
    for path in track(paths, description=title, transient=True):
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is not None:
            pixels = np.asarray(image, np.uint8)
            yield path, pixels, main_face(pixels, detector.detect(pixels))


def main_face(image: Image, faces: list[Face]) -> Face | None:
    """The face that the photograph, uint8 (H, W, 3), is of; None without any."""
    height, width = image.shape[:2]

    def weight(face: Face) -> float:
        left, top, right, bottom = face.box
        x, y = ((left + right) / 2 / width - 0.5, (top + bottom) / 2 / height - 0.5)
        return face.area * float(np.exp(-4 * (x * x + y * y)))

    return max(faces, key=weight, default=None)
