"""People and prints of them before a webcam, through everything recognition does.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.webcam [--encoder NAME] [--liveness off]
        [--grey]

NUAA (Tan, Li, Liu and Jiang, ECCV 2010) lies beside LFW as ``nuaa``: ``live`` and ``spoof`` with
one folder of consecutive frames a window. Everybody is enrolled with five frames of their first
window into a gallery of 7,000; their other windows and every window of prints are replayed as
twelve frames a second. Then everybody in turn is an impostor, while the others are enrolled.
``--grey``: replayed without colour, as a camera's night mode gives it, of people enrolled with it.
Figures are given for the people on whom limits may be chosen, and for those who only report.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from benchmarks import people
from benchmarks.clips import with_people
from gate.camera.source import Frame
from gate.evaluation.faces_in import main_face, measuring_data
from gate.evaluation.interval import percent
from gate.evaluation.protocols import half
from gate.evaluation.synthetic_gallery import generate
from gate.models.settings import ModelsSettings
from gate.recognition.detection.detector import Detector, build_detector
from gate.recognition.encoders import Encoder, build_encoder, encode_faces
from gate.recognition.face import Image, Vector, Verdict
from gate.recognition.liveness.assessment import build_watch
from gate.recognition.liveness.settings import LivenessSettings
from gate.recognition.quality.assessment import judge
from gate.recognition.quality.settings import QualitySettings
from gate.recognition.recogniser import Recogniser
from gate.recognition.settings import RecognitionSettings

RATE = 12.0  # frames a second
ENROLLED_FRAMES = 5


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive frames, and what their folder's name says of them."""

    person: str
    session: str
    folder: Path

    def frames(self) -> Iterator[Image]:
        for path in sorted(self.folder.glob("*.jpg")):
            yield np.asarray(cv2.imread(str(path)), np.uint8)


@dataclass(slots=True)
class Outcomes:
    """What came of the windows of one kind, person by person."""

    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)  # (person, verdict)
    seconds: list[float] = field(default_factory=list)  # from the first usable face to "known"

    def line(self, kind: str, side: str) -> str:
        mine = Counter[str]()
        for (person, verdict), count in self.verdicts.items():
            if side in ("all", half(person)):
                mine[verdict] += count
        total = sum(mine.values())
        others = ", ".join(f"{n} {v}" for v, n in mine.most_common() if v != "granted")
        return f"| {kind} | {side} | {percent(mine['granted'], total)} | {others or '–'} |"


def windows(folder: Path) -> list[Window]:
    """The windows of ``live`` or ``spoof``, in order of their names."""
    found = []
    for path in sorted(folder.iterdir()):
        person, session, *_ = path.name.split("-")
        found.append(Window(person, session, path))
    return found


def vectors_of(window: Window, detector: Detector, encoder: Encoder) -> Vector:
    """The templates an enrolment from this window keeps, float32 (5, d)."""
    rows = []
    for image in window.frames():
        face = main_face(image, detector.detect(image))
        if face is not None:
            rows.append(encode_faces(encoder, image, [face])[0])
    chosen = np.linspace(0, len(rows) - 1, ENROLLED_FRAMES).round().astype(int)
    return np.asarray(np.stack(rows)[chosen], np.float32)


def replayed(
    recogniser: Recogniser, window: Window, person: int | None, *, grey: bool = False
) -> tuple[str, float | None]:
    """What the gate made of the window, and after how many seconds when it granted.

    What is said of a window that is never decided is its last verdict; of one that never had a
    usable face, the commonest reason.
    """
    reasons, last = Counter[str](), "not found"
    for number, image in enumerate(window.frames()):
        if grey:
            one = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
            image = np.asarray(cv2.cvtColor(one, cv2.COLOR_GRAY2BGR), np.uint8)
        frame = Frame(image, number / RATE, number, str(window.folder))
        for seen in recogniser.process(frame)[:1]:
            last = str(seen.verdict)
            if seen.guidance is not None:
                reasons[str(seen.guidance)] += 1
            if seen.verdict is Verdict.KNOWN and seen.best is not None:
                right = person is not None and seen.best.person == person
                name = "granted" if right or person is None else "misidentified"
                return name, seen.last_seen - (seen.first_usable or 0.0)
    if last == str(Verdict.UNUSABLE) and reasons:
        last = reasons.most_common(1)[0][0]
    return last, None


