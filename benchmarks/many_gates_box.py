"""One box of ``benchmarks.many_gates``, a process of its own: real register, replica and matcher.

Cameras and doors are left out. Five times a second it does what a passage does: somebody's
card is looked up, a face compared with everybody, an event written to the disk and waited for.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from gate.errors import StoreError
from gate.events.event import Event
from gate.integrations.settings import LogSettings
from gate.log import set_up
from gate.replica.identity import Identity
from gate.replica.join import folder_of
from gate.replica.replica import Replica
from gate.services.gallery_sync import KnownFaces
from gate.store.settings import StoreSettings
from gate.store.store import Store

ENCODER, WIDTH = "bench/1", 128
CARD = "0000000001"
PASSAGE = 0.2  # seconds between two
EVERY = 0.5  # seconds between two looks of the gate's own threads at the register

_TALKING = threading.Lock()


def say(**what: object) -> None:
    """One line for the process that watches; times are monotonic, the same for all processes."""
    line = json.dumps({**what, "at": time.monotonic()})
    with _TALKING:
        print(line, flush=True)


def settings() -> StoreSettings:
    return StoreSettings.model_validate({"url": "sqlite:///gate.db", "ballast": 0})


class Box:
    """What ``gate run`` has around a replica."""

    def __init__(self, data: Path, gate: str) -> None:
        self.gate = gate
        self.store = Store.open(settings(), data)
        self.known = KnownFaces(self.store, ENCODER, WIDTH)
        self.people: dict[int, tuple[str, str]] = {}
        self.stopping = threading.Event()
        self._seen = -1

    def obey(self, command: str, by: str, seconds: float) -> str:
        say(order=command, by=by)
        return "done"

    def settled(self, generation: int) -> bool:
        return self.known.generation >= generation

    def report(self, part: str, there: bool, cause: str) -> None:
        say(part=part, there=there)

    def follow(self) -> None:
        """Register and gallery, as the gate's threads of these names."""
        while not self.stopping.wait(EVERY):
            with suppress(StoreError):  # tried again, as the gate does
                self._look()

    def _look(self) -> None:
        generation = self.store.changes.generation()
        if generation == self._seen:
            return
        self.known.matcher()
        now = {
            person.id: (person.ref, person.blocked)
            for person in self.store.people.register().values()
        }
        self._seen = generation
        for ref, blocked in set(now.values()) - set(self.people.values()):
            say(known=ref, blocked=bool(blocked))
        for ref in {v[0] for v in self.people.values()} - {v[0] for v in now.values()}:
            say(gone=ref)
        self.people = now

    def decide(self) -> None:
        probe = np.random.default_rng(0).normal(size=(1, WIDTH)).astype(np.float32)
        probe /= np.linalg.norm(probe)
        while not self.stopping.wait(PASSAGE):
            began = time.monotonic()
            matcher = self.known.current
            if matcher is not None and matcher.people > 1:
                matcher.identify(probe, ENCODER)
            found = self.store.credentials.find("card", CARD)
            event = Event.make(self.gate, "passage.granted", datetime.now(UTC), method="card")
            self.store.writer.record(event).result(60)
            took = 1000 * (time.monotonic() - began)
            say(ms=took, card=found is not None, faces=matcher.people if matcher else 0)


def main(data: Path, gate: str) -> None:
    set_up(LogSettings(level="warning"))
    box = Box(data, gate)
    identity = Identity.of(box.store, folder_of(data))
    assert identity is not None
    threads = [threading.Thread(target=body, daemon=True) for body in (box.follow, box.decide)]

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        replica = Replica(box.store, identity, box)
        say(ready=True)
        await replica.run()

    for thread in threads:
        thread.start()
    with suppress(asyncio.CancelledError):
        asyncio.run(run())
    box.stopping.set()
    for thread in threads:
        thread.join(5)
    box.store.close()
    say(stopped=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
