"""``gate demo``, as a newcomer runs it: a table, a picture, and nobody let in who should not be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from PIL import Image

from gate.demo import scenes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# fewer people than a newcomer sees: learning them takes a third of the time
START = """
import sys
from gate.demo import scenes
scenes.PEOPLE = int(sys.argv.pop(1))
from gate.cli import main
main()
"""


def line_of(text: str, title: str) -> str:
    return next(line for line in text.splitlines() if line.strip().startswith(title))


def test_a_newcomer_sees_seven_thousand_people() -> None:
    assert scenes.PEOPLE == 7000


@pytest.mark.parametrize("people", [1500, pytest.param(7000, marks=pytest.mark.soak)])
def test_the_demonstration_ends_well_with_table_and_picture(people: int, tmp_path: Path) -> None:
    data, picture, page = tmp_path / "demo", tmp_path / "run.jpg", tmp_path / "index.html"
    film = tmp_path / "film.webp"
    command = [sys.executable, "-c", START, str(people), "demo", "--data", str(data)]
    done = subprocess.run(
        [*command, "--picture", str(picture), "--film", str(film), "--page", str(page)],
        capture_output=True,
        text=True,
        timeout=850,
        cwd=tmp_path,
        env=os.environ | {"COLUMNS": "80"},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    assert f"filled up to {people:,} with generated templates" in done.stdout
    assert f"calibrated on {people:,} people" in done.stdout
    for row in ("FPIR", "FNIR", "p50", "memory"):
        assert row in done.stdout
    made = re.search(
        r"(\d+) events made; (\d+) arrived at the broker, in sequence, none missing", done.stdout
    )
    assert made is not None, done.stdout[-500:]
    assert made[1] == made[2]
    assert "none missing" in done.stdout
    assert "Barack Obama" in done.stdout
    assert "0 of 3" in line_of(done.stdout, "FPIR"), "no stranger"
    granted = line_of(done.stdout, "people granted")
    assert "strangers 0" in granted
    assert re.search(r"\b5, of them by card", granted), "every resident, by face or by card"
    if "minifas" in line_of(done.stdout, "liveness"):  # others hold these drawn scenes for pictures
        assert "0 of 5" in line_of(done.stdout, "FNIR")
    assert "0 of 1" in line_of(done.stdout, "attacks that opened the door")
    missed = [row for row in done.stdout.splitlines() if row.rstrip().endswith(" NO")]
    assert not missed
    image = cv2.imread(str(picture))
    assert image is not None
    assert min(image.shape[:2]) > 200
    assert image.std() > 10, "the picture shows something"
    assert "…" not in done.stdout, "nothing is cut in 80 columns"
    with Image.open(film) as shown:
        assert getattr(shown, "n_frames", 1) > 100
    assert film.stat().st_size < 2 << 20
    assert "data:image/webp;base64," in page.read_text("utf-8")
