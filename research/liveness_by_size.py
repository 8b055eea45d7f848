"""What the liveness networks know of a small face: ``python -m research.liveness_by_size``.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.liveness_by_size [--keep FILE]

Frames of living people (NUAA, recordings, LFW) and of pictures (NUAA's real prints, drawn devices)
are made smaller until so many pixels lie between the eyes; a frame that is smaller already is left
out at that size. Each is seen twice: as it is, where crops end at its edge, and within
a frame of the camera's size whose rest repeats the edge, as of somebody who is further away. Shown
are the fused ratio of single frames by size, whom it doubts and what it lets pass; then whether a
scale and an offset for each size, fitted on one half of the people, describe the other half better.
"""

from __future__ import annotations

import argparse
import pickle
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from gate.evaluation.faces_in import main_face, measuring_data, photographs
from gate.evaluation.interval import percent
from gate.evaluation.protocols import half
from gate.models import ModelsSettings, find
from gate.recognition.detection.detector import Detector, build_detector
from gate.recognition.face import Image
from gate.recognition.liveness.assessment import NETWORKS, calibration, summary
from gate.recognition.liveness.networks import FrameTest, open_tests, scores
from gate.recognition.quality.assessment import eye_distance
from gate.recognition.settings import RecognitionSettings
from research.attacks import frames_of
from research.replay_attack import DEVICES, Presentation

Floats = NDArray[np.float64]
SIZES = (18, 22, 26, 30, 36, 44)  # pixels between the eyes
CAMERA = (480, 640)  # height and width
PLACES = ("as it is", "within a frame")


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A frame of somebody or of a picture.

    Attributes:
        kind: what is shown.
        person: whose face it is.
        live: or a picture.
        window: what is shown in one go.
        image: uint8 (H, W, 3), BGR.
    """

    kind: str
    person: str
    live: bool
    window: str
    image: Image


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """What the networks said of a frame at one size.

    Attributes:
        kind, person, live, window: as of ``Shown``.
        size: pixels between the eyes that were wished; 0: as it came.
        place: of ``PLACES``.
        eyes: pixels between the eyes as found.
        odds: log-odds of each network, float64 (n,).
    """

    kind: str
    person: str
    live: bool
    window: str
    size: int
    place: str
    eyes: float
    odds: Floats


def webcam(every: int) -> Iterator[Shown]:
    """NUAA's living people and prints, every which frame."""
    for path in sorted(measuring_data("nuaa").glob("*/*")):
        live = path.parent.name == "live"
        kind = "webcam, live" if live else "webcam, print"
        for file in photographs(path)[::every]:
            image = np.asarray(cv2.imread(str(file)), np.uint8)
            yield Shown(kind, path.name.split("-")[0], live, f"{kind} {path.name}", image)


def recordings(every: int, detector: Detector) -> Iterator[Shown]:
    """The recordings of people, and each shown once more on every drawn device."""
    for path in sorted(measuring_data("clips").rglob("*.mkv")):
        person = path.parent.name
        seen = []
        for image in list(frames_of(path))[::every]:
            face = main_face(image, detector.detect(image))
            if face is not None:
                seen.append((image, face.box))
                yield Shown("recording, live", person, True, str(path), image)
        for device in DEVICES:
            seed = zlib.crc32(f"{path.parent.name}/{path.stem} {device.name}".encode())
            show = Presentation(device, np.random.default_rng(seed))
            for image, box in seen[::2]:
                shown = show.show(image, box)
                yield Shown("recording, drawn device", person, False, f"{path} {device}", shown)


