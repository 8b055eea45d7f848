"""Where landmarks are read, and what that costs each encoder: ``python -m research.landmarks``.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.landmarks [lfw|nuaa] [--brief] [--every 2]

Labelled people of LFW with East Asian names (six photographs each at most, its errata applied), or
NUAA's people before a webcam. FNMR at FMR 1e-2, 1e-3 and 1e-4 among all pairs, with NUAA also among
the genuine pairs of different sessions; plain cosines, one photograph against one. Beside them the
processor time of reading the landmarks of a face, one thread, the least of all photographs.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from gate.errors import ModelError
from gate.evaluation import photos
from gate.evaluation.faces_in import main_face, measuring_data
from gate.evaluation.photos import Photo
from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.recognition.detection.centerface_network import CenterFaceNetwork
from gate.recognition.detection.detector import build_detector
from gate.recognition.detection.landmarks import LandmarkReader
from gate.recognition.detection.yunet_network import yunet_rows
from gate.recognition.encoders.encoder import Encoder
from gate.recognition.encoders.faceplugin import Faceplugin
from gate.recognition.encoders.retail_0095 import Retail0095
from gate.recognition.settings import RecognitionSettings

MOST = 6  # photographs of one person of LFW
SCORE = 0.2
CENTERFACE = (  # pixels of the face, of the square
    *((64, 96), (80, 96), (80, 128), (96, 128), (96, 160), (112, 160), (128, 160)),
    *((96, 192), (128, 192), (160, 256), (192, 288)),
)
YUNET = ((128, 256), (160, 320), (192, 384))


@dataclass(frozen=True, slots=True)
class Labelled:
    """A photograph, its person and when it was taken; equal times are one session."""

    path: Path
    person: str
    session: str


def labelled(name: str) -> list[Labelled]:
    """The photographs of "lfw" or "nuaa"."""
    folder = measuring_data(name)
    if name == "nuaa":
        return [
            Labelled(path, *path.parent.name.split("-")[:2])
            for path in sorted((folder / "live").glob("*/*.jpg"))
        ]
    names = photos.names_in(folder / "east_asian_names.txt")
    found: list[Photo] = photos.corrected(photos.named_people(folder), folder / "errata.txt")
    seen = Counter[str]()
    kept = []
    for photo in found:
        if photo.path.parent.name in names:
            seen[photo.person] += 1
            if seen[photo.person] <= MOST:
                kept.append(Labelled(photo.path, photo.person, photo.name))
    return kept


def readers(models: ModelsSettings) -> dict[str, LandmarkReader | None]:
    """Each way of reading landmarks; None leaves those of the detector. Raises ModelError."""
    center, yunet = find("centerface", models), find("yunet", models)
    if center is None or yunet is None:
        raise ModelError(
            "centerface and yunet are compared", hint="install both", where=str(models.folder)
        )
    network = CenterFaceNetwork(center, threads=1)
    ways: dict[str, LandmarkReader | None] = {"yunet 96, as found": None}
    for face, side in YUNET:
        ways[f"yunet {face}"] = LandmarkReader(yunet_rows(yunet, SCORE), face, side, "")
    for face, side in CENTERFACE:
        rows = lambda picture: network.rows(picture, SCORE)  # noqa: E731
        ways[f"centerface {face} in {side}"] = LandmarkReader(rows, face, side, "")
    return ways


def fnmr(mates: NDArray[np.float64], others: NDArray[np.float64]) -> str:
    """FNMR in per cent at FMR 1e-2, 1e-3 and 1e-4."""
    ranked = np.sort(others)[::-1]
    limits = [ranked[min(int(fmr * len(ranked)), len(ranked) - 1)] for fmr in (1e-2, 1e-3, 1e-4)]
    return " / ".join(f"{100 * float(np.mean(mates <= limit)):.2f}" for limit in limits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", choices=("lfw", "nuaa"), default="lfw")
    parser.add_argument("--brief", action="store_true", help="looks as at the gate: one view")
    parser.add_argument("--every", type=int, default=1, help="photographs: every which one")
    options = parser.parse_args()
    name = options.name
    models = ModelsSettings()
    detector = build_detector(RecognitionSettings(detector="yunet"), models)
    xml, file = find("retail-0095", models), find("faceplugin", models)
    if xml is None or file is None:
        raise ModelError(
            "retail-0095 and faceplugin are compared", hint="install both", where=str(models.folder)
        )
    encoders: list[Encoder] = [
        Retail0095(xml, models.folder, brief_mirror=False),
        Faceplugin(file),
    ]
    ways = readers(models)
    vectors: dict[str, list[list[NDArray[np.float32]]]] = {way: [] for way in ways}
    least = dict.fromkeys(ways, float("inf"))
    people = []
    for photo in track(labelled(name)[:: options.every], description=name, transient=True):
        image = np.asarray(cv2.imread(str(photo.path)), np.uint8)
        face = main_face(image, detector.detect(image))
        if face is None:
            continue
        people.append(photo)
        for way, reader in ways.items():
            began = time.thread_time()
            seen = face if reader is None else reader.read(image, face)
            least[way] = min(least[way], 1e3 * (time.thread_time() - began))
            vectors[way].append(
                [e.encode(e.crops(image, [seen]), brief=options.brief)[0] for e in encoders]
            )
    first, second = np.triu_indices(len(people), 1)
    person = np.array([photo.person for photo in people])
    session = np.array([photo.session for photo in people])
    same, apart = person[first] == person[second], session[first] != session[second]
    print(f"{name}: {len(people)} photographs, {same.sum()} genuine, {(~same).sum()} others")
    print("| landmarks | ms | retail-0095 | faceplugin | both |\n|---|---|---|---|---|")
    for way, rows in vectors.items():
        columns = []
        scores = []
        for number in range(len(encoders)):
            matrix = np.stack([row[number] for row in rows]).astype(np.float64)
            scores.append((matrix @ matrix.T)[first, second])
        for values in (*scores, np.mean(scores, axis=0)):
            text = fnmr(values[same], values[~same])
            if name == "nuaa":
                text += f"; {fnmr(values[same & apart], values[~same])}"
            columns.append(text)
        print(f"| {way} | {least[way]:.2f} | {' | '.join(columns)} |")


if __name__ == "__main__":
    main()
