"""How many views of a face a brief look needs: ``python -m research.views``.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.views [--every 2] [--on lfw]

NUAA's people before a webcam. Probes of fewer views are compared with templates of all: four of
retail-0095 (two cuts, each with its mirror image), two of faceplugin. FNMR at FMR 1e-2, 1e-3 and
1e-4 among the genuine pairs of different sessions; plain cosines. With ``--on lfw`` a gate of LFW's
people: FNIR where the first look at a face is thorough, and where every look is brief.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks import people
from gate.errors import ModelError
from gate.evaluation.faces_in import main_face
from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.recognition.detection.detector import build_detector
from gate.recognition.detection.landmarks import build_reader
from gate.recognition.encoders import build_encoder
from gate.recognition.encoders.build import BOTH
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


def views_of(files: Sequence[Path]) -> tuple[Views, Views, list[int]]:
    """Of the main face of each photograph the views of retail-0095, float32 (n, 4, 256), of
    faceplugin, (n, 2, 512), and which photographs had a face. Raises ModelError.
    """
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
    of_retail, of_other, found = [], [], []
    for number, path in enumerate(track(files, description="views", transient=True)):
        image = np.asarray(cv2.imread(str(path)), np.uint8)
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
        found.append(number)
    return np.stack(of_retail), np.stack(of_other), found


def at_a_gate(several: int, alone: int) -> None:
    """Print FNIR of LFW's people by the looks taken of their photographs.

    Args:
        several: people with two photographs and more; the first enrols them, two more are probes.
        alone: people with one, the impostors.
    """
    everybody = people.photographs_of(Path(os.environ["GATE_LFW_DIR"]))
    known = [files[:3] for files in everybody if len(files) > 1][:several]
    files = [file for own in known for file in own]
    files += [own[0] for own in everybody if len(own) == 1][:alone]
    first, second, found = views_of(files)
    row = {files[number]: at for at, number in enumerate(found)}
    known = [own for own in known if all(file in row for file in own)]
    impostors = [row[file] for file in files[-alone:] if file in row]
    encoder = build_encoder(RecognitionSettings(encoder=BOTH), ModelsSettings())
    looks = {name: joined(first, second, LOOKS[name]) for name in ("thorough", "one and one")}
    templates = [row[own[0]] for own in known]
    matcher = people.site(looks["thorough"][templates], encoder, 0.01)
    probes = [(who, [row[file]]) for who, own in enumerate(known) for file in own[1:]]
    passages = [(who, [row[f] for f in own[1:]]) for who, own in enumerate(known) if len(own) > 2]
    print(
        f"{len(known)} enrolled, {len(probes)} probes, {len(impostors)} impostors, {encoder.name}"
    )
    print("| looks | passages | FNIR at FPIR 1 / 0.5 / 0.2 %, % |\n|---|---|---|")
    for taken, way in ((probes, 1), (passages, 2)):
        for begin in looks:
            chosen = [looks[begin], looks["one and one"]]
            rows = unit_rows(
                np.stack(
                    [sum(v[at] for v, at in zip(chosen, ats, strict=False)) for _, ats in taken]
                )
            )
            seen = matcher.identify(rows, encoder.name)
            right = seen.best == people.FIRST + np.array([who for who, _ in taken])
            others = matcher.identify(chosen[way - 1][impostors], encoder.name).score
            missed = [
                100 * (1 - np.mean(right & (seen.score >= np.quantile(others, 1 - rate))))
                for rate in (0.01, 0.005, 0.002)
            ]
            after = ", then one and one" if way == 2 else ""
            text = " / ".join(f"{share:.1f}" for share in missed)
            print(f"| {begin}{after} | {len(taken)} | {text} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=2, help="frames: every which one")
    parser.add_argument("--on", choices=("nuaa", "lfw"), default="nuaa")
    parser.add_argument("--people", type=int, default=450, help="of LFW, with several photographs")
    parser.add_argument("--impostors", type=int, default=600, help="of LFW, with one")
    options = parser.parse_args()
    if options.on == "lfw":
        at_a_gate(options.people, options.impostors)
        return
    photographs = labelled("nuaa")[:: options.every]
    first, second, found = views_of([photo.path for photo in photographs])
    person = np.array([photographs[at].person for at in found])
    session = np.array([photographs[at].session for at in found])
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