def stills(most: int) -> Iterator[Shown]:
    """Photographs of LFW, evenly chosen, one of a person."""
    firsts = [
        sorted(p.glob("*.jpg"))[0] for p in sorted((measuring_data("lfw") / "images").iterdir())
    ]
    for path in firsts[:: max(1, len(firsts) // most)][:most]:
        image = np.asarray(cv2.imread(str(path)), np.uint8)
        yield Shown("LFW, live", path.parent.name, True, path.stem, image)


def smaller(image: Image, factor: float, place: str) -> Image:
    """The image, uint8 (H, W, 3), made smaller, alone or within a frame of the camera's size."""
    small = np.asarray(
        cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
    )
    if place == PLACES[0]:
        return small
    above, before = (
        max(0, (all - own) // 2) for all, own in zip(CAMERA, small.shape[:2], strict=True)
    )
    framed = cv2.copyMakeBorder(small, above, above, before, before, cv2.BORDER_REPLICATE)
    return np.asarray(framed, np.uint8)


def scored(shown: Shown, detector: Detector, tests: list[FrameTest]) -> Iterator[Score]:
    """The frame as it came and at every size that is smaller."""
    face = main_face(shown.image, detector.detect(shown.image))
    if face is None or face.landmarks is None:
        return
    eyes = eye_distance(face.landmarks)
    about = (shown.kind, shown.person, shown.live, shown.window)
    yield Score(*about, 0, PLACES[0], eyes, scores(tests, shown.image, face))
    for size in SIZES:
        if size > eyes:
            continue
        for place in PLACES:
            image = smaller(shown.image, size / eyes, place)
            found = main_face(image, detector.detect(image))
            if found is not None and found.landmarks is not None:
                now = eye_distance(found.landmarks)
                yield Score(*about, size, place, now, scores(tests, image, found))


def area(live: Floats, attacks: Floats) -> float:
    """The share of pairs in which the living face has more, float64 (n,) and (m,)."""
    if not len(live) or not len(attacks):
        return float("nan")
    above = (live[:, None] > attacks).mean() + (live[:, None] == attacks).mean() / 2
    return float(above)


def table(rows: list[Score], ratio: Floats, names: list[str], side: str) -> None:
    """By place and size: each kind's median and share at or below 0 nats; area under the curve."""
    odds = np.stack([row.odds for row in rows])
    mine = np.array([side in ("all", half(row.person)) for row in rows])
    kinds = list(dict.fromkeys(row.kind for row in rows))
    print(
        f"\n{side}: single frames; webcam: area under the curve of the fusion and of "
        + ", ".join(names)
    )
    for place in PLACES:
        for size in (0, *SIZES):
            at = np.array([row.size == size and row.place == place for row in rows]) & mine
            if not at.any():
                continue
            live, attacks = (
                at & np.array([row.kind == kind for row in rows])
                for kind in ("webcam, live", "webcam, print")
            )
            areas = [area(ratio[live], ratio[attacks])]
            areas += [area(odds[live, n], odds[attacks, n]) for n in range(len(names))]
            print(f"{place}, {size or 'as it came'}: " + " / ".join(f"{a:.3f}" for a in areas))
            for kind in kinds:
                some = at & np.array([row.kind == kind for row in rows])
                if not some.any():
                    continue
                values = ratio[some]
                low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
                is_live = next(row.live for row in rows if row.kind == kind)
                wrong = int((values <= 0).sum() if is_live else (values > 0).sum())
                people = len({row.person for row, it in zip(rows, some, strict=True) if it})
                print(
                    f"    {kind:24} {people:3} people, median {middle:+.2f} ({low:+.2f} to"
                    f" {high:+.2f} nats); {'doubted' if is_live else 'passes'}"
                    f" {percent(wrong, len(values))}"
                )


def cost(ratio: Floats, live: NDArray[np.bool_], weight: Floats) -> float:
    """Cost of a log-likelihood ratio (Cllr, Brümmer and du Preez 2006), bits; 1 tells nothing.

    Args:
        ratio: nats, float64 (n,).
        live: bool (n,).
        weight: float64 (n,), living faces and attacks half each.
    """
    return float(np.sum(weight * np.logaddexp(0, np.where(live, -ratio, ratio))) / np.log(2))


def fitted(ratio: Floats, live: NDArray[np.bool_], weight: Floats) -> tuple[float, float]:
    """The scale and offset (nats) that make the ratio's cost least, by trying."""
    tried = [(a, b) for a in np.arange(0, 1.55, 0.05) for b in np.arange(-2, 2.05, 0.1)]
    least = min(tried, key=lambda it: cost(it[0] * ratio + it[1], live, weight))
    return float(least[0]), float(least[1])


def by_size(rows: list[Score], ratio: Floats) -> None:
    """Prints, for each place and size, what a scale and an offset of its own bring."""
    print("\ncost of the ratio, bits, on the half that reports: as it is, and with the scale and")
    print("offset (nats) fitted on the other half")
    live = np.array([row.live for row in rows])
    kinds = np.array([row.kind for row in rows])
    side = np.array([half(row.person) for row in rows])
    for place in PLACES:
        for size in (0, *SIZES):
            at = np.array([row.size == size and row.place == place for row in rows])
            weight = np.zeros(len(rows))
            for part in ("choose", "report"):
                for is_live in (True, False):
                    mine = at & (side == part) & (live == is_live)
                    for kind in set(kinds[mine].tolist()):
                        these = mine & (kinds == kind)
                        weight[these] = 0.5 / len(set(kinds[mine].tolist())) / these.sum()
            one, other = at & (side == "choose"), at & (side == "report")
            if not one.any() or not other.any():
                continue
            scale, offset = fitted(ratio[one], live[one], weight[one])
            before = cost(ratio[other], live[other], weight[other])
            after = cost(scale * ratio[other] + offset, live[other], weight[other])
            print(
                f"  {place}, {size or 'as it came'}: {before:.3f}, {after:.3f} with"
                f" {scale:.2f} and {offset:+.1f}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="keep the scores there, or take them from there")
    parser.add_argument("--most", type=int, default=200, help="people of LFW")
    parser.add_argument("--every", type=int, default=4, help="frames of a window: every which one")
    options = parser.parse_args()
    models = ModelsSettings()
    names = [name for name in NETWORKS if find(name, models)]
    weights = calibration(names).weights
    heard = [n for n, weight in enumerate(weights) if weight > 0]
    if options.keep is not None and options.keep.is_file():
        rows: list[Score] = pickle.loads(options.keep.read_bytes())
    else:
        tests = open_tests(*(find(n, models) for n in NETWORKS), cache=models.folder, threads=1)
        tests = [tests[n] for n in heard]
        detector = build_detector(RecognitionSettings(min_face=40, threads=1), models)
        shown = [*webcam(options.every), *recordings(15, detector), *stills(options.most)]
        rows = [
            row
            for each in track(shown, description="sizes", transient=True)
            for row in scored(each, detector, tests)
        ]
        if options.keep is not None:
            options.keep.write_bytes(pickle.dumps(rows))
    chosen = [names[n] for n in heard]
    fusion = calibration(chosen)
    ratio = np.array([fusion.ratio(summary(row.odds[None])) for row in rows])
    for side in ("all", "choose", "report"):
        table(rows, ratio, chosen, side)
    by_size(rows, ratio)


if __name__ == "__main__":
    main()
