"""Photographs → vectors, kept on disk so that a second run takes seconds.

What is kept is a measurement's own file in a folder of the caller's choosing; stop it at any
time, the next run goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from gate.evaluation.faces_in import main_face
from gate.evaluation.photos import Photo
from gate.recognition.detection.detector import Detector
from gate.recognition.encoders.encoder import Encoder, encode_faces
from gate.recognition.face import Vector

_SAVE_EVERY = 500


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Attributes:
    vectors: float32 (n, d); rows of zeros where no face was found.
    found: bool (n,).
    """

    vectors: Vector
    found: NDArray[np.bool_]


def embed(
    photos: Sequence[Photo], encoder: Encoder, detector: Detector, cache: Path, title: str
) -> Embedded:
    """The vector of the main face of each photograph; shows a progress bar when there is work."""
    file = cache / f"{encoder.name}-{detector.name}.npz".replace("/", "-")
    known = _load(file, encoder.dimension)
    keys = [_key(photo) for photo in photos]
    missing = [number for number, key in enumerate(keys) if key not in known]
    if missing:
        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, transient=True) as progress:
            task = progress.add_task(title, total=len(missing))
            try:
                for done, number in enumerate(missing, 1):
                    known[keys[number]] = _vector(photos[number], encoder, detector)
                    progress.advance(task)
                    if done % _SAVE_EVERY == 0:
                        _save(file, known)
            finally:
                _save(file, known)
    vectors = np.stack([known[key] for key in keys]).astype(np.float32)
    return Embedded(vectors, np.linalg.norm(vectors, axis=1) > 0)


def _image(photo: Photo) -> MatLike | None:
    if photo.frame is None:
        return cv2.imread(str(photo.path), cv2.IMREAD_COLOR)
    film = cv2.VideoCapture(str(photo.path))
    film.set(cv2.CAP_PROP_POS_FRAMES, photo.frame)
    there, image = film.read()
    return image if there else None


def _vector(photo: Photo, encoder: Encoder, detector: Detector) -> Vector:
    image = _image(photo)
    if image is not None:
        pixels = np.asarray(image, np.uint8)
        face = main_face(pixels, detector.detect(pixels))
        if face is not None:
            return np.asarray(encode_faces(encoder, pixels, [face])[0], np.float32)
    return np.zeros(encoder.dimension, np.float32)


def _key(photo: Photo) -> str:
    """A photograph by its place, size and time of change; not its name alone."""
    about = photo.path.stat()
    text = f"{photo.path.resolve()} {about.st_size} {about.st_mtime_ns}"
    if photo.frame is not None:
        text += f" {photo.frame}"
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _load(file: Path, width: int) -> dict[str, Vector]:
    try:
        with np.load(file) as stored:
            if stored["vectors"].shape[1] == width:
                return dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile):
        pass  # absent or cut off: made again
    return {}


def _save(file: Path, known: dict[str, Vector]) -> None:
    if known:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part.npz")
        np.savez(part, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
        part.replace(file)
