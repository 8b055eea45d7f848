"""Attacks and living faces, with and without networks: ``python -m research.attacks``.

Live: photographs of LFW, east_asian and masks, every frame of clips, one photograph of spoof.
Attacks: two photographs of spoof, the photograph held up in fixtures/, and simulated ones: each
clip shown again on drawn devices (``replay_attack.py``); and NUAA's people and prints before a
webcam, in windows. Half of the sources sets the calibration
for the other half; APCER and BPCER as in ISO/IEC 30107-3. ``--write`` keeps the mean of both.
"""

from __future__ import annotations

import itertools
import json
import pickle
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import track

from gate.evaluation.faces_in import main_face, measuring_data, photographs
from gate.evaluation.interval import percent
from gate.models import ModelsSettings, find
from gate.recognition.detection.detector import Detector, build_detector
from gate.recognition.face import Face, Image
from gate.recognition.liveness.assessment import (
    CALIBRATION,
    NETWORKS,
    Calibration,
    cue_ratio,
    summary,
)
from gate.recognition.liveness.motion import display_grid, nose_place
from gate.recognition.liveness.networks import FrameTest, open_tests, scores
from gate.recognition.settings import RecognitionSettings
from research.replay_attack import DEVICES, Presentation

OPENS = (0.0, 1.0, 2.3)  # nats that may be asked for before a face alone opens
CALLED = -4.0  # called an attack at and below
_FRAME = 1 / 30  # seconds between the frames of clips
_MOVED = dict.fromkeys(("p01", "p02", "p03", "p04"), "moved or bent") | {"p08": "close"}
_WINDOW = 8  # frames judged together: what a person shows in about a second


@dataclass(slots=True)
class Subject:
    """One presentation: its frames' scores and cues."""

    kind: str
    source: str
    live: bool
    scores: list[NDArray[np.float64]] = field(default_factory=list)
    places: list[NDArray[np.float64]] = field(default_factory=list)
    grids: list[float] = field(default_factory=list)
    interval: float = 0.0  # seconds between frames

    @property
    def half(self) -> int:
        return zlib.crc32(self.source.encode()) % 2

    def columns(self, chosen: tuple[int, ...]) -> NDArray[np.float64]:
        return summary(np.stack(self.scores)[:, list(chosen)])

    def cues(self) -> float:
        return cue_ratio(self.places, self.grids, self.interval * len(self.places))


class Bench:
    """Looks at pictures and keeps what it sees."""

    def __init__(self, detector: Detector, tests: list[FrameTest]) -> None:
        self._detector, self._tests = detector, tests

    def face(self, image: Image) -> Face | None:
        return main_face(image, self._detector.detect(image))

    def look(self, subject: Subject, image: Image, face: Face | None) -> None:
        if face is None or face.landmarks is None:
            return
        subject.scores.append(scores(self._tests, image, face))
        subject.places.append(nose_place(face.landmarks))
        subject.grids.append(display_grid(image, face))


def frames_of(path: Path) -> Iterator[Image]:
    """The frames of a film."""
    film = cv2.VideoCapture(str(path))
    while True:
        there, image = film.read()
        if not there:
            return
        yield np.asarray(image, np.uint8)


