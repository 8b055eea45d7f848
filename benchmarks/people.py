"""A gallery to measure with: real people as far as there are photographs, the rest generated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.evaluation import embedding
from gate.evaluation.photos import Photo
from gate.evaluation.synthetic_gallery import generate
from gate.recognition.detection.detector import Detector
from gate.recognition.encoders import Encoder
from gate.recognition.face import Face, Image, Template, Unusable, Vector
from gate.recognition.interfaces import Assess
from gate.recognition.matching.gallery import Gallery
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.matching.site_calibration import learn_site

# apart from what `gate evaluate` keeps, which looks for smaller faces than a gate does
CACHE = Path("var/evaluation/at-a-gate")
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
    """The vector of the main face of each photograph that has one, float32 (n, d).

    Kept in ``CACHE``: the second time takes no time.
    """
    shown = [Photo(file, file.stem, file.parent.name) for file in files]
    found = embedding.embed(shown, encoder, detector, CACHE, encoder.name)
    return found.vectors[found.found]


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


def wide_enough(min_face: int) -> Assess:
    """The least width of a face that is searched for, pixels."""

    def assess(image: Image, face: Face) -> Face:
        return replace(face, unusable=Unusable.TOO_FAR) if face.width < min_face else face

    return assess
