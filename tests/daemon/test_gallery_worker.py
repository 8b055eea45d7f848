"""Faces that are all of another encoder are a fault of the gate, until somebody can be known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from enroll.gates import fault_in_words
from gate.daemon.device_faults import DeviceStatus
from gate.daemon.gallery_worker import GalleryWorker
from gate.recognition.face import Template
from gate.services.gallery_sync import KnownFaces
from gate.store.store import Store
from gate.texts.catalogue import catalogue
from tests.daemon.loop_gate import LI, Gate

MINE, OTHERS, WIDTH = "faceplugin/1-c128", "faceplugin/1", 512


@pytest.fixture
def person(store: Store) -> int:
    person = store.people.create("Ann").id
    store.consents.record(person, "agreed", "1", purpose="face")
    return person


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def worker(store: Store, gate: Gate) -> GalleryWorker:
    known = KnownFaces(store, MINE, WIDTH)
    core = SimpleNamespace(
        store=store, known=known, recogniser=SimpleNamespace(matcher=known.matcher())
    )
    return GalleryWorker(core, gate.loop.handle)


def enrol(store: Store, person: int, encoder: str) -> None:
    vector = np.eye(WIDTH, dtype=np.float32)[0]
    store.templates.add(Template(person, vector, encoder))


def test_nobody_enrolled_is_no_fault(gate: Gate, worker: GalleryWorker) -> None:
    worker.look()
    assert not gate.loop.faults
    assert not gate.types


def test_a_gallery_of_another_encoder_is_a_fault_until_somebody_is_enrolled_again(
    store: Store, person: int, gate: Gate, worker: GalleryWorker
) -> None:
    enrol(store, person, OTHERS)
    for _ in range(3):
        worker.look()
    cause = f"none of 1 templates is of {MINE}"
    assert dict(gate.loop.faults) == {"gallery.gallery": cause}
    assert gate.types == ["gallery.foreign"]
    assert gate.event("gallery.foreign").details == {"cause": cause}
    assert gate.loop.lane.fault == "face_fault"
    enrol(store, person, MINE)
    worker.look()
    assert gate.types == ["gallery.foreign", "gallery.usable"]
    assert not gate.loop.faults
    assert gate.loop.lane.fault == ""


def test_cards_go_on_meanwhile(gate: Gate) -> None:
    gate.loop.handle(DeviceStatus("gallery", "gallery", False, "none of 1 templates is of x"))
    assert gate.screen.message is not None
    assert gate.screen.message.code == "face_fault"
    gate.card(LI)
    assert gate.open
    assert gate.event("passage.granted").person == LI.ref


@pytest.mark.parametrize(
    ("language", "screen", "desk"),
    [
        ("en", "Faces cannot be recognised", "enrolled faces"),
        ("zh", "人脸识别故障", "已登记人脸"),
    ],
)
def test_screen_and_desk_name_it(language: str, screen: str, desk: str) -> None:
    assert catalogue(language)["reason face_fault"] == screen
    assert fault_in_words("gallery.gallery", language) == desk
