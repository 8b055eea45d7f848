"""Pictures of enrolling, for docs/desk/: consent, camera, already enrolled, try-out, refused.

    python -m benchmarks.enrol_pictures docs/desk

The desk is served with a drawn community, and a drawn person sits before the camera of a real
Chromium. Ends with 1 when axe finds a fault in a page, or a page is too wide.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from PIL import Image

from benchmarks.community import PASSWORD, settle
from benchmarks.desk_browser import CHROMIUM, breaches, give_axe, served, sign_in, too_wide
from benchmarks.import_pictures import drawn
from enroll.desk import Desk
from enroll.faces import Faces
from enroll.permissions import Role
from gate.recognition.face import Face, Quality
from gate.services.enrolment import Examiner, Fault, Shot
from gate.store.settings import StoreSettings
from gate.store.store import Store

ENCODER, VALUES = "dlib/1", 128  # that of the community's templates
SKIN, NEAR = (236, 200, 172), 40
FRAME = (640, 480)
COLOURS = 128
TAKEN = 2  # views when the camera's page is photographed
SIZES = {"laptop": (1366, 768), "tablet": (820, 1180)}


class DrawnFaces:
    """An examiner that finds the one drawn head by its colour; everybody drawn has one face."""

    encoders = (SimpleNamespace(name=ENCODER),)

    def __init__(self) -> None:
        self._draw = np.random.default_rng(7)
        self._face = self._draw.normal(size=VALUES)

    def look(self, image: np.ndarray) -> Shot:
        """``image``: BGR, uint8, (height, width, 3)."""
        skin = np.all(np.abs(image[..., ::-1].astype(int) - SKIN) < NEAR, axis=2)
        rows, columns = np.nonzero(skin)
        if not rows.size:
            return Shot(fault=Fault.NO_FACE)
        left, right = float(columns.min()), float(columns.max())
        box = (left, float(rows.min()), right, float(rows.max()))
        quality = Quality(overall=float(self._draw.uniform(0.78, 0.92)))
        return Shot(Face(box=box, score=0.9, landmarks=None, quality=quality))

    def encode(self, image: np.ndarray, seen: Shot) -> Shot:
        """Two looks at one face resemble each other, but are not the same."""
        vector = self._face + 0.2 * self._draw.normal(size=VALUES)
        vector /= np.linalg.norm(vector)
        return Shot(seen.face, "", {ENCODER: vector.astype(np.float32)})

    def shot(self, image: np.ndarray, pick: int | None = None) -> Shot:
        seen = self.look(image)
        return seen if seen.fault else self.encode(image, seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as name,
        Store.open(StoreSettings(ballast=0), Path(name)) as store,
    ):
        desk = settle(store, Path(name)).desk
        known = cast(Faces, desk.faces).known
        desk.faces = Faces(cast(Examiner, DrawnFaces()), known)
        with served(desk) as address:
            faults = photograph(desk, address, options.folder, camera_in(Path(name)))
    print("\n".join(faults) or "nothing found")
    sys.exit(bool(faults))


def camera_in(folder: Path) -> Path:
    """What the camera sees, as a film: somebody who sits almost still."""
    film = io.BytesIO()
    for step in (0, 1, 2, 3, 2, 1):
        picture = drawn((235 + step, 85, 170))
        frame = Image.new("RGB", FRAME, picture.getpixel((0, 0)))
        frame.paste(picture, (0, FRAME[1] - picture.height))
        frame.save(film, "JPEG", quality=92)
    file = folder / "camera.mjpeg"
    file.write_bytes(film.getvalue())
    return file


def photograph(desk: Desk, address: str, folder: Path, film: Path) -> list[str]:
    """One enrolment from consent to try-out, and somebody who was enrolled already."""
    from playwright.sync_api import sync_playwright

    faults: list[str] = []
    flags = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    flags.append(f"--use-file-for-fake-video-capture={film}")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=flags)

        def somebody(size: str, language: str, role: Role) -> Any:
            width, height = SIZES[size]
            context = browser.new_context(
                viewport={"width": width, "height": height}, permissions=["camera"]
            )
            give_axe(context)
            page = context.new_page()
            page.set_default_timeout(120_000)
            page.on("pageerror", lambda error: faults.append(f"script: {error}"))
            sign_in(page, address, language, role.value, PASSWORD)
            return page

        def look(page: Any, name: str) -> None:
            file = folder / f"{name}.png"
            page.screenshot(path=file)
            Image.open(file).convert("RGB").quantize(COLOURS).save(file, optimize=True)
            faults.extend(breaches(page, name) + too_wide(page, name))

        def five_views(page: Any, person: int, picture: str = "") -> None:
            page.goto(f"{address}/people/{person}/consent")
            if picture:
                look(page, "consent")
            page.click("[name=answer][value=agreed]")
            page.wait_for_selector(f".views li.done:nth-child({TAKEN})")
            if picture:
                look(page, picture)
            page.wait_for_selector(".guidance.good")
            page.click("#save")

        page = somebody("laptop", "zh", Role.DESK)
        home = desk.store.places.household("3", "501", "")
        one, two = (
            desk.store.people.create(name, birth_year=1956, household_id=home.id).id
            for name in ("李红", "李虹")
        )
        five_views(page, one, "enrol")
        page.wait_for_selector(".guidance.good")
        look(page, "try-out")
        five_views(page, two)
        page.wait_for_selector("[name=double]", state="attached")
        look(page, "duplicate")

        page = somebody("tablet", "en", Role.AUDITOR)
        page.goto(f"{address}/people/{one}/enrol")
        look(page, "refused")
        browser.close()
    return faults


if __name__ == "__main__":
    main()
