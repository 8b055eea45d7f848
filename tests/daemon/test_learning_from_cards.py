"""A whole running gate learns a face from a card: five passages, two days, staff, then the face.

The camera replays a recording of fixtures/, the card comes over a simulated serial reader. What the
liveness networks would say is given: their files are not part of the repository.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.camera.replay import Recording
from gate.camera.source import EndOfRecording, Frame
from gate.clock import SystemClock
from gate.config.settings import Settings, build
from gate.daemon.build import Core, build_core
from gate.daemon.daemon import Daemon
from gate.demo.scenes import fill
from gate.readers.card_number import of_number
from gate.recognition.face import Image, Liveness
from gate.recognition.tracking import Track
from gate.simulators.card import CardReader
from gate.simulators.port import SimulatedPort
from gate.store.store import Store
from tests.waiting import eventually, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FIXTURES = Path(__file__).parents[2] / "fixtures"
CARD = 0x2D5C38
OTHERS = 100  # generated people, so that there is somebody to be taken for


def images(name: str) -> list[Image]:
    recording = Recording(FIXTURES / "recordings" / name, paced=False)
    recording.open()
    found = []
    try:
        while (frame := recording.read(0.0)) is not None:
            found.append(frame.image)
    except EndOfRecording:
        recording.close()
    return found[-12:]  # near enough to be recognised


@dataclass
class Stage:
    """A camera that shows somebody or nobody, as the test says."""

    name: str = "main"
    shows: str = "empty"
    frames: dict[str, list[Image]] = field(default_factory=dict)
    number: int = 0

    def open(self) -> None:
        for name in ("empty", "resident-walks-up.mp4"):
            self.frames[name] = images(name)

    def read(self, timeout: float) -> Frame | None:
        time.sleep(0.1)  # a camera's own pace; the gate looks no oftener
        shown = self.frames[self.shows]
        self.number += 1
        return Frame(shown[self.number % len(shown)], time.monotonic(), self.number, self.name)

    def close(self) -> None:
        pass


@dataclass
class Later(SystemClock):
    """The machine's clock, some days ahead."""

    days: int = 0

    def utc(self) -> datetime:
        return super().utc() + timedelta(days=self.days)


def living(frame: Frame, track: Track) -> Liveness:
    return Liveness("given", 5.0, True)


@dataclass
class Site:
    """The register as the desk has it, a card reader, and gates that run one after the other."""

    settings: Settings
    store: Store
    reader: CardReader
    stage: Stage
    cores: list[Core]

    @contextmanager
    def day(self, number: int) -> Iterator[None]:
        daemon = Daemon(self.settings, Later(days=number))
        thread = threading.Thread(target=daemon.run, name="main loop")
        started = len(self.events("gate.started"))
        thread.start()
        try:
            wait_for(lambda: len(self.events("gate.started")) > started)
            yield
        finally:
            daemon.stop()
            thread.join(60)

    @property
    def core(self) -> Core:
        return self.cores[-1]

    def events(self, *types: str) -> list[dict[str, Any]]:
        return [event.body for event in self.store.events.search(types=types, limit=200)]

    def goes(self) -> None:
        """Nobody is before the camera, and the passage is over."""
        self.stage.shows = "empty"
        wait_for(lambda: self.core.loop.lane.serving is None)
        trackers = self.core.recogniser._trackers  # nobody is followed: the next one is new
        wait_for(lambda: not any(tracker.tracks for tracker in trackers.values()))

    def looked(self) -> int:
        """How often the face in view was encoded."""
        subjects = list(self.core.recogniser._subjects.values())
        return max((one.gathered.frames for one in subjects), default=0)

    def passes_by_card(self) -> None:
        """The resident walks up, shows the card until it opens, and goes."""
        before = len(self.events("passage.granted"))
        self.stage.shows = "resident-walks-up.mp4"
        wait_for(lambda: self.looked() >= 3)  # the face was looked at before the card

        for _ in range(30):
            self.reader.show(CARD)
            if eventually(lambda: len(self.events("passage.granted")) > before, 4.0):
                break
        assert len(self.events("passage.granted")) > before
        shown = self.stage.number
        wait_for(lambda: self.stage.number > shown + 40)  # the face stays in view
        self.goes()

    def teaches(self, person: int, faces: int) -> None:
        """Passages by card until so many faces are kept: a look that was too short counts not."""
        for _ in range(6):
            self.passes_by_card()
            if eventually(lambda: self.store.looks.waiting().get(person, 0) >= faces, 10.0):
                return
        raise AssertionError(f"{faces} faces were not kept")

    def comes_without_card(self) -> dict[str, Any]:
        """The first answer to the resident's face alone."""
        answers = ("passage.granted", "passage.denied", "passage.asked")
        before = {event["id"] for event in self.events(*answers)}
        self.stage.shows = "resident-walks-up.mp4"
        new = wait_for(lambda: [e for e in self.events(*answers) if e["id"] not in before])
        self.goes()
        return new[-1]


