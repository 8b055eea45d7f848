"""Which reader finds a permit's QR code in camera pictures, and how long each takes.

    python -m research.permit_camera [--count 300]

Pictures of 640×480 are made: a permit of random size (module 1.6 to 6 pixels), turned in all
three directions, blurred, darkened, noisy, before a textured ground. One picture in eight shows
another code, which must not be mistaken for a permit.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from gate.access.decision import Kind
from gate.access.permit import Permit, sign
from gate.access.permit_image import UNREADABLE, find_permit

Image = NDArray[np.uint8]


def permit_text(number: int) -> str:
    now = datetime(2026, 1, 7, tzinfo=UTC)
    permit = Permit(f"{number:016x}", "5e" * 8, Kind.VISITOR, now, now + timedelta(days=1), 4)
    return sign(permit, Ed25519PrivateKey.from_private_bytes(number.to_bytes(32)))


def picture(text: str, rng: np.random.Generator) -> tuple[Image, float]:
    """A camera picture with the code in it, and its pixels a module."""
    small = np.array([list(r) for r in segno.make(text, error="m").matrix_iter(border=4)], np.uint8)
    side = len(small)
    module = float(rng.uniform(1.6, 6.0))
    code = cv2.resize((1 - small) * 235 + 10, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    half, z = side * module / 2, 500.0
    around = np.radians(rng.uniform([-25, -25, -45], [25, 25, 45]))
    rotation, _ = cv2.Rodrigues(around.reshape(3, 1))
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], float) * half @ rotation.T
    scale = z / (z + corners[:, 2:])
    centre = rng.uniform([220, 180], [420, 300])
    target = (corners[:, :2] * scale + centre).astype(np.float32)
    source = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * (side * 8)
    warp = cv2.getPerspectiveTransform(source, target)
    ground = cv2.resize(rng.integers(40, 180, (30, 40, 3), np.uint8), (640, 480))
    page = cv2.warpPerspective(code, warp, (640, 480), flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full_like(code, 255), warp, (640, 480))
    image = np.where(mask[:, :, None] > 127, page[:, :, None], ground)
    image = cv2.GaussianBlur(image.astype(np.float32), (0, 0), float(rng.uniform(0.3, 1.2)))
    image = image * rng.uniform(0.45, 1.0) + rng.normal(0, rng.uniform(1, 8), image.shape)
    return np.clip(image, 0, 255).astype(np.uint8), module


def damaged(text: str) -> dict[str, Image]:
    """A permit before a grey wall, modules of 3 pixels, that cannot be read."""
    rows = np.array([list(r) for r in segno.make(text, error="m").matrix_iter(border=4)], np.uint8)
    code = np.kron((1 - rows) * 255, np.ones((3, 3), np.uint8)).astype(np.uint8)
    third, half = len(code) // 3, len(code) // 2
    covered = {
        "right third covered": (slice(None), slice(2 * third, None)),
        "finger across the middle": (slice(third, 2 * third), slice(third, 2 * third)),
        "corner covered": (slice(third), slice(third)),
        "lower half covered": (slice(half, None), slice(None)),
    }
    pictures = {}
    for what, place in covered.items():
        part = code.copy()
        part[place] = 90
        pictures[what] = _on_a_wall(part)
    return pictures | {"blurred": cv2.GaussianBlur(_on_a_wall(code), (0, 0), 1.5).astype(np.uint8)}


def _on_a_wall(code: Image) -> Image:
    image = np.full((480, 640), 90, np.uint8)
    image[60 : 60 + len(code), 120 : 120 + len(code)] = code
    return image


def wilson(hits: int, count: int) -> str:
    p, z = hits / count, 1.96
    middle, spread = (
        p + z * z / (2 * count),
        z * ((p * (1 - p) + z * z / (4 * count)) / count) ** 0.5,
    )
    low, high = ((middle - spread) / (1 + z * z / count), (middle + spread) / (1 + z * z / count))
    return f"{100 * p:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    count = parser.parse_args().count
    cv2.setNumThreads(1)
    plain, aruco = cv2.QRCodeDetector(), cv2.QRCodeDetectorAruco()
    readers: dict[str, Callable[[Image], str | None]] = {
        "zxing-cpp": lambda i: find_permit(i) or None,
        "cv2.QRCodeDetector": lambda i: plain.detectAndDecode(i)[0] or None,
        "cv2.QRCodeDetectorAruco": lambda i: aruco.detectAndDecode(i)[0] or None,
    }
    rng = np.random.default_rng(7)
    noticed: dict[str, int] = {}
    for number in range(60):
        for what, image in damaged(permit_text(number)).items():
            noticed[what] = noticed.get(what, 0) + (find_permit(image) == UNREADABLE)
    print(f"noticed to be unreadable, of 60: {noticed}")
    texts = [permit_text(n) if n % 8 else "" for n in range(count)]
    pictures = []
    for text in texts:
        image, module = picture(text or "nothing", rng)
        pictures.append((text, image if text else np.roll(image[::-1], 240, 0)[:, ::-1], module))
    version = segno.make(texts[1], error="m").version
    print(f"permit text: {len(texts[1])} characters, QR version {version}")
    for name, read in readers.items():
        hits = wrong = near = near_hits = 0
        seconds = []
        for text, image, module in pictures:
            before = time.perf_counter()
            try:
                found = read(image)
            except cv2.error:
                found = None
            seconds.append(time.perf_counter() - before)
            hits += bool(text) and found == text
            wrong += found is not None and found != text and found != "nothing"
            near += bool(text) and module >= 3
            near_hits += bool(text) and module >= 3 and found == text
        some = sum(map(bool, texts))
        p50, p95 = np.percentile(seconds, [50, 95]) * 1000
        print(
            f"{name:24} found {wilson(hits, some)} of {some}; module of 3 pixels and more "
            f"{wilson(near_hits, near)} of {near}; wrong {wrong}; {p50:.1f} / {p95:.1f} ms p50/p95"
        )


if __name__ == "__main__":
    main()
