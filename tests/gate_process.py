"""``gate run`` as a process of its own, as a box runs it (``tests/warm.py``)."""

from __future__ import annotations

import json
import signal
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import tomlkit

from tests.waiting import wait_for
from tests.warm import Program

SLOW = 240.0  # seconds for starting and ending on a machine that does much else

# dlib's network is converted for the first gate of a test process, not for each
_MODELS = tempfile.TemporaryDirectory(prefix="gate-models-")

# small models, nothing listening, no ballast
PLAIN: dict[str, Any] = {
    "models": {"folder": _MODELS.name},
    "recognition": {"detector": "hog", "encoder": "dlib", "threads": 1},
    "liveness": {"mode": "warn"},
    "mqtt": {"enabled": False},
    "screen": {"enabled": False},
    "store": {"ballast": 0},
}


class GateProcess:
    """Configuration, register and log are in ``folder``; may be started again after its end."""

    def __init__(self, folder: Path, values: Mapping[str, Any]) -> None:
        self.folder = folder
        self.values = {**PLAIN, **values}
        self.values["data"] = str(folder)
        self.log = folder / "log"
        self._process: Program | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Returns when it is ready."""
        file = self.folder / "gate.toml"
        file.write_text(tomlkit.dumps(self.values))
        before = self._ready()
        self._process = Program("run", "-c", str(file), out=self.log)
        wait_for(lambda: self._ended() or self._ready() > before, SLOW)
        assert not self._ended(), self.log.read_text()[-2000:]

    def stop(self) -> None:
        """End it as systemd does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            status = self._process.wait(SLOW)
            self._process = None
            assert status == 0, self.log.read_text()[-2000:]

    def kill(self) -> None:
        """End it as a power cut does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    @contextmanager
    def running(self) -> Iterator[None]:
        self.start()
        try:
            yield
        finally:
            self.stop()

    def events(self) -> list[dict[str, Any]]:
        """All so far, the first one first."""
        with closing(sqlite3.connect(self.folder / "gate.db")) as connection:
            rows = connection.execute("select body from events order by sequence")
            return [json.loads(body) for (body,) in rows]

    def types(self) -> list[str]:
        return [event["type"] for event in self.events()]

    def _ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _ready(self) -> int:
        return self.log.read_bytes().count(b"gate.ready") if self.log.exists() else 0


def page_of(screen: str) -> dict[str, Any]:
    """What a browser is given that connects now to the gate's screen at that address."""
    with httpx.stream("GET", screen + "stream", timeout=60) as response:
        kind = ""
        for line in response.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif kind == "page" and line.startswith("data: {"):
                page: dict[str, Any] = json.loads(line.removeprefix("data: "))
                return page
    raise AssertionError("no page")
