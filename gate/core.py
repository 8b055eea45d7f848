"""The parts that every way of running the gate shares: store, faces, recogniser, door, loop."""

from __future__ import annotations

from dataclasses import dataclass

from gate.access.decision import Person
from gate.clock import Clock
from gate.house import build_house
from gate.known_faces import KnownFaces
from gate.loop import Loop, Parts, Recorder
from gate.recognition.detect import Detector, build_detector
from gate.recognition.encoders import Encoder, build_encoder
from gate.recognition.recogniser import Assess, Recogniser, wide_enough
from gate.relay.controller import DoorController
from gate.relay.driver import RelayDriver
from gate.relay.make import make_relay
from gate.screen.message import Message
from gate.settings import Settings
from gate.store.store import Store


class NoParts:
    """Nothing around the loop: no screen, no entry status, no thermometer."""

    def show(self, message: Message) -> None:
        pass

    def ask_status(self, person: Person) -> None:
        pass

    def measure(self, passage: str) -> None:
        pass


@dataclass(slots=True)
class Core:
    """One gate without its devices, threads and pages."""

    settings: Settings
    store: Store
    detector: Detector
    encoder: Encoder
    known: KnownFaces
    judge: Assess
    recogniser: Recogniser
    relay: RelayDriver
    loop: Loop


def build_core(
    settings: Settings,
    store: Store,
    clock: Clock,
    parts: Parts | None = None,
    recorder: Recorder | None = None,
) -> Core:
    """Put the parts together. Raises ModelError, StoreError, RecognitionError.

    The relay is not touched before ``loop.start()``.
    """
    detector = build_detector(settings.recognition, settings.models)
    encoder = build_encoder(settings.recognition, settings.models)
    known = KnownFaces(store, encoder.name, encoder.dimension)
    judge = wide_enough(settings.recognition.min_face)
    matcher = known.matcher()
    recogniser = Recogniser(detector, encoder, matcher, settings.recognition, assess=judge)
    relay = make_relay(settings.relay, clock)
    loop = Loop(
        gate=settings.name,
        house=build_house(settings, store),
        controller=DoorController(relay, settings.door, settings.relay.channel),
        recorder=recorder or store.writer,
        clock=clock,
        parts=parts or NoParts(),
        emergency_seconds=settings.access.emergency,
    )
    return Core(settings, store, detector, encoder, known, judge, recogniser, relay, loop)
