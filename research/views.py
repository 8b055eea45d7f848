"""How many views of a face a brief look needs: ``python -m research.views``.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.views [--every 2]

NUAA's people before a webcam. Probes of fewer views are compared with templates of all: four of
retail-0095 (two cuts, each with its mirror image), two of faceplugin. FNMR at FMR 1e-2, 1e-3 and
1e-4 among the genuine pairs of different sessions; plain cosines.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from gate.errors import ModelError
from gate.evaluation.faces_in import main_face
from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.recognition.detection.detector import build_detector
from gate.recognition.detection.landmarks import build_reader
from gate.recognition.encoders.encoder import unit_rows
from gate.recognition.encoders.faceplugin import Faceplugin
from gate.recognition.encoders.retail_0095 import Retail0095, _documented, _wider
from gate.recognition.settings import RecognitionSettings
from research.landmarks import fnmr, labelled

Views = NDArray[np.float32]  # (n, views, d), unit rows
LOOKS = {  # views of retail-0095, of faceplugin
    "thorough": ((0, 1, 2, 3), (0, 1)),
    "two and two": ((0, 1), (0, 1)),
    "one and two": ((0,), (0, 1)),
    "one and one": ((0,), (0,)),
    "retail-0095 alone: four": ((0, 1, 2, 3), ()),
    "retail-0095 alone: two": ((0, 1), ()),
    "retail-0095 alone: one": ((0,), ()),
    "faceplugin alone: two": ((), (0, 1)),
    "faceplugin alone: one": ((), (0,)),
}


def joined(retail: Views, other: Views, look: tuple[Sequence[int], Sequence[int]]) -> Views:
    """The vectors of such looks, float32 (n, d)."""
    parts = [
        unit_rows(views[:, list(chosen)].sum(1))
        for views, chosen in ((retail, look[0]), (other, look[1]))
        if chosen
    ]
    return unit_rows(np.concatenate(parts, axis=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=2, help="frames: every which one")
    options = parser.parse_args()
    models = ModelsSettings()
    detector, reader = build_detector(RecognitionSettings(), models), build_reader(models)
    xml, file = find("retail-0095", models), find("faceplugin", models)
    if xml is None or file is None or reader is None:
        raise ModelError(
            "retail-0095, faceplugin and a detector with landmarks are needed",
            where=str(models.folder),
            hint="install them with `gate models fetch`",
        )
    retail, other = Retail0095(xml, models.folder), Faceplugin(file)
    of_retail, of_other, people, sessions = [], [], [], []
    for photo in track(labelled("nuaa")[:: options.every], description="nuaa", transient=True):
        image = np.asarray(cv2.imread(str(photo.path)), np.uint8)
        face = main_face(image, detector.detect(image))
        if face is None:
            continue
        face = reader.read(image, face)
        crops = retail.crops(image, [face])
        cuts = np.concatenate([_documented(crops), _wider(crops)])
        views = unit_rows(retail._run(np.concatenate([cuts, cuts[:, :, ::-1]])))
        of_retail.append(views[[0, 2, 1, 3]])  # the documented cut first, then its mirror image
        crops = other.crops(image, [face])
        of_other.append(unit_rows(other._run(np.concatenate([crops, crops[:, :, ::-1]]))))
        people.append(photo.person)
        sessions.append(photo.session)
    first, second = np.stack(of_retail), np.stack(of_other)
    person, session = np.array(people), np.array(sessions)
    same = person[:, None] == person[None]
    genuine = same & (session[:, None] != session[None])
    print(f"{len(person)} frames, {genuine.sum()} genuine pairs, {(~same).sum()} others")
    print("| views of retail-0095 and faceplugin | FNMR at FMR 1e-2 / 1e-3 / 1e-4, % |\n|---|---|")
    for name, look in LOOKS.items():
        whole = (range(4) if look[0] else (), range(2) if look[1] else ())
        scores = (joined(first, second, look) @ joined(first, second, whole).T).astype(np.float64)
        print(f"| {name} | {fnmr(scores[genuine], scores[~same])} |")


if __name__ == "__main__":
    main()
