"""Real recordings at a gate of 7,000: who is let in, how soon, and what a second is worth.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m benchmarks.clips [--encoder NAME] [--people 7000]

Needs the folder ``clips`` beside that of LFW: ``clips/PERSON/*.mkv``. Each clip in turn is the one
a person is enrolled from (five frames of it), and their other clips are replayed; then every
person is a stranger while the others are enrolled.
"""

from __future__ import annotations

import argparse
import itertools
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import people
from gate.camera.source import Frame
from gate.models.settings import ModelsSettings
from gate.recognition import evidence
from gate.recognition.detection.detector import Detector, build_detector
from gate.recognition.encoders import Encoder, build_encoder, encode_faces
from gate.recognition.face import Sighting, Template, Vector, Verdict
from gate.recognition.liveness.assessment import build_watch
from gate.recognition.liveness.settings import LivenessSettings
from gate.recognition.matching.gallery import Gallery
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.recogniser import Recogniser
from gate.recognition.settings import RecognitionSettings

RATE = 30.0  # frames a second of the clips
ENROLLED_FRAMES = 5
SECOND = int(RATE)

Clips = dict[str, dict[str, list[NDArray[np.uint8]]]]  # person → clip → frames


@dataclass(slots=True)
class Tally:
    """What came of the attempts of one kind."""

    verdicts: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)  # seconds from the first usable face

    def add(self, verdict: str, time: float | None) -> None:
        self.verdicts[verdict] += 1
        if time is not None:
            self.times.append(time)

    def line(self, name: str) -> str:
        total = sum(self.verdicts.values())
        counts = ", ".join(f"{count} {verdict}" for verdict, count in self.verdicts.most_common())
        line = f"{name}: {total} attempts: {counts}"
        if self.times:
            line += f"; seconds to it: median {np.median(self.times):.2f}"
            line += f", longest {max(self.times):.2f}"
        return line


def replay(
    recogniser: Recogniser, frames: Sequence[NDArray[np.uint8]], camera: str
) -> tuple[Sighting | None, float | None]:
    """The first sighting that is decided, or the last one, and when it was decided."""
    last: Sighting | None = None
    for number, image in enumerate(frames):
        for sighting in recogniser.process(Frame(image, number / RATE, number, camera))[:1]:
            last = sighting
            if sighting.verdict in (Verdict.KNOWN, Verdict.ATTACK):
                return sighting, sighting.last_seen - (sighting.first_usable or 0.0)
    return last, None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", default="auto")
    parser.add_argument("--detector", default="auto")
    parser.add_argument("--people", type=int, default=7000)
    parser.add_argument("--fpir", type=float, default=0.001)
    parser.add_argument("--liveness", choices=("required", "off"), default="off")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    lfw = Path(os.environ["GATE_LFW_DIR"])
    settings = RecognitionSettings(encoder=options.encoder, detector=options.detector)
    detector = build_detector(settings, ModelsSettings())
    encoder = build_encoder(settings, ModelsSettings())
    clips: Clips = {
        person.name: {clip.stem: people.frames_of(clip) for clip in sorted(person.glob("*.mkv"))}
        for person in sorted((lfw.parent / "clips").iterdir())
    }
    real = people.embed(people.photographs(lfw), detector, encoder)
    rows = people.filled(real, options.people - len(clips), encoder.name)
    print(
        f"{encoder.name}, {detector.name}; gallery {options.people}: {len(clips)} of the clips, "
        f"{min(len(real), len(rows))} real, {max(0, len(rows) - len(real))} generated; "
        f"FPIR {options.fpir:.1%} requested, liveness {options.liveness}"
    )
    vectors = {
        person: {name: _vectors(frames, detector, encoder) for name, frames in own.items()}
        for person, own in clips.items()
    }
    matcher = people.site(rows, encoder, options.fpir)
    watch = LivenessSettings(mode=options.liveness)
    _attempts(clips, vectors, matcher, settings, detector, encoder, watch)
    _worth(vectors, matcher, encoder)


def with_people(matcher: Matcher, enrolled: dict[int, Vector], encoder: Encoder) -> Matcher:
    """The same site with a few more people."""
    old = matcher.centroids.gallery
    gallery = Gallery(encoder.name, encoder.dimension)
    gallery.add(
        Template(int(person), row, encoder.name)
        for person, row in zip(old.owners, old.rows, strict=True)
    )
    gallery.add(
        Template(person, row, encoder.name) for person, rows in enrolled.items() for row in rows
    )
    return build_matcher(
        gallery.snapshot(), matcher.centroids.fit, matcher.calibration, before=matcher
    )


