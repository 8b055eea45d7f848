"""How many photographs of an import need a human hand, as it was done and as it is done.

``python -m benchmarks.photographs_by_hand LFW EAST_ASIAN MODELS`` takes 200 photographs: half as
they are, half set into pictures of 12 megapixels as a telephone takes them, the person some metres
away, in a third of them with other people behind. "Before" is a photograph reduced to 1024 pixels
and searched once; "after" is what imports do now. Quality is judged as at enrolment in both.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from gate.config.settings import Settings
from gate.models.settings import ModelsSettings
from gate.recognition.detection.detector import build_detector
from gate.recognition.face import Image
from gate.recognition.quality.assessment import judge
from gate.services.enrolment import Examiner
from gate.services.image_decode import PREVIEW_SIDE, reduced

COUNT = 200
_HEIGHT, _WIDTH = 3024, 4032


def telephone(head: Image, behind: list[Image], random: np.random.Generator) -> Image:
    """A picture of 12 megapixels with ``head`` (h, w, 3) in it and others smaller beside it."""
    small = random.integers(60, 200, (6, 8, 3), dtype=np.uint8)
    picture = cv2.resize(small, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_CUBIC)
    for index, other in enumerate(behind):
        side = int(random.integers(220, 300))
        left = 300 + index * 700 if index % 2 == 0 else _WIDTH - 300 - side - index * 500
        _paste(picture, other, left, int(random.integers(700, 1200)), side)
    side = int(random.integers(520, 1100))
    left = (_WIDTH - side) // 2 + int(random.integers(-400, 400))
    _paste(picture, head, left, int(random.integers(800, 1400)), side)
    picture = np.asarray(picture, np.uint8)
    turn = int(random.integers(0, 10))
    return np.asarray(cv2.rotate(picture, turn) if turn < 2 else picture, np.uint8)


def _paste(picture: np.ndarray, head: Image, left: int, top: int, side: int) -> None:
    size = (side, side * head.shape[0] // head.shape[1])
    larger = cv2.resize(head, size, interpolation=cv2.INTER_CUBIC)
    picture[top : top + size[1], left : left + size[0]] = larger


def main(lfw: Path, asian: Path, models: Path) -> None:
    """Print the table."""
    random = np.random.default_rng(19)
    files = sorted(lfw.rglob("*.jpg"))
    others = sorted(asian.rglob("*.jpg"))
    picked = [files[i] for i in random.choice(len(files), COUNT // 2, replace=False)]
    picked += [others[i] for i in random.choice(len(others), COUNT // 2, replace=False)]
    settings = Settings()
    detector = build_detector(settings.recognition, ModelsSettings(folder=models))
    examiner = Examiner(detector, [], judge(settings.quality, enrolment=True))
    results: dict[str, Counter[str]] = {"before": Counter(), "after": Counter()}
    for index, file in enumerate(picked):
        image = np.asarray(cv2.imread(str(file)), np.uint8)
        if index % 2:
            behind = [np.asarray(cv2.imread(str(files[index * 7 + k])), np.uint8) for k in (0, 1)]
            image = telephone(image, behind if index % 6 == 1 else [], random)
        kind = "telephone" if index % 2 else "cropped"
        results["before"][f"{kind} {examiner.look(reduced(image, PREVIEW_SIDE)).fault}"] += 1
        results["after"][f"{kind} {examiner.shot(image).fault}"] += 1
    print(f"detector {detector.name}, {COUNT} photographs")
    for when, counts in results.items():
        hand = {kind: n for kind, n in counts.items() if not kind.endswith(" ")}
        print(f"{when}: {sum(hand.values())} of {COUNT} need a human hand")
        for kind, number in sorted(hand.items()):
            print(f"    {number:4} {kind}")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
