"""Follows a hub where this box belongs to one; nothing else of the daemon knows of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from gate.clock import Clock
from gate.daemon.build import Core
from gate.daemon.device_faults import DeviceStatus
from gate.daemon.items import Item, Linked
from gate.daemon.journal import Recorder
from gate.daemon.orders import Order
from gate.events.event import Event
from gate.replica.configuration import Configurer
from gate.replica.identity import Identity, belongs
from gate.replica.join import folder_of
from gate.replica.models import fits
from gate.replica.replica import Replica
from gate.replica.trial import tried
from gate.store.orders import COMMANDS

_LOOK = 2.0  # seconds between two looks whether this box has joined a hub
_SERVED = 30.0  # seconds for which a new configuration waits for a moment when nobody is served


class ReplicaWorker:
    """``run`` belongs to a thread of its own; ``close`` is for any, and ends it at once, also while
    the hub keeps an answer back or the link is frozen."""

    name = "replica"

    def __init__(
        self,
        core: Core,
        data: Path,
        clock: Clock,
        recorder: Recorder,
        post: Callable[[Item], None],
        config: Path | None = None,
        again: Callable[[str], None] = lambda why: None,
        cameras: Callable[[], dict[str, Any]] = dict,
        *,
        lasting: bool = True,
    ) -> None:
        """``config``: the box's own file; without it nothing a hub wants is set. ``again``: ends
        the gate and has it started again. ``cameras``: figures of them, by name. ``lasting``:
        whether what is written outlasts a restart; see ``Replica``."""
        self._lasting = lasting
        self._cameras = cameras
        self._core = core
        self._data = data
        self._config = config
        self._again = again
        self._folder = folder_of(data)
        self._clock = clock
        self._recorder = recorder
        self._post = post
        self._stopping = threading.Event()
        self._there = True  # the other gates are heard, or there are none
        self._lock = threading.Lock()  # of the two below
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def run(self) -> None:
        while not self._stopping.is_set():
            identity = Identity.of(self._core.store, self._folder)
            if identity is None:
                self._linked(True)  # alone, perhaps since a moment ago
                self._stopping.wait(_LOOK)
                continue
            self._linked(False)  # until the hub is heard
            with suppress(asyncio.CancelledError):
                asyncio.run(self._follow(identity))
            self._stopping.wait(_LOOK)  # shut out: until the box joins again

    def close(self) -> None:
        self._stopping.set()
        with self._lock:
            if self._loop is not None and self._task is not None:
                self._loop.call_soon_threadsafe(self._task.cancel)

    async def _follow(self, identity: Identity) -> None:
        replica = Replica(
            self._core.store,
            identity,
            self,
            self._clock,
            configurer=self._configurer(),
            cameras=self._cameras,
            lasting=self._lasting,
        )
        with self._lock:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        try:
            if not self._stopping.is_set():
                await replica.run()
            # known and shut out: nothing more is asked of the hub before the box joins again
            while replica.state.shut_out and belongs(self._core.store, identity.box):
                await asyncio.sleep(_LOOK)
        finally:
            with self._lock:
                self._loop = self._task = None

    def _configurer(self) -> Configurer | None:
        config, facts = self._config, self._core.store.key_values
        if config is None:
            return None
        lacking = fits(config)
        return Configurer(
            facts, self._data, self, partial(tried, config), self._clock, lacking=lacking
        )

    def _linked(self, there: bool) -> None:
        if there is not self._there:
            self._there = there
            self._post(Linked(there))

    # ------------------------------------------------------------ what the replica asks of the gate

    def obey(self, command: str, by: str, seconds: float) -> str:
        if command not in COMMANDS:
            return "unknown_command"
        refused = self._core.loop.refusal(command, by)
        self._post(Order(command, by, seconds))
        return refused or "done"

    def faults(self) -> frozenset[str]:
        return frozenset(self._core.loop.faults)

    def restart(self, why: str) -> None:
        """Once nobody is being served, or after a while all the same."""
        end = self._clock.monotonic() + _SERVED
        while self._busy() and self._clock.monotonic() < end:
            if self._stopping.wait(0.1):
                return
        self._again(why)

    def _busy(self) -> bool:
        lane = self._core.loop.lane
        return lane.serving is not None or bool(lane.passing)

    def settled(self, generation: int) -> bool:
        known = self._core.known
        return known.generation >= generation and self._core.recogniser.matcher is known.current

    def report(self, part: str, there: bool, cause: str) -> None:
        if part != "link":
            self._post(DeviceStatus("hub", part, there, cause))
            return
        self._linked(there)
        # a box without its hub serves people as always: an event, and no fault of the gate
        details = {"device": part, "family": "hub", "cause": cause}
        name = f"device.{'back' if there else 'lost'}"
        gate = self._core.settings.name
        self._recorder.record(Event.make(gate, name, self._clock.utc(), details=details))
