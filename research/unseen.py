"""A camera that sees nothing: which limits say so, how soon, and how often without reason.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.unseen [--part pictures|minutes]

``pictures``: people before a camera (the recordings ``clips`` and NUAA's ``live`` beside LFW) are
darkened, blinded, blurred and covered step by step; how many of their faces are found and can be
used stands beside how often ``gate.camera.view`` calls the picture one in which nothing is seen.
Photographs of LFW and of East Asian adults that fill the picture stand for somebody who is close.
``minutes``: the same scenes, two looks a second, first as they are and then as a minute of an
ordinary day, or of somebody who tampers with the camera, changes them; every report counts. There
no face counts as found, which only prevents reports, but where somebody is close. Figures are given
for people on whom limits may be chosen and for those who only report.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from benchmarks import people
from gate.camera import view
from gate.camera.view import View, measure, step
from gate.evaluation.faces_in import measuring_data
from gate.evaluation.interval import percent
from gate.evaluation.protocols import half
from gate.models.settings import ModelsSettings
from gate.recognition.detection.detector import build_detector
from gate.recognition.face import Image
from gate.recognition.quality.assessment import judge
from gate.recognition.quality.settings import QualitySettings
from gate.recognition.settings import RecognitionSettings

SIZE = (640, 480)
SMALL = (320, 240)  # of the pictures of ``minutes``: the figures are taken at this width
LOOKS = 2  # a second
BEFORE, AFTER = 30, 100  # seconds of the scene as it is
RECORDINGS = Path(__file__).parents[1] / "fixtures" / "recordings"

Change = Callable[[Image], Image]
_chance = np.random.default_rng(0)
_grain = _chance.normal(0, 1, (2 * SIZE[1], 2 * SIZE[0], 3)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Scene:
    """Some pictures of one person before one camera."""

    person: str
    kind: str  # "people", "close" or "drawn"
    pictures: Sequence[Image]


def scenes(small: bool) -> Iterator[Scene]:
    """All, brought to one size."""
    size, many = (SMALL, 15) if small else (SIZE, 50)
    for clip in sorted(measuring_data("clips").glob("*/*.mkv")):
        yield _scene(clip.parent.name, "people", people.frames_of(clip)[::many], size)
    live = measuring_data("nuaa") / "live"
    windows = {path.name[:8]: path for path in sorted(live.iterdir())}
    for window in sorted(live.iterdir()):
        if small and windows[window.name[:8]] != window:
            continue  # one of each person and session
        frames = [_read(path) for path in sorted(window.glob("*.jpg"))]
        yield _scene(window.name[:4], "people", frames if small else frames[:1], size)
    for folder, each in (("lfw", 140), ("east_asian", 30)):
        files = sorted(measuring_data(folder).rglob("*.jpg"))[::each]
        for file in files:
            yield _scene(file.stem, "close", [_close(_read(file))], size)
    for file in sorted(RECORDINGS.glob("*.mp4")):
        yield _scene(file.stem, "drawn", people.frames_of(file)[::many], size)


def _read(file: Path) -> Image:
    return np.asarray(cv2.imread(str(file)), np.uint8)


def _close(photograph: Image) -> Image:
    square = cv2.resize(photograph, (640, 640))
    return np.asarray(square[80:560], np.uint8)


def _scene(person: str, kind: str, frames: Sequence[Image], size: tuple[int, int]) -> Scene:
    resized = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames]
    return Scene(person, kind, [np.asarray(frame, np.uint8) for frame in resized])


def noisy(image: np.ndarray, strength: float) -> Image:
    """With the noise of a sensor of this standard deviation at 640 pixels, grey levels."""
    height, width = image.shape[:2]
    y, x = _chance.integers(0, SIZE[1]), _chance.integers(0, SIZE[0])
    grain = _grain[y : y + height, x : x + width]
    return np.asarray(np.clip(image + strength * width / SIZE[0] * grain, 0, 255), np.uint8)


def dim(share: float) -> Change:
    return lambda image: noisy(image * share, 3)


def black(noise: float) -> Change:
    return lambda image: noisy(image * 0.0, noise)


def blurred(pixels: float) -> Change:
    """Out of focus by so many pixels of a picture 640 wide."""
    return lambda image: noisy(_soft(image, pixels), 1.5)


def over(times: float) -> Change:
    return lambda image: np.asarray(
        np.clip(image * float(times) + 20 * (times - 1), 0, 255), np.uint8
    )


def bag(share: float) -> Change:
    """Behind something that lets through this share of the picture, scattered."""
    return lambda image: noisy(_soft(image, 16) * share + (1 - share) * 150, 2)


def covered(colour: tuple[float, float, float]) -> Change:
    """Opaque, lit from the side of the lens."""
    return lambda image: noisy(_vignette(image) * np.array(colour, np.float32), 3)


def torch(size: float) -> Change:
    """A lamp in the middle that burns a spot and lays a veil over the rest."""

    def shine(image: Image) -> Image:
        width = image.shape[1] / SIZE[0]
        y, x = np.mgrid[0 : image.shape[0], 0 : image.shape[1]] / width
        spot = np.exp(-(((x - 320) ** 2 + (y - 240) ** 2) / (60 * size) ** 2))[..., None]
        lit = image * 0.5 + size * 30 + size * 200 * spot
        return noisy(lit, 1)

    return shine


def no_signal(image: Image) -> Image:
    blue = np.full_like(image, (180, 40, 10))
    return noisy(_written(blue, "NO SIGNAL", (0.3, 0.5)), 1)


def written(change: Change) -> Change:
    """With the time and a name written into the picture by the camera."""

    def write(image: Image) -> Image:
        date = _written(change(image), "2026-11-29 19:07:33", (0.5, 0.07))
        return _written(date, "Camera 01", (0.03, 0.96))

    return write


def _written(image: Image, text: str, where: tuple[float, float]) -> Image:
    height, width = image.shape[:2]
    at = round(where[0] * width), round(where[1] * height)
    size, thick = 0.8 * width / SIZE[0], max(1, round(2 * width / SIZE[0]))
    drawn = cv2.putText(image.copy(), text, at, 0, size, (255, 255, 255), thick)
    return np.asarray(drawn, np.uint8)


def _soft(image: Image, pixels: float) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), pixels * image.shape[1] / SIZE[0]).astype(np.float32)


def _vignette(image: Image) -> np.ndarray:
    y, x = np.mgrid[-1 : 1 : image.shape[0] * 1j, -1 : 1 : image.shape[1] * 1j]
    return np.asarray(1 - (x**2 + y**2) / 4, np.float32)[..., None]


def _same(image: Image) -> Image:
    return noisy(image, 2)


TAPE, HAND, SPRAY = covered((110, 110, 110)), covered((30, 40, 90)), covered((230, 230, 230))
STEPS: dict[str, Change] = {
    "as it is": _same,
    **{f"{share:.2f} of the light": dim(share) for share in (0.5, 0.3, 0.2, 0.1, 0.07, 0.05, 0.03)},
    **{f"black, noise {noise}": black(noise) for noise in (1, 4, 8)},
    **{f"{times} times the light": over(times) for times in (1.5, 2, 3, 4, 6, 10)},
    **{f"lamp {size}": torch(size) for size in (1, 1.5, 2, 3)},
    **{f"blurred by {pixels}": blurred(pixels) for pixels in (2, 3, 4, 6, 8, 12)},
    **{f"{share} through a bag": bag(share) for share in (0.6, 0.4, 0.2, 0.1)},
    "tape": TAPE,
    "a hand": HAND,
    "white paint": SPRAY,
    "no signal, blue": no_signal,
    "as it is, written into": written(_same),
    "black, written into": written(black(4)),
    "tape, written into": written(TAPE),
    "blurred by 8, written into": written(blurred(8)),
}


def pictures() -> None:
    """Step by step: faces found and usable, and how often nothing is said to be seen."""
    detector = build_detector(RecognitionSettings(), ModelsSettings())
    assess = judge(QualitySettings())
    found: dict[tuple[str, str], list[tuple[int, int, int]]] = defaultdict(list)
    for scene in scenes(small=False):
        for image in scene.pictures:
            for name, change in STEPS.items():
                picture = change(image)
                faces = [] if scene.kind == "close" else detector.detect(picture)
                usable = any(assess(picture, face).unusable is None for face in faces)
                unseen = bool(view.unseen(measure(picture)))
                side = scene.kind if scene.kind != "people" else half(scene.person)
                found[name, side].append((bool(faces), usable, unseen))
    sides = ("choose", "report", "drawn", "close")
    print(
        "| picture | " + " | ".join(f"{side}: found, usable, unseen of n" for side in sides) + " |"
    )
    print("|---" * (1 + len(sides)) + "|")
    for name in STEPS:
        cells = []
        for side in sides:
            rows = found[name, side]
            sums = [sum(row[k] for row in rows) for k in range(3)]
            cells.append(", ".join(map(str, sums)) + f" of {len(rows)}")
        print(f"| {name} | " + " | ".join(cells) + " |")


@dataclass(frozen=True, slots=True)
class Story:
    """What happens for so many seconds: a change by the second, or none: the picture stays."""

    seconds: int
    change: Callable[[float], Change] | None
    faces: bool = False  # whether faces are found in it


def always(change: Change) -> Callable[[float], Change]:
    return lambda second: change


def ordinary(closer: Sequence[Image]) -> dict[str, Story]:
    """Days on which nothing is to be reported."""

    def somebody(second: float) -> Change:
        face = closer[int(second) // 20 % len(closer)]
        right = int(8 * np.sin(second))
        return lambda image: noisy(np.roll(face, right, axis=1), 2)

    night = lambda image: noisy(  # noqa: E731
        cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR) * 0.7 + 20.0, 8
    )
    return {
        "two minutes more": Story(120, always(_same)),
        "the lamp is off for a minute": Story(60, always(black(4))),
        "a third of the light at once": Story(120, always(dim(0.3))),
        "dusk within two minutes": Story(180, lambda s: dim(max(0.2, 1 - s / 150))),
        "somebody close for a minute": Story(60, somebody, faces=True),
        "a lorry for 15 s": Story(15, always(covered((140, 120, 90)))),
        "headlights for a minute": Story(60, always(torch(3))),
        "night mode without colour": Story(120, always(night)),
        "the time is written into it": Story(120, always(written(_same))),
    }


def tampering(other: Image) -> dict[str, Story]:
    """What is to be reported."""
    return {
        "lens cap": Story(120, always(black(1))),
        "night without a lamp": Story(120, always(black(8))),
        "lens cap, written into": Story(120, always(written(black(4)))),
        "tape": Story(120, always(TAPE)),
        "tape, written into": Story(120, always(written(TAPE))),
        "a hand": Story(120, always(HAND)),
        "white paint": Story(120, always(SPRAY)),
        "a bag": Story(120, always(bag(0.2))),
        "a thin bag": Story(120, always(bag(0.4))),
        "blurred by 4": Story(120, always(blurred(4))),
        "blurred by 8": Story(120, always(blurred(8))),
        "sun, 6 times the light": Story(120, always(over(6))),
        "lamp 2": Story(120, always(torch(2))),
        "lamp 3": Story(120, always(torch(3))),
        "no signal, blue": Story(120, always(no_signal)),
        "turned to another view": Story(120, always(lambda image: noisy(other, 2))),
        "frozen": Story(120, None),
    }


def told(scene: Scene, story: Story) -> tuple[list[tuple[str, float]], bool]:
    """The reports, with the seconds of the story at which they come, and whether all ended."""
    state, now = View(), 0.0
    reports: list[tuple[str, float]] = []
    for look in range(LOOKS * (BEFORE + story.seconds + AFTER)):
        second = now - BEFORE
        there = scene.pictures
        place = look % (2 * len(there))  # forth and back
        image = there[min(place, 2 * len(there) - 1 - place)]
        found = story.faces and 0 <= second < story.seconds
        if 0 <= second < story.seconds:
            image = there[0] if story.change is None else story.change(second)(image)
        else:
            image = _same(image)
        state, changes = step(state, measure(image), now, faces=found)
        reports += [(change.problem.value, second) for change in changes if change.begins]
        now += 1 / LOOKS
    return reports, not state.reported


def minutes() -> None:
    """What is reported of each story, and how soon."""
    everything = list(scenes(small=True))
    closer = [scene.pictures[0] for scene in everything if scene.kind == "close"][::4]
    played = [scene for scene in everything if scene.kind != "close"]
    print("| story | side | reported of n (95 % interval) | as | median s | ended |")
    print("|---|---|---|---|---|---|")
    for name in [*ordinary(closer), *tampering(closer[0])]:
        tally: dict[str, list[tuple[list[tuple[str, float]], bool]]] = defaultdict(list)
        for number, scene in enumerate(played):
            other = next(
                each.pictures[0]
                for each in played[number + 7 :] + played
                if each.person != scene.person
            )
            stories = ordinary(closer[number % 5 :]) | tampering(other)
            side = "drawn" if scene.kind == "drawn" else half(scene.person)
            tally[side].append(told(scene, stories[name]))
        for side, outcomes in sorted(tally.items()):
            hits = [reports[0] for reports, _ in outcomes if reports]
            kinds = Counter(kind for reports, _ in outcomes for kind, _ in reports[:1])
            after = f"{median(second for _, second in hits):.0f}" if hits else "–"
            ended = sum(over for reports, over in outcomes if reports)
            how = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "–"
            share = percent(len(hits), len(outcomes))
            print(f"| {name} | {side} | {share} | {how} | {after} | {ended} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("pictures", "minutes"), default="")
    part = parser.parse_args().part
    if part != "minutes":
        pictures()
    if part != "pictures":
        minutes()


if __name__ == "__main__":
    main()
