"""The parts shared by every way of running the gate: store, faces, recogniser, door, loop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.access.decision import Person
from gate.clock import Clock
from gate.config.settings import Settings
from gate.daemon.clock_watch import ClockWatch
from gate.daemon.door_persistence import file_of, read
from gate.daemon.event_loop import Loop
from gate.daemon.journal import Recorder
from gate.daemon.parts import Parts
from gate.daemon.site_controller import SiteController
from gate.door.controller import DoorController
from gate.door.startup import DoorStartup
from gate.door.state import DoorState, EventOut
from gate.passage import inputs
from gate.passage.outputs import Output
from gate.recognition.detection.detector import Detector, build_detector
from gate.recognition.encoders import Encoder
from gate.recognition.face import Sighting
from gate.recognition.liveness.assessment import build_watch
from gate.recognition.quality.assessment import judge
from gate.recognition.recogniser import Recogniser
from gate.relay.driver import TimedRelay
from gate.relay.relay_factory import make_relay
from gate.screen.message import Message
from gate.services.encoder_choice import site_encoder
from gate.services.gallery_sync import KnownFaces
from gate.services.rule_set import build_context
from gate.store.store import Store


class NoParts:
    """No peripherals: no screen, no entry status, no thermometer."""

    def show(self, message: Message) -> None:
        pass

    def ask_status(self, person: Person) -> None:
        pass

    def measure(self, passage: str) -> None:
        pass

    def measured(self, face: Sighting | None, *, behind: bool) -> inputs.Measured | None:
        return None


@dataclass(slots=True)
class Doorway:
    """The door and its board, opened before anything else."""

    relay: TimedRelay
    controller: DoorController
    opened: tuple[EventOut, ...]  # events from opening the relay
    startup: DoorStartup  # ticks the door until the main loop does

    def take_over(self) -> tuple[EventOut, ...]:
        """All events of the door so far; from now on the caller ticks it."""
        events, self.opened = self.opened + self.startup.finish(), ()
        return events

    def close(self) -> None:
        """End the relay, whoever ticks the door at this moment."""
        self.startup.finish()
        self.controller.close()


def open_doorway(settings: Settings, clock: Clock) -> Doorway:
    """Put every relay to rest, before database, models and camera are touched.

    A lock-down from before the restart holds from here on. A fire release waits for the database:
    a fire that still burns is read from its wire.
    """
    relay = make_relay(settings.relay, clock)
    kept = read(file_of(settings.data, settings.name)) or {}
    locked = kept.get("lockdown", False)
    start = DoorState(lockdown=locked)
    controller = DoorController(relay, settings.door, settings.relay.channel, start)
    opened: tuple[EventOut, ...] = (EventOut("door.lockdown"),) if locked else ()
    opened += controller.open(clock.monotonic())
    opened += controller.tick(clock.monotonic())
    return Doorway(relay, controller, opened, DoorStartup(controller, clock))


@dataclass(slots=True)
class Core:
    """One gate without its devices, threads and pages."""

    settings: Settings
    store: Store
    detector: Detector
    encoder: Encoder
    known: KnownFaces
    recogniser: Recogniser
    doorway: Doorway
    loop: Loop

    def start(self, before: Iterable[Output] = ()) -> None:
        """Record the start of the gate and begin to serve. ``before``: what is recorded first."""
        self.loop.start(self.doorway.take_over(), before)


def build_core(
    settings: Settings,
    store: Store,
    clock: Clock,
    doorway: Doorway,
    parts: Parts | None = None,
    recorder: Recorder | None = None,
    watch: ClockWatch | None = None,
    site: SiteController | None = None,
) -> Core:
    """Put the parts together. Raises ModelError, StoreError, RecognitionError."""
    detector = build_detector(settings.recognition, settings.models)
    encoder = site_encoder(settings, store)
    known = KnownFaces(store, encoder.name, encoder.dimension)
    assess = judge(settings.quality)
    recogniser = Recogniser(
        detector,
        encoder,
        known.matcher(),
        settings.recognition,
        assess=assess,
        watch=build_watch(settings.liveness, settings.models, settings.recognition.threads),
        keep_probes=settings.learning.enabled,
    )
    loop = Loop(
        gate=settings.name,
        context=build_context(settings, store),
        controller=doorway.controller,
        recorder=recorder or store.writer,
        clock=clock,
        parts=parts or NoParts(),
        emergency_seconds=settings.access.emergency,
        zone=settings.zone,
        watch=watch,
        site=site,
    )
    return Core(settings, store, detector, encoder, known, recogniser, doorway, loop)
