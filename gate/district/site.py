"""A hub as a process of its own, crews of boxes, and the register as the desk changes it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np

from gate.district.crew import CrewProcess
from gate.district.layout import STAFF, Layout, name_of
from gate.errors import StoreError
from gate.hub.app import PATIENCE
from gate.hub.boxes import Boxes
from gate.integrations.broker import free_port
from gate.recognition.face import Template
from gate.replica.replica import BEAT
from gate.store.engine import Database, pieces
from gate.store.migrate import migrate
from gate.store.settings import StoreSettings
from gate.store.store import Store

ENCODER, WIDTH = "simulated/1", 128
_BEATS = 20.0  # a second, of all boxes together
_TOGETHER = 4  # boxes that pair at one time
_LOADING = 20  # boxes that load at one time
_SAID = 50  # boxes after which it is reported how many there are


def _nothing(line: str) -> None:
    """Where nobody follows."""


class SimulationError(StoreError):
    """The simulation itself cannot go on."""


class Site:
    """``close`` ends every process it began."""

    def __init__(
        self,
        folder: Path,
        layout: Layout,
        url: str = "",
        processes: int = 2,
        patience: float = PATIENCE,
    ) -> None:
        self.folder, self.layout = folder, layout
        self._patience = patience
        self.sqlite = not url
        # on one machine hub and boxes share the cores: more beats a second leave none for the rest
        self._beat = max(BEAT, layout.gates / _BEATS)
        self.config = folder / "hub.toml"
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(
            f'name = "hub"\ndata = "{folder}/hub"\n'
            f'[store]\nurl = "{url or "sqlite:///gate.db"}"\nballast = 0\n'
            f'[hub]\nhost = "127.0.0.1"\nport = {self.port}\n'
        )
        self._settings = StoreSettings.model_validate(
            {"url": url or "sqlite:///gate.db", "ballast": 0, "busy_timeout": 30}
        )
        self.store = Store.open(self._settings, folder / "hub")
        self.boxes = Boxes(self.store)
        self._hub: subprocess.Popen[bytes] | None = None
        template = folder / "template.db"
        database = Database(f"sqlite:///{template}")
        migrate(database)
        database.wipe()
        database.close()
        context = multiprocessing.get_context("forkserver")
        self.crews = [CrewProcess(context, folder, template) for _ in range(processes)]
        self._crew_of = {
            gate: self.crews[number % processes] for number, gate in enumerate(layout.names)
        }
        self.folders: dict[str, Path] = {}

    # ------------------------------------------------------------ the register

    def enrol_all(self) -> None:
        """Everybody of the layout, each with a face, and the scope of every gate."""
        homes = {
            house: self.store.places.household(house, "0101").id for house in self.layout.buildings
        }
        numbers = range(self.layout.people)
        for some in pieces(numbers, 1_000):
            rows = self.store.people.create_many(
                {
                    "name": name_of(person),
                    "household_id": homes[self.layout.home(person)],
                    "groups": self.layout.groups(person),
                }
                for person in some
            )
            self.store.templates.add(*(face(row) for row in rows))
        for gate, name in enumerate(self.layout.names):
            self.boxes.set_gate(name, buildings=self.layout.served(gate), groups=[STAFF])

    # ------------------------------------------------------------ hub and boxes

    def start_hub(self) -> None:
        code = f"from gate.hub import app; app.PATIENCE = {self._patience}; "
        code += "from gate.cli import main; main()"
        command = [sys.executable, "-c", code, "hub", "run", "--config", str(self.config)]
        log = (self.folder / "hub.log").open("ab")
        self._hub = subprocess.Popen(command, stdout=log, stderr=log)
        self.until(lambda: _listening(self.port), 120, "the hub does not listen")

    def stop_hub(self, number: int = signal.SIGKILL) -> float:
        """Seconds it took."""
        assert self._hub is not None
        began = time.monotonic()
        self._hub.send_signal(number)
        self._hub.wait(60)
        return time.monotonic() - began

    @property
    def hub_process(self) -> int:
        assert self._hub is not None
        return self._hub.pid

    def pair(
        self, gates: Iterable[str], generation: int = 0, say: Callable[[str], None] = _nothing
    ) -> None:
        """New boxes for gates; ``start`` has them load. Raises RuntimeError."""

        def one(gate: str) -> None:
            folder = f"box-{gate}-{generation}"
            code = self.boxes.new_code(gate, "simulation")
            url = f"https://127.0.0.1:{self.port}"
            self._crew_of[gate].call("add", gate, url, code, folder, self._beat)
            self.folders[gate] = self.folder / folder
            if not len(self.folders) % _SAID:
                say(f"  {len(self.folders)} paired")

        with ThreadPoolExecutor(min(_TOGETHER, len(self.crews))) as pool:
            list(pool.map(one, gates))

    def start(self, gates: Iterable[str], say: Callable[[str], None] = _nothing) -> None:
        """Paired boxes load and run, so many at a time. Raises StoreError."""
        for some in pieces(gates, _LOADING):
            self.each("start", some)
            self.until(partial(self._loaded, some), 600, "boxes do not load")
            say(f"  loaded up to {some[-1]}")

    def _loaded(self, gates: list[str]) -> bool:
        numbers = self.numbers()
        return all(numbers.get(gate) for gate in gates)

    def each(self, method: str, gates: Iterable[str], *arguments: object) -> list[object]:
        """Call a method of the crews with the gates that are theirs, all crews at once."""
        theirs: dict[CrewProcess, list[str]] = defaultdict(list)
        for gate in gates:
            theirs[self._crew_of[gate]].append(gate)
        with ThreadPoolExecutor(len(self.crews)) as pool:
            jobs = [pool.submit(c.call, method, some, *arguments) for c, some in theirs.items()]
            return [job.result() for job in jobs]

    def drop(self, gate: str) -> None:
        self._crew_of[gate].call("drop", gate)

    def numbers(self) -> dict[str, int]:
        """How far each box has come."""
        return {gate: n for crew in self.crews for gate, n in crew.call("numbers").items()}

    def level(self) -> int:
        return self.store.changes.generation()

    def settle(self, gates: Iterable[str], seconds: float = 600) -> float:
        """Wait until these boxes have applied everything; how long it took. Raises StoreError."""
        began, wanted, gates = time.monotonic(), self.level(), list(gates)

        def behind() -> list[str]:
            numbers = self.numbers()
            return [gate for gate in gates if numbers.get(gate, 0) < wanted]

        self.until(lambda: not behind(), seconds, "boxes stay behind the hub", behind)
        return time.monotonic() - began

    def drained(self, seconds: float = 600) -> float:
        """Wait until every event is at the hub. Raises StoreError."""
        began = time.monotonic()
        self.until(
            lambda: not any(crew.call("waiting") for crew in self.crews),
            seconds,
            "events wait at boxes",
        )
        return time.monotonic() - began

    def until(
        self,
        true: Callable[[], object],
        seconds: float,
        what: str,
        why: Callable[[], object] = lambda: "",
    ) -> None:
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise SimulationError(
                    what, where=f"after {seconds:.0f} s: {why()}", hint="see hub.log in the folder"
                )
            time.sleep(0.1)

    def restore_hub(self, backup: Path) -> None:
        """The hub goes on with an old copy of its SQLite register."""
        self.stop_hub()
        self.store.close()
        for path in (self.folder / "hub").glob("gate.db*"):
            path.unlink()
        backup.replace(self.folder / "hub" / "gate.db")
        self.store = Store.open(self._settings, self.folder / "hub")
        self.boxes = Boxes(self.store)
        self.start_hub()

    def close(self) -> None:
        with suppress(OSError, AssertionError):
            self.stop_hub()
        for crew in self.crews:
            crew.close()
        self.store.close()


def face(person: int) -> Template:
    """float32 (WIDTH,), of length one, always the same for a number."""
    drawn = np.random.default_rng(person).normal(size=WIDTH).astype(np.float32)
    return Template(person, drawn / np.float32(np.linalg.norm(drawn)), ENCODER)


def memory(process: int) -> int:
    """Resident bytes of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def processor(process: int) -> float:
    """Seconds of processor a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
