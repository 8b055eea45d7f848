"""Links that break, and a box behind one, for tests."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from gate.hub.feed import Resumed
from gate.replica.apply import Applier
from gate.replica.identity import Identity
from gate.replica.join import folder_of
from gate.replica.link import Link, UnreachableError
from gate.replica.snapshot import Arriving, apply_snapshot
from gate.store.store import Store
from tests.hub.fleet import ENCODER, Fleet
from tests.waiting import PATIENCE


class Loading:
    """A box without a network: the lines of the hub, cut where the test says."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.box = fleet.box("north", start=False)
        self.identity = Identity.of(self.box.store, folder_of(self.box.data))
        assert self.identity is not None
        self.applier = Applier(self.box.store, self.identity)
        self.row = fleet.server.hub.boxes.all()[0]
        self.part = self.identity.folder / "snapshot.part"
        self.people_sent = 0

    def receive(self, most: int | None = None) -> bool:
        """Whether it came whole; ``most``: bytes after which the link breaks."""
        arriving = Arriving(self.part, self.row.id)
        try:
            asked = arriving.asked()
            lines = self.fleet.server.hub.feed.snapshot(
                self.row, Resumed(**asked) if asked else None
            )
            for line in lines:
                arriving.write(line if most is None else line[:most])
                if most is not None and (most := most - len(line)) <= 0:
                    return False
                self.people_sent += line.startswith(b'{"ref"')
            arriving.whole()
            return True
        finally:
            arriving.close()

    def apply(self) -> None:
        apply_snapshot(self.applier, self.part)
        self.part.unlink()

    @property
    def agrees(self) -> bool:
        cursor = self.applier.cursor
        assert cursor is not None
        hub = self.fleet.store
        return cursor.n == self.fleet.level() and content(self.box.store) == content(hub)


def content(store: Store) -> dict[str, object]:
    """What a gate decides by, of everybody by their pseudonym, and the rules."""
    found: dict[str, object] = {}
    faces: dict[int, list[list[float]]] = {}
    rows = store.templates.load(ENCODER)
    for person, values in zip(rows.people, rows.vectors.tolist(), strict=True):
        faces.setdefault(int(person), []).append(values)
    for person in store.people.find(limit=100_000):
        cards = [
            (card.kind, card.hash, card.label, card.revoked is None)
            for card in store.credentials.of(person.id)
        ]
        found[person.ref] = (
            *(person.name, person.number, person.blocked, person.groups),
            *(sorted(cards), sorted(faces.get(person.id, []))),
        )
    return {**found, "schedules": store.rulebook.schedules()}


class Broken(Link):
    """Each answer breaks after so many lines."""

    def __init__(self, loading: Loading) -> None:
        self._loading, self.pieces = loading, 0

    async def close(self) -> None:
        pass

    @asynccontextmanager
    async def stream(self, path: str, **query: Any) -> AsyncIterator[AsyncIterator[bytes]]:
        lines = self._loading.fleet.server.hub.feed.snapshot(
            self._loading.row, Resumed(**query) if query else None
        )

        async def some() -> AsyncIterator[bytes]:
            for _ in range(self.pieces):
                yield self._said(next(lines))
            raise UnreachableError("cut")

        yield some()

    def _said(self, line: bytes) -> bytes:
        return line


class Former(Broken):
    """A hub of a version that always begins with the first person."""

    @asynccontextmanager
    async def stream(self, path: str, **query: Any) -> AsyncIterator[AsyncIterator[bytes]]:
        async with super().stream(path) as chunks:
            yield chunks

    def _said(self, line: bytes) -> bytes:
        return line.replace(b'"resumed":false,', b"")


class Frail(Broken):
    """Passes only answers of a few changes."""

    def __init__(self, loading: Loading, passes: int) -> None:
        super().__init__(loading)
        self.passes = passes
        self.asked: list[int] = []

    async def get(self, path: str, hold: float = 0.0, **query: Any) -> dict[str, Any]:
        self.asked.append(query["most"])
        if query["most"] > self.passes:
            raise UnreachableError("cut")
        after = query["after"], query["mark"], query["scope"], query["most"]
        feed = self._loading.fleet.server.hub.feed
        return feed.after(self._loading.row, *after) or {"n": query["after"]}


class Breaking:
    """A proxy whose connections break after so many bytes from the hub."""

    def __init__(self, to: int, most: int) -> None:
        self._to, self._most = to, most
        self.connections = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _accept(self) -> None:
        while True:
            try:
                box, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            hub = socket.create_connection(("127.0.0.1", self._to))
            for work in (self._up, self._down):
                thread = threading.Thread(target=work, args=(box, hub), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _up(self, box: socket.socket, hub: socket.socket) -> None:
        with suppress(OSError):
            while data := box.recv(1 << 16):
                hub.sendall(data)
        _shut(hub)

    def _down(self, box: socket.socket, hub: socket.socket) -> None:
        left = self._most
        with box, hub, suppress(OSError):
            while left > 0 and (data := hub.recv(min(left, 1 << 12))):
                box.sendall(data)
                left -= len(data)
            _shut(hub)
            _shut(box)


def _shut(side: socket.socket) -> None:
    with suppress(OSError):
        side.shutdown(socket.SHUT_RDWR)
