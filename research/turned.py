"""What a turned face costs at enrolment: ``python -m research.turned``.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.turned [--encoder NAME]

People of LFW with two photographs or more. The probe is a frontal photograph of each; templates
are other photographs of theirs that keep every limit of enrolment except that of pose. Printed is
the FNMR of templates by how far they are turned, at thresholds of FMR 1e-3, 1e-4 and 1e-5 among all
pairs of different people.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gate.evaluation.faces_in import faces_in, measuring_data, photographs
from gate.evaluation.interval import percent
from gate.models.settings import ModelsSettings
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders import Encoder, build_encoder, encode_faces
from gate.recognition.face import Face, Image, Vector
from gate.recognition.quality.assessment import assess
from gate.recognition.quality.settings import ENROLMENT
from gate.recognition.settings import RecognitionSettings

_FRONTAL = 15.0  # degrees to the side, up and down
_MOST = 8  # photographs looked at of a person
_YAW = (0, 15, 20, 25, 28, 32, 36, 40, 90)


class Look(NamedTuple):
    """A photograph and how its face is turned, in degrees."""

    person: str
    image: Image
    face: Face
    yaw: float
    pitch: float


def looks(files: list[Path], models: ModelsSettings) -> Iterator[Look]:
    """Usable photographs whatever their pose."""
    detector = build_detector(RecognitionSettings(), models)
    free = ENROLMENT.model_copy(update={"yaw": 90.0, "pitch": 90.0})
    for path, image, found in faces_in(files, detector, "looking"):
        face = assess(image, found, free) if found is not None else None
        if face is None or face.unusable or face.quality is None:
            continue
        yaw, pitch = face.quality.yaw, face.quality.pitch
        if yaw is not None and pitch is not None:
            yield Look(path.parent.name, image, face, abs(yaw), abs(pitch))


def chosen(seen: list[Look]) -> tuple[list[Look], list[Look]]:
    """A frontal probe of each person who has one, and at most three templates beside it."""
    people: dict[str, list[Look]] = defaultdict(list)
    for look in seen:
        people[look.person].append(look)
    probes, templates = [], []
    for mine in people.values():
        front = [one for one in mine if max(one.yaw, one.pitch) < _FRONTAL]
        if front and len(mine) > 1:
            probes.append(front[0])
            turned = [one for one in mine if max(one.yaw, one.pitch) >= _FRONTAL]
            templates += [*front[1:2], *turned[:2]]
    return probes, templates


def vectors(encoder: Encoder, looked: list[Look]) -> Vector:
    """float32 (n, d), unit rows."""
    return np.array([encode_faces(encoder, one.image, [one.face])[0] for one in looked])


def report(
    scores: NDArray[np.float32], same: NDArray[np.bool_], yaw: NDArray[np.float64]
) -> Iterator[str]:
    """The lines of the table.

    Args:
        scores: float32 (templates, probes).
        same: bool, the same shape: one person.
        yaw: float64 (templates,), degrees.
    """
    impostors = np.sort(scores[~same])
    for fmr in (1e-3, 1e-4, 1e-5):
        threshold = impostors[int(len(impostors) * (1 - fmr))]
        yield f"FMR {fmr:g} of {len(impostors)} pairs, threshold {threshold:.3f}"
        for low, high in pairwise(_YAW):
            rows = (yaw >= low) & (yaw < high)
            mated = scores[rows][same[rows]]
            missed = int((mated < threshold).sum())
            yield f"    turned {low} to {high} degrees: {percent(missed, len(mated))}"


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--encoder", default="auto")
    encoder_name = options.parse_args().encoder
    models = ModelsSettings()
    by_person: dict[Path, list[Path]] = defaultdict(list)
    for path in photographs(measuring_data("lfw")):
        by_person[path.parent].append(path)
    files = [path for mine in by_person.values() if len(mine) > 1 for path in mine[:_MOST]]
    probes, templates = chosen([look for look in looks(files, models) if look.pitch < 20])
    encoder = build_encoder(RecognitionSettings.model_validate({"encoder": encoder_name}), models)
    print(f"{encoder.name}: {len(probes)} people, {len(templates)} templates")
    scores = vectors(encoder, templates) @ vectors(encoder, probes).T
    same = np.array([[t.person == p.person for p in probes] for t in templates])
    print("\n".join(report(scores, same, np.array([look.yaw for look in templates]))))


if __name__ == "__main__":
    main()
