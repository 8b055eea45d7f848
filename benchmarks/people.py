"""A gallery to measure with: real people as far as there are photographs, the rest generated."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.evaluation.synthetic_gallery import generate
from gate.recognition.detection.detector import Detector
from gate.recognition.encoders import Encoder, encode_faces
from gate.recognition.face import Template, Vector
from gate.recognition.matching.gallery import Gallery
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.matching.site_calibration import learn_site

CACHE = Path("var/bench")
FIRST = 1000  # number of the first person


def photographs(lfw: Path) -> list[Path]:
    """One photograph a person: of LFW, and of the East Asian faces beside it where they are."""
    first = [sorted(folder.glob("*.jpg"))[0] for folder in sorted((lfw / "images").iterdir())]
    groups = lfw.parent / "east_asian" / "groups.txt"
    if groups.is_file():
        names = (line.split() for line in groups.read_text().splitlines() if line.strip())
        seen: dict[str, Path] = {}
        for words in names:
            if not words[0].startswith("#"):
                seen.setdefault(words[1], groups.parent / "images" / f"{words[0]}.jpg")
        first += list(seen.values())
    return first


def photographs_of(lfw: Path) -> list[list[Path]]:
    """The photographs of each person of LFW, those with a wrong label left out."""
    lines = (lfw / "errata.txt").read_text().splitlines()
    wrong = {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}
    people = (sorted(folder.glob("*.jpg")) for folder in sorted((lfw / "images").iterdir()))
    right = ([file for file in files if file.stem not in wrong] for files in people)
    return [files for files in right if files]


def embed(files: Sequence[Path], detector: Detector, encoder: Encoder) -> Vector:
    """The vector of the middlemost face of each photograph that has one, float32 (n, d).

    Kept in ``CACHE``: the second time takes no time.
    """
    key = hashlib.sha256(f"{encoder.name} {detector.name} {[f.name for f in files]}".encode())
    kept = CACHE / f"{key.hexdigest()[:16]}.npy"
    if kept.is_file():
        return np.asarray(np.load(kept), dtype=np.float32)
    rows = [row for file in files for row in _middle(file, detector, encoder)]
    CACHE.mkdir(parents=True, exist_ok=True)
    np.save(kept, np.stack(rows))
    return np.stack(rows)


def _middle(file: Path, detector: Detector, encoder: Encoder) -> Iterator[Vector]:
    image = cv2.imread(str(file))
    if image is None:
        return
    pixels = np.asarray(image, np.uint8)
    middle = np.array([pixels.shape[1], pixels.shape[0]]) / 2
    faces = sorted(
        detector.detect(pixels),
        key=lambda f: float(np.hypot(*(np.add(f.box[:2], f.box[2:]) / 2 - middle))),
    )
    if faces:
        yield encode_faces(encoder, pixels, faces[:1])[0]


def filled(real: Vector, count: int, encoder: str) -> Vector:
    """``real`` rows and generated ones, ``count`` in all."""
    missing = max(0, count - len(real))
    if not missing:
        return real[:count]
    return np.concatenate([real, generate(missing, encoder, like=real)])


def site(rows: Vector, encoder: Encoder, fpir: float = 0.001) -> Matcher:
    """A gate of people 1000, 1001, … with one template each, fitted and calibrated."""
    gallery = Gallery(encoder.name, encoder.dimension)
    gallery.add(Template(FIRST + i, row, encoder.name) for i, row in enumerate(rows))
    fit, calibration = learn_site(gallery.snapshot(), made="1970-01-01T00:00:00Z", fpir=fpir)
    return build_matcher(gallery.snapshot(), fit, calibration)


def frames_of(clip: Path) -> list[NDArray[np.uint8]]:
    """All frames of a recording."""
    capture = cv2.VideoCapture(str(clip))
    frames: list[NDArray[np.uint8]] = []
    while True:
        there, frame = capture.read()
        if not there:
            return frames
        frames.append(np.asarray(frame, np.uint8))


def rate_of(clip: Path) -> float:
    """Frames a second of a recording."""
    return float(cv2.VideoCapture(str(clip)).get(cv2.CAP_PROP_FPS)) or 30.0
