"""``python -m benchmarks.slow_link``: a box loads the register over a slow link that breaks.

The link passes so many bytes a second, and is cut after a random number of them: every connection
of the box is closed. With ``--speed 20`` all goes twenty times as fast, and less often cut for it:
bytes and cuts stay as they are; what is printed as a time is bytes over ``--rate``.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from gate.config.hub import HubSettings
from gate.hub.app import Hub
from gate.hub.boxes import Boxes
from gate.hub.server import build_server
from gate.recognition.face import Template
from gate.replica.identity import Identity
from gate.replica.join import folder_of, join
from gate.replica.replica import Replica
from gate.sockets import listen
from gate.store.engine import pieces
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import CredentialRow

GATE = "north"
_PIECE = 512  # bytes passed on at a time


class Gate:
    """The gate a replica asks."""

    def settled(self, generation: int) -> bool:
        return True

    def report(self, part: str, there: bool, cause: str) -> None:
        pass

    def obey(self, command: str, by: str, seconds: float) -> str:
        return "done"


class SlowLink:
    """A proxy in the event loop of the box; counts what comes from the hub."""

    def __init__(self, to: int, rate: float, draw: Callable[[], float] | None) -> None:
        """``rate``: bytes a second. ``draw``: after how many bytes the link is cut next."""
        self._to, self._rate, self._draw = to, rate, draw
        self.passed = self.cuts = 0
        self._next = draw() if draw else float("inf")
        self._free = 0.0  # when the link has passed what it was given
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> asyncio.Server:
        return await asyncio.start_server(self._pair, "127.0.0.1", 0)

    async def _pair(self, box: asyncio.StreamReader, to_box: asyncio.StreamWriter) -> None:
        hub, to_hub = await asyncio.open_connection("127.0.0.1", self._to, limit=1 << 14)
        self._open |= {to_box, to_hub}
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._up(box, to_hub), self._down(hub, to_box))
        self._open -= {to_box, to_hub}
        for side in (to_box, to_hub):
            side.close()

    async def _up(self, box: asyncio.StreamReader, to_hub: asyncio.StreamWriter) -> None:
        while data := await box.read(1 << 16):
            to_hub.write(data)
            await to_hub.drain()
        to_hub.close()

    async def _down(self, hub: asyncio.StreamReader, to_box: asyncio.StreamWriter) -> None:
        while data := await hub.read(_PIECE):
            self._free = max(self._free, time.monotonic()) + len(data) / self._rate
            await asyncio.sleep(self._free - time.monotonic())
            self.passed += len(data)
            if self.passed >= self._next and self._draw is not None:
                self.cuts += 1
                self._next = self.passed + self._draw()
                for side in self._open:
                    side.transport.abort()
                return
            to_box.write(data)
            await to_box.drain()
        to_box.close()


def fill(store: Store, people: int, width: int) -> None:
    """Everybody with a home, a card and a face."""
    drawn = np.random.default_rng(1)
    homes = [
        store.places.household(f"{home // 50 + 1}", f"{home % 50 + 1:04}").id
        for home in range(max(1, min(200, people // 3)))
    ]
    for some in pieces(range(people), 1_000):
        rows = store.people.create_many(
            {"name": f"住户{person}", "household_id": homes[person % len(homes)]} for person in some
        )
        faces = drawn.normal(size=(len(rows), width)).astype(np.float32)
        faces /= np.linalg.norm(faces, axis=1, keepdims=True)
        store.templates.add(
            *(Template(row, face, "bench/1") for row, face in zip(rows, faces, strict=True))
        )
        with store.database.write() as session:
            session.execute(
                insert(CredentialRow),
                [
                    {
                        "person_id": row,
                        "kind": "card",
                        "hash": store.vault.digest("card", f"{row:010}"),
                    }
                    for row in rows
                ],
            )


def cutting(seed: int, mean: float) -> Callable[[], float]:
    chance = random.Random(seed)
    return lambda: chance.expovariate(1 / mean)


async def load(store: Store, data: Path, link: SlowLink, seconds: float) -> float | None:
    """Seconds until the box has loaded everything; None when it has not by then."""
    identity = Identity.of(store, folder_of(data))
    assert identity is not None
    server = await link.start()
    object.__setattr__(
        identity, "urls", (f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}",)
    )
    replica = Replica(store, identity, Gate())
    task = asyncio.create_task(replica.run())
    began = time.monotonic()
    while replica.state.snapshots == 0 and time.monotonic() < began + seconds:
        await asyncio.sleep(0.05)
    took = time.monotonic() - began
    done = replica.state.snapshots > 0
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    server.close()
    return took if done else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=7_000)
    parser.add_argument("--width", type=int, default=128, help="values of a template")
    parser.add_argument("--rate", type=float, default=8_000.0, help="bytes a second")
    parser.add_argument("--minutes", type=float, default=3.0, help="between two cuts, on average")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--speed", type=float, default=50.0)
    parser.add_argument("--most", type=float, default=20.0, help="give up after this many loads")
    args = parser.parse_args()
    settings = StoreSettings.model_validate({"url": "sqlite:///gate.db", "ballast": 0})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hub_store = Store.open(settings, folder / "hub")
        fill(hub_store, args.people, args.width)
        hub = Hub(hub_store, HubSettings())
        listening = listen("hub", "hub", "127.0.0.1", 0)
        port = int(listening.getsockname()[1])
        server = build_server(hub)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        whole = 0
        for run in range(args.runs + 1):
            data = folder / f"box{run}"
            store = Store.open(settings, data)
            code = Boxes(hub_store).new_code(GATE, "clerk")
            join(store, data, GATE, (f"https://127.0.0.1:{port}",), code)
            link = SlowLink(
                port,
                args.rate * args.speed,
                cutting(run, args.minutes * 60 * args.rate) if run else None,
            )
            limit = 3_600.0 if not run else args.most * whole / (args.rate * args.speed)
            took = asyncio.run(load(store, data, link, limit))
            whole = whole or link.passed
            print(
                f"{'never cut' if not run else f'cut every {args.minutes:g} min'}:"
                f" {'loaded' if took else 'NOT loaded'}, {store.people.count()} people,"
                f" {link.passed / 1e6:.2f} MB ({link.passed / whole:.2f} ×),"
                f" {link.cuts} cuts, {link.passed / args.rate / 60:.1f} min of link at"
                f" {args.rate / 1000:g} kB/s; took {took or limit:.0f} s here",
                flush=True,
            )
            store.close()
        hub.waker.stop()
        server.should_exit = True
        thread.join(10)
        hub_store.close()


if __name__ == "__main__":
    main()