def of_photographs(bench: Bench, name: str, most: int) -> list[Subject]:
    """Photographs of living faces, evenly chosen, each a subject of one frame."""
    paths = photographs(measuring_data(name))
    paths = paths[:: max(1, len(paths) // most)][:most]
    subjects = []
    for path in track(paths, description=name, transient=True):
        image = np.asarray(cv2.imread(str(path)), np.uint8)
        subject = Subject(name, path.stem, True)
        bench.look(subject, image, bench.face(image))
        subjects.append(subject)
    return subjects


def of_clips(bench: Bench, repeats: int) -> list[Subject]:
    """Every clip as it is, in windows, and shown again on every device."""
    subjects = []
    for path in track(
        sorted(measuring_data("clips").rglob("*.mkv")), description="clips", transient=True
    ):
        source = f"{path.parent.name}/{path.stem}"
        frames = [(image, bench.face(image)) for image in frames_of(path)]
        for start in range(0, len(frames), _WINDOW):
            window = Subject("clips", source, True, interval=_FRAME)
            for image, face in frames[start : start + _WINDOW]:
                bench.look(window, image, face)
            subjects.append(window)
        seen = [(image, face) for image, face in frames if face is not None]
        for device, repeat in itertools.product(DEVICES, range(repeats)):
            seed = zlib.crc32(f"{source} {device.name} {repeat}".encode())
            show = Presentation(device, np.random.default_rng(seed))
            name = f"simulated {device.name}"
            attack = Subject(name, f"{source} {repeat}", False, interval=4 * _FRAME)
            # paper shows one picture all the time, a display the film
            for image, face in (seen if device.display else seen[:1] * len(seen))[::4]:
                shown = show.show(image, face.box)
                bench.look(attack, shown, bench.face(shown))
            subjects.append(attack)
    return subjects


def of_webcam(bench: Bench) -> list[Subject]:
    """Real people and real prints of them before a webcam (NUAA), in windows; by person."""
    subjects = []
    folder = measuring_data("nuaa")
    for path in track(sorted(folder.glob("*/*")), description="nuaa", transient=True):
        live = path.parent.name == "live"
        # 0001-s02-p03-g00-042: the position says how a print was moved
        person, _, position, *_ = path.name.split("-")
        name = "webcam, live" if live else f"webcam, print {_MOVED.get(position, 'held still')}"
        files = photographs(path)
        for start in range(0, len(files), _WINDOW):
            window = Subject(name, person, live, interval=0.1)
            for file in files[start : start + _WINDOW]:
                image = np.asarray(cv2.imread(str(file)), np.uint8)
                bench.look(window, image, bench.face(image))
            subjects.append(window)
    return subjects


def of_samples(bench: Bench, fixtures: Path) -> list[Subject]:
    """The three photographs of spoof, and the film of a photograph held up."""
    subjects = []
    for path in photographs(measuring_data("spoof")):
        live = "_T" in path.stem
        subject = Subject("spoof, live" if live else "spoof, attacks", path.stem, live)
        image = np.asarray(cv2.imread(str(path)), np.uint8)
        bench.look(subject, image, bench.face(image))
        subjects.append(subject)
    film = fixtures / "recordings" / "photograph-held-up.mp4"
    frames = list(frames_of(film))
    for start in range(0, len(frames), _WINDOW):
        held = Subject("photograph held up (fixtures)", f"held up {start}", False, interval=0.1)
        for image in frames[start : start + _WINDOW]:
            bench.look(held, image, bench.face(image))
        if held.scores:
            subjects.append(held)
    return subjects


def calibrated(subjects: list[Subject], chosen: tuple[int, ...]) -> Calibration:
    """Logistic regression with weights of 0 or more; every kind of subject weighs alike, attacks
    and living faces half each."""
    subjects = [s for s in subjects if s.scores]
    values = np.stack([s.columns(chosen) for s in subjects])
    rows = np.column_stack([values, np.ones(len(values))])
    live = np.array([s.live for s in subjects])
    kinds = np.array([s.kind for s in subjects])
    weight = np.zeros(len(subjects))
    for side in (True, False):
        names = sorted(set(kinds[live == side]))
        for name in names:
            mine = kinds == name
            weight[mine] = 0.5 / len(names) / mine.sum()
    ridge = np.append(np.full(len(chosen), 0.01), 0.0)
    line = np.append(np.full(len(chosen), 0.2), 0.0)
    for _ in range(6000):  # projected gradient
        rate = 1 / (1 + np.exp(-rows @ line))
        line = line - 0.15 * (rows.T @ (weight * (rate - live)) + ridge * line)
        line[:-1] = np.maximum(line[:-1], 0)
    return Calibration(tuple(float(w) for w in line[:-1]), float(line[-1]))


def ratios(subjects: list[Subject], chosen: tuple[int, ...]) -> dict[int, float]:
    """Each subject's ratio by the calibration of the other half of the sources."""
    halves = [[s for s in subjects if s.half == half and s.scores] for half in (0, 1)]
    out: dict[int, float] = {}
    for mine, other in ((0, 1), (1, 0)):
        fitted = calibrated(halves[other], chosen)
        out |= {id(s): fitted.ratio(s.columns(chosen)) for s in halves[mine]}
    return out


def report(
    title: str, subjects: list[Subject], value: dict[int, float], opens: tuple[float, ...]
) -> None:
    """APCER of each kind of attack, BPCER of each kind of living face, at each threshold."""
    print(f"\n{title}: error at " + ", ".join(f"{at:g}" for at in opens) + " nats")
    for kind in dict.fromkeys(s.kind for s in subjects):
        mine = [s for s in subjects if s.kind == kind]
        seen = [value[id(s)] for s in mine if id(s) in value]
        columns = []
        for at in opens:
            passed = sum(v >= at for v in seen)
            columns.append(percent(len(seen) - passed if mine[0].live else passed, len(seen)))
        called = sum(v <= CALLED for v in seen)
        unseen = f"; no face in {len(mine) - len(seen)}" if len(mine) > len(seen) else ""
        name = "BPCER" if mine[0].live else "APCER"
        print(f"  {kind:30} {name} {'  '.join(columns)}  called an attack {called}{unseen}")


def main(
    write: Annotated[bool, typer.Option("--write", help="Keep the calibration.")] = False,
    fixtures: Annotated[Path, typer.Option(help="The fixtures folder.")] = Path("fixtures"),
    most: Annotated[int, typer.Option(help="Photographs of each folder.")] = 500,
    repeats: Annotated[int, typer.Option(help="Drawn devices for each clip.")] = 2,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the networks' scores there, or take them from there.")
    ] = None,
) -> None:
    """APCER and BPCER with 95 % intervals, for every combination of networks and for the cues."""
    models = ModelsSettings()
    tests = open_tests(*(find(n, models) for n in NETWORKS), cache=models.folder, threads=1)
    bench = Bench(build_detector(RecognitionSettings(min_face=40), models), tests)
    if keep is not None and keep.is_file():
        subjects = pickle.loads(keep.read_bytes())
    else:
        subjects = of_samples(bench, fixtures) + of_webcam(bench) + of_clips(bench, repeats)
        for name in ("lfw", "east_asian", "masks"):
            subjects += of_photographs(bench, name, most)
        if keep is not None:
            keep.write_bytes(pickle.dumps(subjects))
    kept = tables([test.name for test in tests], subjects)
    if write:
        data = json.loads(CALIBRATION.read_text())
        data["networks"] = kept
        CALIBRATION.write_text(json.dumps(data, indent=1) + "\n")
        print(f"wrote {CALIBRATION}")


def tables(names: list[str], subjects: list[Subject]) -> dict[str, tuple[list[float], float]]:
    """Print every table; returns the fusion of each combination of networks."""
    kept: dict[str, tuple[list[float], float]] = {}
    subjects = subjects + whole_clips(subjects)
    columns = range(len(names))
    for count in columns:
        for chosen in itertools.combinations(columns, count + 1):
            title = "+".join(names[i] for i in chosen)
            report(title, subjects, ratios(subjects, chosen), OPENS)
            fitted = calibrated(subjects, chosen)
            kept[title] = ([round(w, 3) for w in fitted.weights], round(fitted.offset, 3))
            print("  weights and offset:", kept[title])
    cues = {id(s): s.cues() for s in subjects if s.scores}
    report("cues, without a network (passed: no cue against it)", subjects, cues, (0.0,))
    return kept


def whole_clips(subjects: list[Subject]) -> list[Subject]:
    """The windows of each clip joined again."""
    joined: dict[str, Subject] = {}
    for window in subjects:
        if window.kind == "clips":
            empty = Subject("clips, whole", window.source, True, interval=_FRAME)
            clip = joined.setdefault(window.source, empty)
            clip.scores += window.scores
            clip.places += window.places
            clip.grids += window.grids
    return list(joined.values())


if __name__ == "__main__":
    typer.run(main)
