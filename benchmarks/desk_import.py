"""Thousands of people with photographs through the desk as a browser sends them, killed half way.

    python -m benchmarks.desk_import [--people 7000] [--kills 1] [--photographs FOLDER]

``gate desk`` runs in a process of its own. The table and the ZIP are uploaded, the page of what was
understood is read, the import is begun, its progress is asked every second; the desk is ended with
kill -9 at equal distances, started again and the import gone on with. At the end nobody may be
there twice or be missing. Prints the time of each step, the waiting times of the page meanwhile and
the desk's largest memory.
"""

from __future__ import annotations

import argparse
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.mass_import import START, compare, done, memory, pictures, write
from enroll.desk import Desk
from enroll.permissions import Role
from gate.config.desk import DeskSettings
from gate.importing.run import unsettled
from gate.recognition.settings import ENCODERS
from gate.store.settings import StoreSettings
from gate.store.store import Store

PASSWORD = "a-long-enough-secret"
CONFIG = """
data = "{folder}/data"
recognition = {{ encoder = "{encoder}" }}
{models}
store = {{ ballast = 0 }}
mqtt = {{ enabled = false }}
[desk]
port = {port}
language = "en"
[advanced]
desk.requests = 100000
"""


class Served:
    """``gate desk`` in a process of its own, and a browser before it that is signed in."""

    def __init__(self, folder: Path, port: int) -> None:
        command = [sys.executable, "-c", START, "desk", "--config", str(folder / "gate.toml")]
        self._log = (folder / "desk.log").open("a")
        self.process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        self.page = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"accept": "text/html"},
            follow_redirects=True,
            timeout=1800,
        )
        self._until_it_answers()
        self.page.post("/login", data={"login": "manager", "password": PASSWORD})
        self.page.get("/language/en")
        found = re.search(r'data-csrf="([^"]+)"', self.page.get("/account").text)
        assert found is not None, "not signed in"
        self.token = found[1]

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Fill in a form of the page and send it."""
        return self.page.post(path, data={"csrf": self.token, **fields}).raise_for_status()

    def end(self, *, kill: bool) -> float:
        """The most memory it held, megabytes."""
        most = memory(self.process.pid)
        self.page.close()
        self.process.kill() if kill else self.process.terminate()
        self.process.wait()
        self._log.close()
        return most

    def _until_it_answers(self) -> None:
        end = time.monotonic() + 120
        while True:
            try:
                self.page.get("/login")
                return
            except httpx.TransportError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, default=7000)
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--encoder", choices=ENCODERS, default="auto")
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--every", type=int, default=1, help="people to one photograph")
    parser.add_argument("--models", type=Path, help="folder of models; those installed without it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write(
            folder / "people", options.people, pictures(options.photographs), options.every
        )
        print(
            f"{options.people} people, each {options.every}. with a photograph, "
            f"{size / 2**20:.0f} MB of them",
            flush=True,
        )
        port = free_port()
        (folder / "gate.toml").write_text(
            CONFIG.format(
                folder=folder,
                encoder=options.encoder,
                port=port,
                models=f'models = {{ folder = "{options.models}" }}' if options.models else "",
            )
        )
        with Store.open(StoreSettings(ballast=0), folder / "data") as store:
            accounts = Desk(DeskSettings(), store, folder=folder / "data").accounts
            accounts.create("manager", PASSWORD, Role.MANAGER, "Manager")
        wrong = carry_out(folder, port, options.people, options.kills)
        wrong += compare(folder / "data" / "gate.db", options.people)
        with Store.open(StoreSettings(ballast=0), folder / "data") as store:
            asked = len(unsettled(store, 1))
        print(f"{asked} photographs with several faces left to staff")
        left = [path.name for path in (folder / "data").glob("imports/*/*")]
        wrong += [f"uploads that are still there: {left}"] if left and not asked else []
    sys.exit("\n".join(wrong) if wrong else 0)


def carry_out(folder: Path, port: int, people: int, kills: int) -> list[str]:
    """Upload, check, begin, kill and go on; what went wrong."""
    database = folder / "data" / "gate.db"
    desk = Served(folder, port)
    with timed("upload and reading of the table"):
        source = folder / "people"
        with (source / "people.csv").open("rb") as table, (source / "photos.zip").open("rb") as zip:
            files = {
                "table": ("people.csv", table, "text/csv"),
                "photos": ("photos.zip", zip, "application/zip"),
            }
            sent = {"csrf": desk.token}
            answer = desk.page.post("/imports/new", data=sent, files=files, follow_redirects=False)
    path = answer.headers["location"].split("?")[0]
    with timed("page of what was understood, every photograph's header read"):
        text = desk.page.get(path).text
    if ">Begin<" not in text:
        desk.end(kill=False)
        return ["the table is not ready to be imported"]
    with timed("the same page again"):
        desk.page.get(path)
    for number in range(kills + 1):
        with timed("begin" if not number else "go on"):
            desk.send(f"{path}/run")
        before, began = done(database), time.monotonic()
        until = people * (number + 1) // (kills + 1)
        waited = follow(desk, path, database, until, last=number == kills)
        seconds, after = time.monotonic() - began, done(database)
        most = desk.end(kill=number < kills)
        how = "killed" if number < kills else "done"
        print(
            f"lines {before} to {after}: {(after - before) / seconds:.1f} a second, largest "
            f"memory of the desk {most:.0f} MB, {how}; a page meanwhile "
            f"{statistics.median(waited) * 1000:.0f} ms, "
            f"at most {max(waited) * 1000:.0f} ms ({len(waited)} asked)",
            flush=True,
        )
        if number < kills:
            desk = Served(folder, port)
            if "Go on" not in desk.page.get(path).text:
                desk.end(kill=False)
                return ["a killed import is not offered to be gone on with"]
    return []


def follow(desk: Served, path: str, database: Path, until: int, *, last: bool) -> list[float]:
    """Ask how far it is, as the page does every second; the waiting times, seconds."""
    waited = []
    while True:
        began = time.monotonic()
        answer = desk.page.get(f"{path}/progress")
        waited.append(time.monotonic() - began)
        if answer.headers.get("hx-location") or (not last and done(database) >= until):
            return waited
        time.sleep(1)


@contextmanager
def timed(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - began:.1f} s", flush=True)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


if __name__ == "__main__":
    main()
