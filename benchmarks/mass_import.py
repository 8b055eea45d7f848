"""Thousands of people with photographs through ``gate enroll``, killed half way and continued.

    python -m benchmarks.mass_import [--people 7000] [--kills 1] [--photographs FOLDER]

A table and one ZIP of photographs are enrolled by the command itself in a process of its own. It
is ended with kill -9 at equal distances and started again; at the end nobody may be there twice
or be missing. Prints the rate, the peak memory and what is in the register.

``--photographs`` names a folder with one folder per person (LFW's layout), of which each photograph
is one person; without it the photographs of fixtures/ are altered a little for each person.
"""

from __future__ import annotations

import argparse
import itertools
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from gate.importing.notes import DOUBLE
from gate.importing.run import BATCH
from gate.recognition.settings import ENCODERS

FIXTURES = Path(__file__).parent.parent / "fixtures" / "photographs"
START = "from gate.cli import main; main()"
HEADINGS = "name,number,building,unit,card,birth year,consent,photo"
CONFIG = """
data = "{folder}/data"
recognition = {{ encoder = "{encoder}" }}
store = {{ ballast = 0 }}
"""
# what must be as many as there are lines, and what must be none
COUNTS = {
    "people": "select count(*) from people",
    "numbers": "select count(distinct number) from people",
    "lines done": "select count(*) from import_lines",
    "people of lines": "select count(distinct person_id) from import_lines",
    "consents": "select count(*) from consents",
    "cards": "select count(distinct hash) from credentials",
}
NONE = {
    "people enrolled without a template": "select count(*) from import_lines where "
    "result = 'enrolled' and person_id not in (select person_id from templates)",
    "people with two templates": "select count(*) from (select 1 from templates "
    "group by person_id, encoder having count(*) > 1)",
    "templates of people without a usable photograph": "select count(*) from templates where "
    "person_id in (select person_id from import_lines where result <> 'enrolled')",
}


@dataclass(frozen=True, slots=True)
class Run:
    """One process: lines done before and after, seconds from the first of its own on, memory."""

    before: int
    after: int
    until_first: float
    seconds: float
    megabytes: float
    code: int

    def __str__(self) -> str:
        done = self.after - self.before
        how = "killed" if self.code == -signal.SIGKILL else f"exit {self.code}"
        return (
            f"lines {self.before} to {self.after}: first batch after {self.until_first:.1f} s, "
            f"then {(done - BATCH) / max(self.seconds, 0.001):.1f} a second, "
            f"largest memory {self.megabytes:.0f} MB, {how}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, default=7000)
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--encoder", choices=ENCODERS, default="auto")
    parser.add_argument("--photographs", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write(folder / "people", options.people, pictures(options.photographs))
        print(f"{options.people} people, photographs of {size / 2**20:.0f} MB", flush=True)
        config = folder / "gate.toml"
        config.write_text(CONFIG.format(folder=folder, encoder=options.encoder))
        for number in range(1, options.kills + 2):
            until = options.people * number // (options.kills + 1)
            last = number > options.kills
            print(enrol(folder, options.people if last else until, kill=not last), flush=True)
        wrong = compare(folder / "data" / "gate.db", options.people)
    sys.exit("\n".join(wrong) if wrong else 0)


def pictures(folder: Path | None) -> Iterator[bytes]:
    """JPEG files without end."""
    if folder is not None:
        inside = folder / "images" if (folder / "images").is_dir() else folder
        yield from (path.read_bytes() for path in itertools.cycle(sorted(inside.glob("*/*.jpg"))))
        return
    random = np.random.default_rng(7)
    for path in itertools.cycle(sorted(FIXTURES.glob("*.jpg"))):
        picture = cv2.imread(str(path))
        assert picture is not None, path
        yield altered(picture, random)


def altered(image: np.ndarray, random: np.random.Generator) -> bytes:
    """The same photograph turned, nearer or farther, lighter or darker."""
    height, width = image.shape[:2]
    angle, zoom = random.uniform(-6, 6), random.uniform(0.95, 1.05)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, zoom)
    turned = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    lit = cv2.convertScaleAbs(turned, alpha=random.uniform(0.85, 1.1), beta=random.uniform(-8, 8))
    return cv2.imencode(".jpg", lit, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def write(folder: Path, people: int, photographs: Iterator[bytes], every: int = 1) -> int:
    """The table and ``photos.zip`` with a photograph for each ``every``-th person; bytes of the
    latter."""
    folder.mkdir()
    lines = [HEADINGS]
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        for number in range(people):
            name = "" if number % every else f"{number}.jpg"
            if name:
                archive.writestr(name, next(photographs))
            lines.append(
                f"P{number},{number},{number % 30},{number // 3},{number + 1:010d},1950,agreed,"
                f"{name}"
            )
    (folder / "people.csv").write_text("\n".join(lines))
    return (folder / "photos.zip").stat().st_size


def enrol(folder: Path, until: int, *, kill: bool) -> Run:
    """``gate enroll`` in a process of its own, ended once ``until`` lines are done."""
    database = folder / "data" / "gate.db"
    before = now = done(database)
    command = [sys.executable, "-c", START, "enroll", str(folder / "people")]
    began = time.monotonic()
    first = last = began
    highest = 0.0
    with (folder / "log").open("w") as log:
        child = subprocess.Popen(
            [*command, "--config", str(folder / "gate.toml")], stdout=log, stderr=log
        )
        while child.poll() is None:
            highest = max(highest, memory(child.pid))
            more = done(database)
            if more > now:
                first = first if now > before else time.monotonic()
                now, last = more, time.monotonic()
            if kill and now >= until:
                child.kill()
            time.sleep(0.05)
    now = done(database)
    return Run(before, now, first - began, last - first, highest, child.wait())


def memory(process: int) -> float:
    """The most it has held so far, megabytes."""
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", text)
    return int(found[1]) / 1024 if found else 0.0


def done(database: Path) -> int:
    """Lines of the import that are done."""
    if not database.exists():
        return 0
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        try:
            return int(opened.execute(COUNTS["lines done"]).fetchone()[0])
        except sqlite3.OperationalError:  # not made yet
            return 0


def compare(database: Path, people: int) -> list[str]:
    """What is in the register, printed; what should not be."""
    wrong = []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        found = {what: opened.execute(query).fetchone()[0] for what, query in COUNTS.items()}
        print(", ".join(f"{count} {what}" for what, count in found.items()))
        wrong += [f"{count} {what}" for what, count in found.items() if count != people]
        for what, query in NONE.items():
            count = opened.execute(query).fetchone()[0]
            wrong += [f"{count} {what}"] if count else []
        results = opened.execute("select result, count(*) from import_lines group by result")
        print(", ".join(f"{count} {result}" for result, count in results))
        alike = opened.execute(
            "select count(*) from import_lines where note like '%lookalike%' or note like ?",
            (f"%{DOUBLE}%",),
        ).fetchone()[0]
        print(f"{alike} resemble somebody")
        whole = opened.execute("pragma integrity_check").fetchone()[0]
        wrong += [] if whole == "ok" else [whole]
    print("wrong: " + ", ".join(wrong) if wrong else "none twice, none lost")
    return wrong


if __name__ == "__main__":
    main()
