"""A hub that really listens, and boxes with real registers, for tests: real TLS, no cameras."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import delete, select, update

from gate.config.hub import HubSettings
from gate.events.event import Event
from gate.hub.app import Hub
from gate.hub.boxes import Boxes
from gate.hub.server import build_server, listen_for_boxes
from gate.models.settings import ModelsSettings
from gate.recognition.face import Template, Vector
from gate.replica.configuration import Configurer
from gate.replica.identity import Identity
from gate.replica.join import folder_of, join
from gate.replica.models import MissingFile
from gate.replica.replica import Replica
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import ChangeRow, EventRow, HeadRow, PersonRow
from tests.waiting import PATIENCE, wait_for

ENCODER, WIDTH = "e/1", 128


def vector(seed: int) -> Vector:
    drawn = np.random.default_rng(seed).normal(size=WIDTH).astype(np.float32)
    return drawn / np.float32(np.linalg.norm(drawn))


def settings(url: str = "sqlite:///gate.db") -> StoreSettings:
    return StoreSettings.model_validate({"url": url, "ballast": 0, "busy_timeout": 10})


class Server:
    """One ``gate hub run`` in a thread; several may serve one register."""

    def __init__(
        self, store: Store, port: int = 0, models: ModelsSettings | None = None, **hub: object
    ) -> None:
        self.hub = Hub(store, HubSettings.model_validate(hub), models)
        self._listening = listen_for_boxes("127.0.0.1", port)
        self.port = int(self._listening.getsockname()[1])
        self._server = build_server(self.hub)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._listening],), daemon=True
        )
        self._thread.start()
        wait_for(lambda: self._server.started)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.hub.waker.stop()
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        self.hub.waker.join()  # it may have something to log, and nobody to hear it any more
        self._listening.close()


@dataclass
class Box:
    """A box's register, its replica in a thread, and what the replica asked of the gate."""

    gate: str
    data: Path
    store: Store
    orders: list[tuple[str, str, float, float]] = field(default_factory=list)
    reports: list[tuple[str, bool]] = field(default_factory=list)
    replica: Replica | None = None
    holds: bool = False  # the matcher does not let go of who was deleted
    ailing: frozenset[str] = frozenset()  # faults of the gate
    restarts: int = 0  # asked for by the replica
    refusal: str = ""  # of every configuration
    lasting: bool = True  # what is written outlasts a restart
    lacking: Callable[[Mapping[str, Any]], tuple[MissingFile, ...]] = lambda values: ()
    _loop: asyncio.AbstractEventLoop | None = None
    _task: asyncio.Task[None] | None = None
    _thread: threading.Thread | None = None

    def obey(self, command: str, by: str, seconds: float) -> str:
        self.orders.append((command, by, seconds, time.monotonic()))
        return "done"

    def settled(self, generation: int) -> bool:
        return not self.holds

    def report(self, part: str, there: bool, cause: str) -> None:
        self.reports.append((part, there))

    def faults(self) -> frozenset[str]:
        return self.ailing

    def restart(self, why: str) -> None:
        self.restarts += 1

    def start(self, *, poll: float = 5.0, beat: float = 0.5) -> None:
        identity = Identity.of(self.store, folder_of(self.data))
        assert identity is not None
        ready = threading.Event()

        async def main() -> None:
            configurer = Configurer(
                self.store.key_values,
                self.data,
                self,
                lambda values: self.refusal,
                settled=0.1,
                lacking=self.lacking,
            )
            self.replica = Replica(
                self.store,
                identity,
                self,
                poll=poll,
                beat=beat,
                configurer=configurer,
                lasting=self.lasting,
            )
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            ready.set()
            await self.replica.run()

        def body() -> None:
            with suppress(asyncio.CancelledError):
                asyncio.run(main())

        self._thread = threading.Thread(target=body, name=f"box {self.gate}", daemon=True)
        self._thread.start()
        assert ready.wait(PATIENCE)

    def stop(self) -> float:
        """How long it took."""
        if self._thread is None or self._loop is None or self._task is None:
            return 0.0
        began = time.monotonic()
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        self._thread = None
        return time.monotonic() - began

    def close(self) -> None:
        self.stop()
        self.store.close()

    @property
    def names(self) -> set[str]:
        return {row.name for row in self.store.people.find(limit=100_000)}

    @property
    def at(self) -> int:
        kept = self.store.key_values.get("hub.cursor")
        return kept["n"] if kept else -1


class Fleet:
    """A register, a hub, and boxes of it."""

    def __init__(self, folder: Path, url: str = "sqlite:///gate.db", **hub: object) -> None:
        self.folder = folder
        self.url = url
        self._hub_settings = hub
        self.store = Store.open(settings(url), folder / "hub")
        self.server = Server(self.store, **hub)
        self.boxes: list[Box] = []

    def alone(self, gate: str) -> Box:
        """A box that belongs to no hub."""
        data = self.folder / f"box-{len(self.boxes)}-{gate}"
        box = Box(gate, data, Store.open(settings(), data))
        self.boxes.append(box)
        return box

    def box(self, gate: str, *, start: bool = True, urls: tuple[str, ...] = ()) -> Box:
        """A new box that has joined."""
        box = self.alone(gate)
        self.join(box, urls)
        if start:
            box.start()
            wait_for(lambda: box.at >= 0)
        return box

    def join(self, box: Box, urls: tuple[str, ...] = ()) -> None:
        code = Boxes(self.store).new_code(box.gate, "clerk")
        join(box.store, box.data, box.gate, urls or (self.server.url,), code)

    def enrol(self, name: str, seed: int = 0, **fields: object) -> int:
        person = self.store.people.create(name, **fields).id
        self.store.templates.add(Template(person, vector(seed), ENCODER))
        return person

    def level(self) -> int:
        return self.store.changes.generation()

    def agreed(self) -> bool:
        """Every box that runs has applied everything."""
        return all(box.at >= self.level() for box in self.boxes if box._thread is not None)

    def restart_hub(self) -> None:
        self.server.stop()
        self.server = Server(self.store, self.server.port, **self._hub_settings)

    def close(self) -> None:
        for box in self.boxes:
            box.close()
        self.server.stop()
        self.store.close()


@contextmanager
def fleet_of(folder: Path, url: str = "sqlite:///gate.db", **hub: object) -> Iterator[Fleet]:
    fleet = Fleet(folder, url, **hub)
    try:
        yield fleet
    finally:
        fleet.close()


def record(box: Box, count: int, kind: str = "passage.granted") -> None:
    """Events of the box, on its disk when this returns."""
    made = [Event.make(box.gate, kind, datetime.now(UTC)) for _ in range(count)]
    for future in [box.store.writer.record(event) for event in made]:
        future.result(PATIENCE)


def bodies(store: Store, gate: str) -> list[dict[str, Any]]:
    query = select(EventRow.body).where(EventRow.gate == gate).order_by(EventRow.sequence)
    with store.database.read() as session:
        return list(session.scalars(query))


def lose_changes(store: Store, after: int) -> None:
    """What a standby lacks that takes the place of its server: all since a change, with numbers
    that are given again. The hub and its boxes go on."""
    with store.database.write() as session:
        lost = select(ChangeRow.person_id).where(ChangeRow.id > after)
        session.execute(delete(PersonRow).where(PersonRow.id.in_(lost)))
        session.execute(delete(ChangeRow).where(ChangeRow.id > after))
        session.execute(update(HeadRow).where(HeadRow.name == "changes").values(n=after))