@pytest.fixture
def site(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    stage, cores = Stage(), []

    def built(*given: Any, **named: Any) -> Core:
        cores.append(build_core(*given, **named))
        return cores[-1]

    monkeypatch.setattr("gate.daemon.recognition_worker.make_source", lambda camera, *_: stage)
    monkeypatch.setattr("gate.daemon.daemon.build_core", built)
    monkeypatch.setattr("gate.daemon.build.build_watch", lambda *given: living)
    with SimulatedPort(CardReader()) as port:
        reader = port.device
        assert isinstance(reader, CardReader)
        settings = build(
            {
                "data": str(tmp_path),
                "recognition": {"detector": "hog", "encoder": "dlib", "threads": 1},
                "models": {"folder": str(tmp_path_factory.mktemp("models"))},
                "camera": [{"source": str(FIXTURES / "recordings" / "empty"), "fps": 10}],
                "reader": [{"name": "door", "driver": "rdm6300", "port": port.path}],
                "access": {"passage": {"same_person": 1.0}},
                "learning": {"enabled": True},
                "mqtt": {"enabled": False},
                "screen": {"enabled": False},
                "store": {"ballast": 0},
            }
        )
        with Store.open(settings.store, tmp_path) as store:
            fill(store, "dlib/1", OTHERS)
            yield Site(settings, store, reader, stage, cores)


def test_a_face_is_learnt_from_a_card_and_lost_with_it(site: Site) -> None:
    looks = site.store.looks
    person = site.store.people.create("Barack Obama")
    card = site.store.credentials.add(person.id, "card", of_number(CARD))
    for purpose in ("face", "learning"):
        site.store.consents.record(person.id, "agreed", "1", purpose=purpose)

    with site.day(0):
        for faces in (1, 2, 3, 4):
            site.teaches(person.id, faces)
    with site.day(1):
        assert looks.proposal(person.id) is None
        site.teaches(person.id, 5)
        line = wait_for(lambda: looks.proposal(person.id))
        assert (line.state, line.days) == ("waiting", 2)
        assert line.passages >= 5
        assert site.comes_without_card()["type"] != "passage.granted"

        enrolled = site.core.recogniser.matcher.people
        assert looks.confirm(line.id, "li") is not None
        wait_for(lambda: site.events("face.learnt"))
        wait_for(lambda: site.core.recogniser.matcher.people == enrolled + 1)
        granted = next(  # whoever is refused at the first look comes again
            answer
            for answer in (site.comes_without_card() for _ in range(5))
            if answer["type"] == "passage.granted"
        )
        assert granted["person"] == person.ref

        assert site.store.credentials.revoke(card.id, "lost")
        wait_for(lambda: site.core.recogniser.matcher.people == enrolled)
        assert site.comes_without_card()["type"] != "passage.granted"
