"""The gate's path through a frame beside ``face_recognition`` used the usual way.

    python -m benchmarks [--people 7000] [--rounds 3] [RECORDING…]

The usual way: ``face_locations``, ``face_encodings``, ``compare_faces`` over the list of everybody
enrolled. Ours: all that is done with a frame up to the verdict, quality of the face included; bare,
without it, as the usual way has none; liveness, where its networks are installed, in a line of its
own. Every frame goes through all ways in turn, in one run, and of each frame and way the best of
the rounds counts, so that what else the machine does hits all alike and little. "Work" is processor
time of all cores together. The recordings are those of ``fixtures/`` unless named. Then each stage
alone, how long residents wait for the verdict, and the memory of the whole.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.people import frames_of, rate_of, site, wide_enough
from benchmarks.usual import face_recognition as import_usual
from gate.camera.source import Frame
from gate.errors import ModelError
from gate.evaluation.synthetic_gallery import generate
from gate.models.settings import ModelsSettings
from gate.recognition.detection.detector import Detector, build_detector
from gate.recognition.encoders import Encoder, build_encoder, encode_faces
from gate.recognition.face import Image, Vector, Verdict
from gate.recognition.liveness.assessment import build_watch
from gate.recognition.liveness.settings import LivenessSettings
from gate.recognition.matching.matcher import Matcher
from gate.recognition.quality.assessment import judge
from gate.recognition.quality.settings import QualitySettings
from gate.recognition.recogniser import Recogniser
from gate.recognition.settings import RecognitionSettings

RECORDINGS = ("resident-walks-up", "stranger-walks-up", "two-at-once")
USUAL = "face_recognition"
face_recognition = import_usual()
WAYS = {
    "dlib's models": ("hog", "dlib"),
    "YuNet and 0095": ("yunet", "retail-0095"),
    "YuNet, 0095 and faceplugin": ("yunet", "retail-0095+faceplugin"),
    "CenterFace and faceplugin": ("centerface", "faceplugin"),
}

Seconds = dict[str, list[tuple[float, float]]]  # way → seconds by the clock and of all cores


@dataclass(frozen=True, slots=True)
class Way:
    """One set of models of ours."""

    name: str
    detector: Detector
    encoder: Encoder
    matcher: Matcher
    settings: RecognitionSettings

    def recogniser(
        self, *, judged: bool = True, live: bool = False, **changes: float
    ) -> Recogniser:
        """Args:
        judged: measure the quality of faces.
        live: watch for pictures of faces, too.
        """
        return Recogniser(
            self.detector,
            self.encoder,
            self.matcher,
            self.settings.model_copy(update=changes),
            assess=judge(QualitySettings()) if judged else wide_enough(self.settings.min_face),
            watch=build_watch(LivenessSettings(), ModelsSettings()) if live else None,
        )


def ways(people: int, names: Collection[str] = tuple(WAYS)) -> list[Way]:
    """Ours of these names, as far as the models are installed."""
    found = []
    for name, (detector, encoder) in WAYS.items():
        if name not in names:
            continue
        settings = RecognitionSettings.model_validate({"detector": detector, "encoder": encoder})
        try:
            parts = (
                build_detector(settings, ModelsSettings()),
                build_encoder(settings, ModelsSettings()),
            )
        except ModelError as error:
            print(f"left out: {name}\n{error}")
            continue
        real = enrolled(*parts)
        rows = np.concatenate([real, generate(people - len(real), parts[1].name)])
        found.append(Way(name, *parts, site(rows, parts[1]), settings))
    return found


def enrolled(detector: Detector, encoder: Encoder) -> Vector:
    """The residents of the recordings, float32 (n, d)."""
    photographs = [frames_of(file)[0] for file in sorted(Path("fixtures/enrolled").glob("*.jpg"))]
    return np.stack(
        [encode_faces(encoder, image, detector.detect(image)[:1])[0] for image in photographs]
    )


def usual(image: Image, everybody: Sequence[NDArray[np.float64]]) -> None:
    """A frame as the examples of face_recognition treat it."""
    rgb = np.ascontiguousarray(image[:, :, ::-1])
    places = face_recognition.face_locations(rgb)
    for encoding in face_recognition.face_encodings(rgb, places):
        face_recognition.compare_faces(list(everybody), encoding)


def timed(seconds: Seconds, name: str, work: Callable[[], object]) -> None:
    clock, cores = time.perf_counter(), time.process_time()
    work()
    seconds[name].append((time.perf_counter() - clock, time.process_time() - cores))


def whole_path(
    recordings: Sequence[Path], ours: Sequence[Way], people: int, rounds: int, encode_all: bool
) -> Seconds:
    """Seconds a frame, every frame through every way in turn; of each the best of the rounds."""
    everybody = list(generate(people, "dlib").astype(np.float64))
    best: Seconds = {}
    for _ in range(rounds):
        seconds: Seconds = defaultdict(list)
        for recording in recordings:
            gates = {f"{way.name}, bare": way.recogniser(judged=False) for way in ours}
            gates |= {way.name: way.recogniser() for way in ours}
            gates |= {f"{way.name}, liveness": way.recogniser(live=True) for way in ours}
            eager: dict[str, Any] = {"interval": 0.0, "recheck": 1e-6}
            if encode_all:
                gates |= {f"{way.name}, encoding all": way.recogniser(**eager) for way in ours}
            rate = rate_of(recording)
            for number, image in enumerate(frames_of(recording)):
                timed(seconds, USUAL, partial(usual, image, everybody))
                for name, gate in gates.items():
                    frame = Frame(image, number / rate, number)
                    timed(seconds, name, partial(gate.process, frame))
        for name, pairs in seconds.items():
            so_far = best.get(name, pairs)
            best[name] = [
                (min(a[0], b[0]), min(a[1], b[1])) for a, b in zip(so_far, pairs, strict=True)
            ]
    return best


def stages(image: Image, ours: Sequence[Way], people: int, rounds: int = 10) -> dict[str, Seconds]:
    """Seconds of each stage for one face: stage → way → times."""
    rgb = np.ascontiguousarray(image[:, :, ::-1])
    everybody = list(generate(people, "dlib").astype(np.float64))
    places = face_recognition.face_locations(rgb)
    encoding = face_recognition.face_encodings(rgb, places)[0]
    table: dict[str, Seconds] = {}

    def measure(stage: str, name: str, work: Callable[[], object]) -> None:
        timed(table.setdefault(stage, defaultdict(list)), name, work)

    for _ in range(rounds):
        measure("search the whole frame", USUAL, lambda: face_recognition.face_locations(rgb))
        measure("encode a face", USUAL, lambda: face_recognition.face_encodings(rgb, places[:1]))
        measure(
            f"match with {people:,}",
            USUAL,
            lambda: face_recognition.compare_faces(everybody, encoding),
        )
        for way in ours:
            found = way.detector.detect(image)
            probe = encode_faces(way.encoder, image, found[:1])
            box = [found[0].box]
            for stage, work in (
                ("search the whole frame", lambda w=way: w.detector.detect(image)),
                ("search around a face", lambda w=way, b=box: w.detector.detect(image, b)),
                (
                    "encode a face",  # as at the gate, landmarks read again and face cut out
                    lambda w=way, f=found: w.encoder.encode(
                        w.encoder.crops(image, f[:1]), brief=True
                    ),
                ),
                (
                    "encode a face for enrolment, all views",
                    lambda w=way, f=found: encode_faces(w.encoder, image, f[:1]),
                ),
                (
                    f"match with {people:,}",
                    lambda w=way, p=probe: w.matcher.identify(p, w.encoder.name),
                ),
            ):
                measure(stage, way.name, work)
    return table


def waits(
    way: Way, recordings: Sequence[Path], begins: int = 5, *, live: bool = True
) -> list[float]:
    """Seconds from the capture of the first usable face to the verdict that somebody is known.

    Each recording is played at its own rate from each of its first frames, as if walked up to at
    another moment; the work on the deciding frame counts.

    Args:
        live: with liveness. The people of ``fixtures/`` are drawn from stills, so its networks
            rightly doubt them for a while.
    """
    found = []
    for recording in recordings:
        rate, frames = rate_of(recording), frames_of(recording)
        for begin in range(begins):
            gate = way.recogniser(live=live)
            for number, image in enumerate(frames[begin:]):
                clock = time.perf_counter()
                seen = gate.process(Frame(image, number / rate, number))
                took = time.perf_counter() - clock
                known = [each for each in seen if each.verdict is Verdict.KNOWN]
                if known and known[0].first_usable is not None:
                    found.append(number / rate - known[0].first_usable + took)
                    break
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.splitlines()[0]
    )
    parser.add_argument("recordings", nargs="*", type=Path)
    parser.add_argument("--people", type=int, default=7000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", action="append", choices=tuple(WAYS), help="of ours, only this")
    parser.add_argument(
        "--encode-all", action="store_true", help="ours without skipping any face, too"
    )
    options = parser.parse_args()
    recordings = options.recordings or [
        Path("fixtures/recordings") / f"{name}.mp4" for name in RECORDINGS
    ]
    console = Console()
    with console.status("building galleries"):
        ours = ways(options.people, options.way or tuple(WAYS))
    with console.status("timing every frame every way"):
        seconds = whole_path(recordings, ours, options.people, options.rounds, options.encode_all)
    console.print(_table("the whole path, per frame", seconds))
    with console.status("timing each stage"):
        image = frames_of(recordings[0])[-1]
        table = stages(image, ours, options.people)
    for stage, times in table.items():
        console.print(_table(stage, times))
    for way in ours:
        for live in (True, False):
            seconds_waited = waits(way, recordings, live=live)
            p50, p95 = np.percentile(seconds_waited, [50, 95]) if seconds_waited else (0, 0)
            console.print(
                f"{way.name}{'' if live else ', no liveness'}: first usable face to the verdict,"
                f" {len(seconds_waited)} of residents: p50 {p50:.2f} s, p95 {p95:.2f} s"
            )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"largest memory of all ways together: {memory:.0f} MB")


def _table(title: str, seconds: Seconds) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in ("mean ms", "median ms", "95 % ms", "× faster", "× less work"):
        table.add_column(column, justify="right")
    usual = np.mean(seconds[USUAL], axis=0) if USUAL in seconds else None
    for name, pairs in seconds.items():
        clock, cores = np.array(pairs).T
        figures = [f"{1e3 * v:.2f}" for v in (clock.mean(), *np.percentile(clock, [50, 95]))]
        if usual is not None:
            figures += [f"{usual[0] / clock.mean():.1f}", f"{usual[1] / cores.mean():.1f}"]
        table.add_row(name, *figures)
    return table


if __name__ == "__main__":
    main()
