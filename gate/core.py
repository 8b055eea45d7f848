"""The parts that every way of running the gate shares: store, faces, recogniser, door, loop."""

from __future__ import annotations

from dataclasses import dataclass

from gate.access.decision import Person
from gate.clock import Clock
from gate.house import build_house
from gate.known_faces import KnownFaces
from gate.loop import Loop, Parts
from gate.recognition.detect import Detector, build_detector
from gate.recognition.encoders import Encoder, build_encoder
from gate.recognition.recogniser import Recogniser, wide_enough
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
    recogniser: Recogniser
    relay: RelayDriver
    loop: Loop


def build_core(settings: Settings, store: Store, clock: Clock, parts: Parts | None = None) -> Core:
    """Put the parts together. Raises ModelError, StoreError, RecognitionError.

    The relay is not touched before ``loop.start()``.
    """
    detector = build_detector(settings.recognition, settings.models)
    encoder = build_encoder(settings.recognition, settings.models)
    known = KnownFaces(store, encoder.name, encoder.dimension)
    recogniser = Recogniser(
        detector,
        encoder,
        known.matcher(),
        settings.recognition,
        assess=wide_enough(settings.recognition.min_face),
    )
    relay = make_relay(settings.relay, clock)
    loop = Loop(
        gate=settings.name,
        house=build_house(settings, store),
        controller=DoorController(relay, settings.door, settings.relay.channel),
        recorder=store.writer,
        clock=clock,
        parts=parts or NoParts(),
        emergency_seconds=settings.access.emergency,
    )
    return Core(settings, store, detector, encoder, known, recogniser, relay, loop)