def _vectors(frames: Sequence[NDArray[np.uint8]], detector: Detector, encoder: Encoder) -> Vector:
    """The vectors of every third frame: ten a second, as the gate takes them."""
    rows = []
    for image in frames[::3]:
        faces = detector.detect(image)[:1]
        if faces:
            rows.append(encode_faces(encoder, image, faces)[0])
    return np.stack(rows)


def _spread(rows: Vector) -> Vector:
    """The rows a person is enrolled with."""
    chosen = np.linspace(0, len(rows) - 1, ENROLLED_FRAMES).round().astype(int)
    return np.asarray(rows[chosen], np.float32)


def _attempts(
    clips: Clips,
    vectors: dict[str, dict[str, Vector]],
    site: Matcher,
    settings: RecognitionSettings,
    detector: Detector,
    encoder: Encoder,
    liveness: LivenessSettings,
) -> None:
    residents, strangers = Tally(), Tally()
    names = list(clips)
    most = max(len(own) for own in clips.values())

    def gate(enrolled: dict[str, str]) -> Recogniser:
        chosen = {names.index(p): _spread(vectors[p][clip]) for p, clip in enrolled.items()}
        matcher = with_people(site, chosen, encoder)
        assess = people.wide_enough(settings.min_face // 2)
        watch = build_watch(liveness, ModelsSettings())
        return Recogniser(detector, encoder, matcher, settings, assess=assess, watch=watch)

    for turn in range(most):
        enrolled = {p: list(own)[turn % len(own)] for p, own in clips.items()}
        fresh = {p for p, own in clips.items() if turn < len(own)}
        recogniser = gate(enrolled)
        for person in sorted(fresh):
            for clip in clips[person]:
                if clip != enrolled[person]:
                    frames = clips[person][clip]
                    seen, time = replay(recogniser, frames, f"{turn} {person} {clip}")
                    residents.add(_outcome(seen, names.index(person)), time)
        for stranger in sorted(fresh):
            recogniser = gate({p: clip for p, clip in enrolled.items() if p != stranger})
            for clip, frames in clips[stranger].items():
                seen, time = replay(recogniser, frames, f"{turn} {stranger} {clip}")
                strangers.add(_outcome(seen, None), time)
    print(residents.line("residents"))
    print(strangers.line("strangers"))


def _outcome(seen: Sighting | None, person: int | None) -> str:
    if seen is None:
        return "not found"
    if seen.verdict is Verdict.KNOWN and seen.best is not None:
        return "granted" if seen.best.person == person else "MISTAKEN FOR SOMEBODY ELSE"
    return str(seen.verdict)


def _worth(vectors: dict[str, dict[str, Vector]], site: Matcher, encoder: Encoder) -> None:
    """What one more second adds, of the same clip and of another one."""
    gained: dict[str, list[tuple[float, float]]] = {"the same clip": [], "another clip": []}
    names = list(vectors)
    for person, own in vectors.items():
        for first, second, enrolled in itertools.permutations(own, 3):
            if len(own[first]) < 20 or len(own[second]) < 10:
                continue
            matcher = with_people(site, {names.index(person): _spread(own[enrolled])}, encoder)
            before = _evidence(matcher, encoder, own[first][:10], names.index(person))
            for kind, further in (
                ("the same clip", own[first][10:20]),
                ("another clip", own[second][:10]),
            ):
                rows = np.concatenate([own[first][:10], further])
                after = _evidence(matcher, encoder, rows, names.index(person))
                gained[kind].append((after[0] - before[0], after[1] - before[1]))
            if len(gained["the same clip"]) >= 40:
                break
    for kind, pairs in gained.items():
        photographs, nats = np.mean(pairs, axis=0)
        print(
            f"a second second, of {kind}: {photographs:+.2f} independent photographs, "
            f"{nats:+.2f} nats ({len(pairs)} triples of clips)"
        )
    still = [np.repeat(own[c][:1], 100, axis=0) for own in vectors.values() for c in own]
    held = [evidence.effective(_gathered(rows, encoder), encoder.similarity) for rows in still]
    print(f"one frame held for ten seconds: {np.mean(held):.2f} independent photographs")


def _gathered(rows: Vector, encoder: Encoder) -> evidence.Gathered:
    seen = evidence.Gathered()
    for row in rows:
        seen = evidence.gather(seen, row, encoder.similarity)
    return seen


def _evidence(matcher: Matcher, encoder: Encoder, rows: Vector, person: int) -> tuple[float, float]:
    """Independent photographs, and nats for ``person``."""
    seen = _gathered(rows, encoder)
    effective_looks = evidence.effective(seen, encoder.similarity)
    score = matcher.verify(seen.probe[None], encoder.name, person)
    ratio = float(matcher.calibration.llr(score.astype(np.float64))[0])
    return effective_looks, evidence.sharpened(ratio, effective_looks)


if __name__ == "__main__":
    main()
