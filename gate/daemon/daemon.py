"""The daemon: builds the parts and runs them; the only module that knows all of them.

Threads, and what each owns:

- main: the loop (passage, door); it feeds the watchdog. Everything reaches it by ``_inbox``.
- recognition: the recogniser; takes the newest frame of each camera.
- register: follows changes of people and rules; passes the new values to the loop.
- gallery: follows changes of faces, then recalibrates the site.
- orders: orders of staff and the hold-open schedule.
- writes: writes that nobody waits for, in order.
- learning: faces of people who showed a card, where that is switched on.
- replica: follows the hub, where the box belongs to one.
- claims: looks up cards, PINs and permits.
- live-picture: the newest picture for the desk, where that is switched on.
- store-writer, publisher, camera-*, readers, sensor, screen, watchdog: described in their files.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path

from gate import __version__
from gate.clock import RELEASED, Clock, SystemClock
from gate.config.settings import Settings
from gate.daemon.build import Core, build_core, open_doorway
from gate.daemon.clock_watch import HORIZON, ClockWatch
from gate.daemon.credential_worker import CredentialWorker
from gate.daemon.deferred_writes import DeferredWrites
from gate.daemon.device_faults import DeviceStatus
from gate.daemon.disk_watch import DiskWatch
from gate.daemon.door_persistence import DoorPersistence
from gate.daemon.gallery_worker import GalleryWorker
from gate.daemon.integrations import Integrations, receivers
from gate.daemon.interrupted import interrupted
from gate.daemon.items import Item
from gate.daemon.learning_worker import LearningWorker
from gate.daemon.memory_run import MemoryRun
from gate.daemon.order_worker import OrderWorker
from gate.daemon.peripherals import Peripherals
from gate.daemon.presence_worker import PresenceWorker
from gate.daemon.recognition_worker import RecognitionWorker
from gate.daemon.replica_worker import ReplicaWorker
from gate.daemon.site_controller import ControllerAnswer, SiteController
from gate.daemon.state_reporter import StateReporter
from gate.daemon.store_sync import StoreSync
from gate.daemon.watchdog import Watchdog
from gate.errors import GateError
from gate.passage import inputs
from gate.readers.out.reader_out import ReaderOut
from gate.readers.out.settings import ReaderOutSettings
from gate.recognition.face import Sighting
from gate.services.camera_figures import CameraFigures
from gate.services.gate_status import BEAT, StatusWriter
from gate.services.live_picture import WIDTH, PictureServer
from gate.store import memory_events
from gate.store.store import Store

log = logging.getLogger(__name__)

STOP_WITHIN = 4.0  # seconds for stopping, whatever hangs; systemd waits longer
TICK = 0.02  # seconds between two ticks of the loop at the longest


class Daemon:
    """One gate, running. ``run`` blocks until ``stop`` is called, from any thread or signal."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        config: Path | None = None,
        *,
        memory: MemoryRun | None = None,
        left: Sequence[Path] = (),
    ) -> None:
        """
        Args:
            config: the file of the settings, for what a hub of this box may set beside it.
            memory: where the disk cannot be written; ``settings`` are its own then.
            left: files with events of such a run before this one, which are taken over.
        """
        self._settings = settings
        self._config = config
        self._memory = memory
        self._left_over = left
        self.again = False  # it ended to be started again, with another configuration
        self._clock = clock or SystemClock()
        self._inbox: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._why = ""
        self._watchdog = Watchdog(on_hang=self._hung)
        self._until: float | None = None
        self.overdue = False  # a thread could not be ended in time

    def stop(self, why: str = "asked") -> None:
        """End ``run``: relays to rest, pending events written, everything released."""
        if not self._stopping.is_set():
            self._why = why
        self._stopping.set()
        # CPython's SimpleQueue, interrupted by a signal whose handler outlasts the timeout, goes on
        # to wait without one: something has to come
        self._inbox.put(inputs.Tick())

    def start_again(self, why: str) -> None:
        """End ``run``, and ask whoever called it to start the gate again."""
        self.again = True
        self.stop(why)

    def post(self, item: Item) -> None:
        """Pass something to the main loop, from any thread."""
        self._inbox.put(item)

    def run(self) -> None:
        """Run until stopped. Raises GateError when startup fails."""
        settings, clock = self._settings, self._clock
        # before anything that may be slow or fail
        doorway = open_doorway(settings, clock)
        with ExitStack() as after:
            after.callback(doorway.close)
            doorway.startup.start()
            store = Store.open(
                settings.store,
                settings.data,
                receivers=receivers(settings),
                clock=clock,
                copied=self._memory is None,
            )
            self._close_with(after, store.close)
            kept = self._memory is None or not self._memory.register  # what is written lasts
            if not kept:
                memory_events.begin(store)
            for file in self._left_over:
                memory_events.take_over(store, file)
            watch = ClockWatch(clock, newest(store, settings.name))
            recognition = RecognitionWorker(
                settings, self.post, lambda: self.stop("recordings over")
            )
            peripherals = Peripherals(settings, clock, self.post, recognition.picture)
            self._close_with(after, peripherals.close)
            if settings.desk.live_picture:
                live = PictureServer(
                    settings.data, settings.name, lambda: recognition.small_picture(WIDTH)
                )
                live.open()
                self._close_with(after, live.close)
            outgoing = Integrations(
                settings,
                store,
                clock,
                order=self.post,
                refusal=lambda kind: core.loop.refusal(kind),
                reload=lambda: register.reload(),
                alive=lambda: "hung" if self._watchdog.hung else "",
                ready=lambda: ", ".join(core.loop.faults),
                later=lambda write: writes.later(write),
                kept=kept,
            )
            self._close_with(after, outgoing.close)
            reader_out = open_reader_out(settings.reader_out, self.post)
            site = SiteController(settings.reader_out, reader_out.present) if reader_out else None
            core = build_core(settings, store, clock, doorway, peripherals, outgoing, watch, site)
            # the chain of the audit goes on from its copy, and is not what receivers are to hold
            writes = DeferredWrites(store, settings.name if kept else "")
            orders = OrderWorker(core, clock, self.post, writes.later)
            gallery = GalleryWorker(core, self.post)
            learning = LearningWorker(core, clock, outgoing)
            core.loop.listen(learning.heard)
            cameras = CameraFigures([camera.name for camera in settings.camera])

            def watched(sightings: tuple[Sighting, ...]) -> None:
                learning.saw(sightings)
                cameras.saw(sightings)

            recognition.watched = watched
            register = StoreSync(core, self.post)
            people = PresenceWorker(core, clock, outgoing, writes.later, self.post)
            broken_off = interrupted(store.events.backwards(settings.name))
            people.interrupted(broken_off)
            register.often = people.follow
            register.minutely = people.look
            register.forget = [peripherals.forget, people.forget]
            memory = DoorPersistence(store, settings.name, writes.later, settings.data)
            status = StatusWriter(
                store.key_values,
                settings.name,
                clock,
                writes.later,
                gather=BEAT if settings.store.sparing else 0.0,
            )
            credentials = CredentialWorker(
                settings,
                store,
                clock,
                self.post,
                outgoing,
                lambda: not watch.fault,
                counts=kept,
            )
            core.loop.listen(credentials.heard)
            core.loop.check = credentials.check
            core.loop.releasing = credentials.releasing
            peripherals.open()
            outgoing.open()
            self._close_with(after, credentials.close)
            core.start([each.end for each in broken_off])
            if reader_out is not None:
                reader_out.open()
                self._close_with(after, reader_out.close)
            memory.recall(core.loop)
            credentials.open()
            replica = ReplicaWorker(
                core,
                settings.data,
                clock,
                outgoing,
                self.post,
                self._config,
                self.start_again,
                cameras.figures,
                lasting=self._memory is None,
            )
            for job in (writes, gallery, register, orders, learning, replica):
                self._begin(job.name, job.run, after)
                after.callback(job.close)
            self._begin(
                "recognition",
                lambda: recognition.run(
                    core.recogniser, credentials.claim, lambda: core.loop.claimed
                ),
                after,
            )
            after.callback(recognition.close)
            after.callback(self.stop)
            if self._memory is not None:
                self.post(DeviceStatus("store", "disk", False, self._memory.cause))
                disk = DiskWatch(self._memory.why, replica.restart)
                self._begin(disk.name, disk.run, after)
                after.callback(disk.close)
            states = StateReporter(settings, (outgoing.state, status.put))
            self._serve(core, states, memory, status)
            core.loop.stop(self._left() / 2)

    def _left(self) -> float:
        """Seconds left for stopping; the first call begins the count."""
        if self._until is None:
            self._until = time.monotonic() + STOP_WITHIN
        return max(0.1, self._until - time.monotonic())

    def _close_with(self, after: ExitStack, close: Callable[[], None]) -> None:
        """Have ``close`` called at the end, and waited for no longer than there is time."""

        def bounded() -> None:
            thread = threading.Thread(target=close, name="closing", daemon=True)
            thread.start()
            self._join(thread)

        after.callback(bounded)

    def _join(self, thread: threading.Thread) -> None:
        thread.join(self._left())
        if thread.is_alive():  # a frozen disk or database: nothing can end it
            self.overdue = True
            log.error("stop.overdue", extra={"job": thread.name})

    def _serve(
        self,
        core: Core,
        states: StateReporter,
        memory: DoorPersistence,
        status: StatusWriter,
    ) -> None:
        """The main loop. Nothing in it waits for a device, a network or a disk for long."""
        self._watchdog.start()
        self._watchdog.ready()
        log.info("gate.ready", extra=what_counts(core))
        ticked = 0.0
        try:
            while not self._stopping.is_set():
                with suppress(queue.Empty):
                    core.loop.handle(self._inbox.get(timeout=TICK))
                now = time.monotonic()
                if now - ticked >= TICK:
                    ticked = now
                    core.loop.tick()
                    states.report(core, now)
                    memory.keep(core.loop)
                    status.keep()
                self._watchdog.feed()
        finally:
            self._watchdog.stop()
            why = self._why or "an error"
            log.info("gate.stopping", extra={"gate": core.settings.name, "why": why})

    def _begin(self, name: str, body: Callable[[], None], after: ExitStack) -> None:
        # without recognition the screen asks for a card; the register is not the person's concern
        family = "camera" if name == "recognition" else "thread"

        def guarded() -> None:
            """A crashed thread is reported and restarted; the door keeps working meanwhile."""
            while not self._stopping.is_set():
                try:
                    body()
                except GateError as error:
                    log.error("thread.failed", extra={"job": name, "cause": error.what})
                except Exception:
                    log.exception("thread.failed", extra={"job": name})
                else:
                    return
                self.post(DeviceStatus(family, name, False, "failed"))
                if not self._stopping.wait(1.0):
                    self.post(DeviceStatus(family, name, True))

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        after.callback(self._join, thread)

    def _hung(self, seconds: float, where: str) -> None:
        log.error("loop.hung", extra={"seconds": round(seconds, 1), "where": where})


