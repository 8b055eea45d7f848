"""The daemon: builds the parts and runs them; the only file that knows them all.

Threads, and what each owns:

- main: the loop (passage, door), the watchdog's food. Everything reaches it by ``_inbox``.
- recognition: the recogniser; takes the newest frame of each camera.
- register: looks for changes of people and faces, for orders of staff; hands over new values.
- store-writer, publisher, camera-*, reader-*, sensor-*, screen: as their files say.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from gate.access.decision import Person
from gate.camera.capture import Capture
from gate.camera.replay import Recording
from gate.camera.settings import CameraSettings
from gate.camera.source import EndOfRecording, FrameSource
from gate.clock import Clock, SystemClock
from gate.core import Core, build_core, open_doorway
from gate.errors import CameraError, GateError, RecognitionError, StoreError
from gate.events import broker
from gate.events.publisher import RECEIVER, Publisher
from gate.house import build_house
from gate.loop import DeviceStatus, Item, Order
from gate.passage import inputs
from gate.screen.message import Message
from gate.settings import Settings
from gate.store.store import Store

log = logging.getLogger(__name__)

TICK = 0.02  # seconds between two ticks of the loop at the longest
FOLLOW = 0.5  # seconds between two looks at the register
TIDY = 3600.0  # seconds between two tidyings of the store


class Daemon:
    """One gate, running. ``run`` blocks until ``stop`` is called, from any thread or signal."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        sources: Callable[[Settings], list[FrameSource]] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._sources = sources
        self._inbox: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def stop(self) -> None:
        """End ``run``: the relays rest, what waits is written, then everything is let go."""
        self._stopping.set()

    def post(self, item: Item) -> None:
        """Hand something to the main loop, from any thread."""
        self._inbox.put(item)

    def run(self) -> None:
        """Everything, until stopped. Raises GateError for what cannot even begin."""
        settings = self._settings
        # before anything that may take long or fail
        doorway = open_doorway(settings, self._clock)
        with ExitStack() as after:
            after.callback(doorway.controller.close)
            mqtt, own_broker = broker.start(settings.mqtt, settings.data / "broker")
            if own_broker is not None:
                after.callback(own_broker.stop)
            receivers = [RECEIVER] if settings.mqtt.enabled else []
            store = after.enter_context(
                Store.open(settings.store, settings.data, receivers=receivers, clock=self._clock)
            )
            core = build_core(settings, store, self._clock, doorway, self)
            if settings.mqtt.enabled:
                publisher = Publisher(mqtt, settings.name, store)
                publisher.start()
                after.callback(publisher.stop, 2.0)
            after.callback(self._end_threads)
            core.start()
            self._begin("recognition", lambda: self._recognise(core))
            self._begin("register", lambda: self._follow(core))
            log.info("gate.ready", extra={"people": core.known.matcher().people})
            self._serve(core)
            core.loop.stop()

    # ------------------------------------------------------------ the loop's own wishes

    def show(self, message: Message) -> None:
        pass

    def ask_status(self, person: Person) -> None:
        pass

    def measure(self, passage: str) -> None:
        pass

    # ------------------------------------------------------------ the threads

    def _serve(self, core: Core) -> None:
        """The main loop. Nothing in it waits for a device, a network or a disk for long."""
        ticked = 0.0
        while not self._stopping.is_set():
            try:
                item: Item | None = self._inbox.get(timeout=TICK)
            except queue.Empty:
                item = None
            if item is not None:
                core.loop.handle(item)
            if time.monotonic() - ticked >= TICK:
                core.loop.tick()
                ticked = time.monotonic()

    def _recognise(self, core: Core) -> None:
        sources = (self._sources or self._cameras)(self._settings)
        with ExitStack() as after:
            for source in sources:
                source.open()
                after.callback(source.close)
            patience = 0.2 / len(sources)
            while not self._stopping.is_set():
                for source in sources:
                    self._look(core, source, patience)

    def _look(self, core: Core, source: FrameSource, patience: float) -> None:
        try:
            frame = source.read(patience)
        except CameraError as error:
            log.warning("frame.damaged", extra={"cause": error.what, "where": error.where})
            return
        except EndOfRecording:
            self.stop()
            return
        if frame is None:
            return
        try:
            self.post(inputs.Seen(tuple(core.recogniser.process(frame))))
        except RecognitionError as error:
            log.warning("frame.unrecognised", extra={"cause": error.what})

    def _cameras(self, settings: Settings) -> list[FrameSource]:
        return [make_source(camera_settings, self._told) for camera_settings in settings.camera]

    def _told(self, camera: str, there: bool, reason: str) -> None:
        self.post(DeviceStatus("camera", camera, there, reason))

    def _follow(self, core: Core) -> None:
        """People, faces and orders that others wrote into the store."""
        seen = -1
        tidied = time.monotonic()
        while not self._stopping.wait(FOLLOW):
            try:
                generation = core.store.changes.generation()
                if generation != seen:
                    core.recogniser.matcher = core.known.matcher()
                    self.post(build_house(self._settings, core.store))
                    seen = generation
                self._take_orders(core)
                if time.monotonic() - tidied > TIDY:
                    core.store.tidy()
                    tidied = time.monotonic()
            except StoreError as error:
                log.warning("register.unread", extra={"cause": error.what, "where": error.where})

    def _take_orders(self, core: Core) -> None:
        for row in core.store.orders.take(self._settings.name):
            until = row.until
            seconds = max(0.0, (until - datetime.now(UTC)).total_seconds()) if until else 0.0
            self.post(Order(row.command, row.ordered_by, seconds))
            core.store.orders.done(row.id, "done")

    def _begin(self, name: str, body: Callable[[], None]) -> None:
        def guarded() -> None:
            """A thread that falls over is told of and begins anew: the door goes on meanwhile."""
            while not self._stopping.is_set():
                try:
                    body()
                except GateError as error:
                    log.error("thread.failed", extra={"thread": name, "cause": error.what})
                except Exception:
                    log.exception("thread.failed", extra={"thread": name})
                else:
                    return
                self.post(DeviceStatus("camera", name, False, "failed"))
                if not self._stopping.wait(1.0):
                    self.post(DeviceStatus("camera", name, True))

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _end_threads(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(5.0)


def make_source(settings: CameraSettings, told: Callable[[str, bool, str], None]) -> FrameSource:
    """A live camera, or for trials a recording at its own speed."""
    path = Path(settings.source)
    if path.is_dir() or (path.is_file() and not path.is_char_device()):
        return Recording(path, name=settings.name, fps=settings.fps, paced=True)
    return Capture(settings, told)
