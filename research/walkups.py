"""What the quality of a frame should weigh in a walk-up: ``python -m research.walkups``.

Photographs of LFW are made into walk-ups: eight frames from far to near, in one light, each with
its own noise and shake. People with two photographs and more are enrolled with the first as it is
and walk up with the next two; half of those with one photograph are enrolled too, the others are
impostors. Reported is FNIR of the probe at the end of the walk-up, for powers of the quality as
weights (1: the quality itself); the power that is chosen on one half of the people is reported on
the other, with a bootstrap over people of what it changes against the quality itself and against
the power in the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.progress import track

from gate.evaluation.faces_in import main_face, measuring_data
from gate.evaluation.measure import Data, data_in
from gate.evaluation.metrics import Outcome, fnir, fnir_at, resampled
from gate.evaluation.photos import Photo
from gate.evaluation.protocols import by_person, half
from gate.models import ModelsSettings
from gate.recognition import evidence
from gate.recognition.detection.detector import Detector, build_detector
from gate.recognition.encoders import Encoder, build_encoder, encode_faces
from gate.recognition.face import Image, Template, Vector
from gate.recognition.matching.gallery import Gallery
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.matching.site_calibration import learn_site
from gate.recognition.quality.assessment import judge
from gate.recognition.quality.settings import QualitySettings
from gate.recognition.settings import RecognitionSettings

FRAMES = 8
EYES = 43.0  # pixels between the eyes in a photograph of LFW
POWERS = (0, 1, 2, 3, 4, 5, 6, 8, 12)
FPIRS = (0.01, 0.003)

Random = np.random.Generator
Frames = Callable[[Image, Random], Iterator[Image]]


@dataclass(frozen=True, slots=True)
class WalkUp:
    """The usable frames of one walk-up: float32 (frames, d), and the overall quality of each."""

    person: str
    vectors: Vector
    qualities: tuple[float, ...]


def walk_up(image: Image, random: Random) -> Iterator[Image]:
    """Frames of somebody who comes nearer; in half of the walk-ups it is rather dark."""
    dark = random.random() < 0.5
    light = random.uniform(0.12, 0.5) if dark else random.uniform(0.6, 1.1)
    noise = random.uniform(2, 7) if dark else random.uniform(1, 3)
    jpeg = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(60, 92))]
    near, far = random.uniform(32, EYES), random.uniform(19, 30)
    for part in np.linspace(0, 1, FRAMES):
        scale = far * (near / far) ** part / EYES
        seen = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        seen = cv2.filter2D(seen.astype(np.float32), -1, _shake(random))
        # the lamp is at the door
        seen = seen * light * (1 + 0.4 * part * dark) + random.normal(0, noise, seen.shape)
        framed = cv2.copyMakeBorder(seen, 40, 40, 40, 40, cv2.BORDER_REPLICATE)
        _, sent = cv2.imencode(".jpg", np.clip(framed, 0, 255).astype(np.uint8), jpeg)
        yield np.asarray(cv2.imdecode(sent, cv2.IMREAD_COLOR), np.uint8)


def _shake(random: Random) -> Vector:
    """The line along which a frame is smeared: up to four pixels."""
    length = int(random.integers(1, 5))
    line = np.zeros((5, 5), np.float32)
    line[2, :length] = 1
    turn = cv2.getRotationMatrix2D((2, 2), random.uniform(0, 180), 1)
    line = cv2.warpAffine(line, turn, (5, 5)).astype(np.float32)
    return np.asarray(line / max(float(line.sum()), 0.1), np.float32)


class Eye:
    """What the gate makes of a frame."""

    def __init__(self, detector: Detector, encoder: Encoder) -> None:
        self._detector, self._encoder = detector, encoder
        self._judge = judge(QualitySettings())

    def template(self, photo: Photo) -> Vector | None:
        image = read(photo)
        face = main_face(image, self._detector.detect(image))
        return None if face is None else encode_faces(self._encoder, image, [face])[0]

    def follow(self, photo: Photo, random: Random, frames: Frames = walk_up) -> WalkUp:
        """The usable frames that ``frames`` makes of the photograph, as the gate looks at them."""
        vectors: list[Vector] = []
        qualities: list[float] = []
        for image in frames(read(photo), random):
            face = main_face(image, self._detector.detect(image))
            if face is None:
                continue
            face = self._judge(image, face)
            if face.unusable is None and face.quality is not None and face.quality.overall:
                crops = self._encoder.crops(image, [face])
                vectors.append(self._encoder.encode(crops, brief=True)[0])
                qualities.append(face.quality.overall)
        rows = np.stack(vectors) if vectors else np.zeros((0, self._encoder.dimension), np.float32)
        return WalkUp(photo.person, rows, tuple(qualities))


def read(photo: Photo) -> Image:
    return np.asarray(cv2.imread(str(photo.path), cv2.IMREAD_COLOR), np.uint8)


def collect(data: Data, eye: Eye) -> tuple[dict[str, Vector], list[WalkUp]]:
    """The template of everybody enrolled, and all walk-ups."""
    random = np.random.default_rng(5)
    templates: dict[str, Vector] = {}
    walks: list[WalkUp] = []
    rows = by_person([photo.person for photo in data.named], range(len(data.named)))
    for number, (person, mine) in enumerate(track(rows.items(), description="LFW")):
        photos = [data.named[row] for row in mine]
        if len(photos) > 1 or number % 2:
            template = eye.template(photos[0])
            if template is None:
                continue
            templates[person] = template
            photos = photos[1:3]
        walks += [eye.follow(photo, random) for photo in photos]
    return templates, [walk for walk in walks if len(walk.vectors) >= evidence.LOOKS]


def probe(walk: WalkUp, power: float, encoder: Encoder) -> Vector:
    """What the gate would search with at the end of a walk-up, (d,)."""
    seen = evidence.Gathered()
    for vector, quality in zip(walk.vectors, walk.qualities, strict=True):
        # gather takes its own power of what it is given
        steep = quality ** (power / evidence.STEEPNESS)
        seen = evidence.gather(seen, vector, encoder.similarity, steep)
    return seen.probe


def outcome(
    walks: list[WalkUp], enrolled: list[str], matcher: Matcher, encoder: Encoder, power: float
) -> Outcome:
    """Scores of all walk-ups."""
    probes = np.stack([probe(walk, power, encoder) for walk in walks])
    found = matcher.identify(probes, encoder.name)
    best = [enrolled[number] for number in found.best]
    known = set(enrolled)
    mine = np.array([walk.person in known for walk in walks])
    right = np.array([walk.person == who for walk, who in zip(walks, best, strict=True)])
    scores = np.where(right | ~mine, found.score, -np.inf)
    people = [walk.person for walk in walks]
    residents = tuple(who for who in people if who in known)
    impostors = tuple(who for who in people if who not in known)
    taken = tuple(who for who, its in zip(best, mine, strict=True) if not its)
    return Outcome(scores[mine], residents, scores[~mine], impostors, taken)


def main(encoder: Annotated[str, typer.Option(help="retail-0095 or dlib")] = "auto") -> None:
    """Report FNIR for powers of the quality, and the chosen one on the other half."""
    settings = RecognitionSettings(encoder=encoder, threads=1)
    models = ModelsSettings()
    eye_of = build_encoder(settings, models)
    eye = Eye(build_detector(settings, models), eye_of)
    templates, walks = collect(data_in(measuring_data("lfw")), eye)
    enrolled = list(templates)
    gallery = Gallery(eye_of.name, eye_of.dimension)
    gallery.add(Template(i, templates[who], eye_of.name) for i, who in enumerate(enrolled))
    snapshot = gallery.snapshot()
    matcher = build_matcher(snapshot, *learn_site(snapshot, made=""))
    found: dict[str, dict[int, Outcome]] = {}
    for side in ("choose", "report"):
        mine = [walk for walk in walks if half(walk.person) == side]
        found[side] = {
            power: outcome(mine, enrolled, matcher, eye_of, power)
            for power in track(POWERS, description=side)
        }
    report(eye_of.name, len(enrolled), found)


def report(encoder: str, enrolled: int, found: dict[str, dict[int, Outcome]]) -> None:
    """The table of both halves, and what the chosen power changes on the half that reports."""
    chosen = min(POWERS, key=lambda power: _missed(found["choose"][power]))
    some = found["report"][chosen]
    print(
        f"\n{encoder}, {enrolled:,} enrolled; to choose on, {len(found['choose'][1].mates)} "
        f"walk-ups of residents and {len(found['choose'][1].others)} of strangers; to report on, "
        f"{len(some.mates)} and {len(some.others)}"
    )
    print("power   " + "".join(f"FNIR at FPIR {100 * fpir:g} %".ljust(28) for fpir in FPIRS))
    for power in POWERS:
        rates = [fnir(found["report"][power], fpir, alike=True) for fpir in FPIRS]
        mark = " chosen" if power == chosen else ""
        print(f"{power:5}   " + "".join(f"{rate}".ljust(28) for rate in rates) + mark)
    for other in (1, int(evidence.STEEPNESS)):
        print(f"power {chosen} instead of {other}, points of FNIR:")
        old = found["report"][other]
        before, after = (resampled(one, FPIRS, alike=True) for one in (old, some))
        for column, fpir in enumerate(FPIRS):
            low, high = 100 * np.quantile(after[:, column] - before[:, column], [0.025, 0.975])
            change = 100 * (fnir_at(some, fpir, alike=True) - fnir_at(old, fpir, alike=True))
            print(f"  at FPIR {100 * fpir:g} %: {change:+.2f} ({low:+.2f} to {high:+.2f})")


def _missed(of: Outcome) -> float:
    return sum(fnir_at(of, fpir, alike=True) for fpir in FPIRS)


if __name__ == "__main__":
    typer.run(main)