def what_counts(core: Core) -> dict[str, object]:
    """What a reader of the log wants to know first about a start."""
    settings = core.settings
    relay = settings.relay
    board = relay.driver if relay.driver == "simulated" else f"{relay.driver} at {relay.port}"
    if relay.driver == "modbus" and relay.modbus.transport == "tcp":
        board = f"modbus at {relay.modbus.host}:{relay.modbus.tcp_port}"
    return {
        "gate": settings.name,
        "software": __version__,
        "people": core.known.matcher().people,
        "encoder": core.encoder.name,
        "detector": type(core.detector).__name__,
        "board": board,
        "channel": relay.channel,
        "cameras": ",".join(camera.name for camera in settings.camera),
        "readers": ",".join(f"{r.name}:{r.driver}" for r in settings.reader),
        "temperature": settings.temperature.policy,
        "zone": settings.timezone or time.tzname[0],
        "data": str(settings.data),
    }


def open_reader_out(settings: ReaderOutSettings, post: Callable[[Item], None]) -> ReaderOut | None:
    """The gate as a reader of the site's controller, where that is configured; not yet open."""
    if not settings.enabled:
        return None

    def reported(name: str, there: bool, reason: str) -> None:
        post(DeviceStatus("controller", "controller", there, reason))

    return ReaderOut(settings, lambda yes: post(ControllerAnswer(yes)), reported)


def newest(store: Store, gate: str) -> datetime | None:
    """Time of the newest event of ``gate`` that is plausible for a clock. Raises StoreError."""
    rows = store.events.search(gate=gate, until=RELEASED + HORIZON, limit=1)
    return rows[0].time if rows else None