def gallery_rows(source: str, count: int, detector: Detector, encoder: Encoder) -> Vector:
    """The other people of the gallery: of LFW and generated ones, or generated ones only."""
    if source == "generated":
        return generate(count, encoder.name)
    files = [own[0] for own in people.photographs_of(Path(os.environ["GATE_LFW_DIR"]))]
    return people.filled(people.embed(files, detector, encoder), count, encoder.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", default="auto")
    parser.add_argument("--detector", default="auto")
    parser.add_argument("--liveness", choices=("required", "off"), default="required")
    parser.add_argument("--grey", action="store_true")
    parser.add_argument("--people", type=int, default=7000)
    parser.add_argument("--gallery", choices=("lfw", "generated"), default="lfw")
    parser.add_argument("--fpir", type=float, default=0.01)
    options = parser.parse_args()
    settings = RecognitionSettings(encoder=options.encoder, detector=options.detector)
    models = ModelsSettings()
    detector, encoder = build_detector(settings, models), build_encoder(settings, models)
    folder = measuring_data("nuaa")
    live, prints = windows(folder / "live"), windows(folder / "spoof")
    first: dict[str, Window] = {}
    for window in live:
        first.setdefault(window.person, window)
    numbers = {person: number for number, person in enumerate(sorted(first), 1)}
    rows = gallery_rows(options.gallery, options.people - len(first), detector, encoder)
    site = people.site(rows, encoder, options.fpir)
    enrolled = {numbers[p]: vectors_of(w, detector, encoder) for p, w in first.items()}
    print(
        f"{detector.name}, {encoder.name}, liveness {options.liveness}; {len(first)} people in"
        f" {options.people:,} ({options.gallery}), FPIR {options.fpir:g}\n"
    )

    def gate(without: str = "") -> Recogniser:
        kept = {n: v for n, v in enrolled.items() if n != numbers.get(without)}
        return Recogniser(
            detector,
            encoder,
            with_people(site, kept, encoder),
            settings,
            assess=judge(QualitySettings()),
            watch=build_watch(LivenessSettings(mode=options.liveness), models),
        )

    outcomes: dict[str, Outcomes] = defaultdict(Outcomes)

    def play(
        kind: str, shown: Sequence[Window], recogniser: Recogniser, person: int | None
    ) -> None:
        for window in shown:
            verdict, seconds = replayed(recogniser, window, person, grey=options.grey)
            outcomes[kind].verdicts[window.person, verdict] += 1
            if seconds is not None:
                outcomes[kind].seconds.append(seconds)

    everybody = gate()
    for person, enrolment in first.items():
        others = [w for w in live if w.person == person and w is not enrolment]
        same = [w for w in others if w.session == enrolment.session]
        play("live, same session", same, everybody, numbers[person])
        other = [w for w in others if w.session != enrolment.session]
        play("live, other session", other, everybody, numbers[person])
        shown = [w for w in prints if w.person == person]
        play("prints of residents", shown, everybody, numbers[person])
        play("impostors", others, gate(person), None)
    print("| presented | people | granted (95 %) | otherwise |\n|---|---|---|---|")
    for kind, found in outcomes.items():
        for side in ("all", "choose", "report"):
            print(found.line(kind, side))
    seconds = [s for kind, o in outcomes.items() if kind.startswith("live") for s in o.seconds]
    if seconds:
        p50, p95 = np.quantile(seconds, (0.5, 0.95))
        print(f"\nfirst usable face to the verdict: p50 {p50:.2f} s, p95 {p95:.2f} s")


if __name__ == "__main__":
    main()
