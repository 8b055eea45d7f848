"""The film of a run: screen and door as they were at each frame, written as an animation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from gate.camera.source import Frame
from gate.clock import ManualClock
from gate.daemon.build import Core
from gate.demo.film import AFTERWARDS, HOLD, STEP, Film, write_film
from gate.demo.film_frame import HEIGHT, PANEL, WIDTH
from gate.door.state import Phase
from gate.errors import StoreError
from gate.passage import outputs
from gate.recognition.face import Candidate, Face, Sighting, Verdict
from gate.screen.message import Look, Message

IMAGE = np.full((480, 640, 3), 120, np.uint8)


class Gate:
    """As much of a core as the film looks at."""

    def __init__(self) -> None:
        self.clock = ManualClock(now=100.0)
        self.told: list[Callable[[outputs.Output, float], None]] = []
        self.controller = SimpleNamespace(state=SimpleNamespace(phase=Phase.LOCKED))
        self.context = SimpleNamespace(people={1: SimpleNamespace(name="Ann")})
        self.film = Film(cast(Core, SimpleNamespace(loop=self)), self.clock)

    def listen(self, listener: Callable[[outputs.Output, float], None]) -> None:
        self.told.append(listener)

    def show(self, look: Look, code: str, phase: Phase = Phase.LOCKED) -> None:
        self.controller.state.phase = phase
        for listener in self.told:
            listener(outputs.Show(Message(look, code)), self.clock.monotonic())

    def frame(self, evidence: float) -> None:
        seen = sighting(evidence)
        self.film.watch(Frame(IMAGE, self.clock.monotonic(), 0), (seen,))
        self.clock.advance(STEP)


def sighting(evidence: float, **changes: Any) -> Sighting:
    return Sighting(
        track=1, camera="main", first_seen=0.0, last_seen=0.0, frame=0,
        face=Face((160.0, 120.0, 320.0, 360.0), 0.9), frames=1, used=1, verdict=Verdict.KNOWN,
        best=Candidate(1, evidence), evidence=evidence, threshold=5.0, **changes,
    )  # fmt: skip


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_screen_door_and_evidence_are_those_of_the_frame(gate: Gate) -> None:
    gate.film.begin("walks-up")
    gate.frame(1.0)
    gate.show(Look.WAIT, "one_moment")
    gate.frame(3.0)
    gate.show(Look.GRANT, "welcome", Phase.UNLOCKED)
    gate.frame(6.0)
    first, second, third = [still for still, _ in gate.film.stills()][:3]
    assert [first.message.code, second.message.code, third.message.code] == [
        "idle", "one_moment", "welcome",
    ]  # fmt: skip
    assert [first.open, second.open, third.open] == [False, False, True]
    assert [first.curve, second.curve, third.curve] == [(1.0,), (1.0, 3.0), (1.0, 3.0, 6.0)]
    assert third.threshold == 5.0
    assert third.marks[0].label == "Ann"
    assert third.marks[0].box == (120.0, 90.0, 240.0, 270.0), "in pixels of the smaller picture"


def test_what_happens_after_the_last_frame_is_shown_and_the_wait_for_the_door_is_not(
    gate: Gate,
) -> None:
    gate.film.begin("walks-up")
    gate.frame(1.0)
    gate.show(Look.GRANT, "welcome", Phase.UNLOCKED)
    gate.clock.advance(60.0)
    gate.show(Look.GUIDE, "too_far")
    stills = [still for still, _ in gate.film.stills()]
    assert stills[-1].over
    assert stills[-1].open
    assert stills[-1].second <= AFTERWARDS + STEP


def test_each_recording_begins_with_an_idle_screen_and_ends_with_a_pause(gate: Gate) -> None:
    for name in ("one", "two"):
        gate.film.begin(name)
        gate.frame(1.0)
        gate.frame(1.0)
        gate.show(Look.DENY, "face_unknown")
        gate.clock.advance(20.0)
    shown = list(gate.film.stills())
    firsts = [still for still, _ in shown if still.second == 0.0]
    assert [(still.title, still.message.code) for still in firsts] == [
        ("one", "idle"),
        ("two", "idle"),
    ]
    assert sum(milliseconds == round(1000 * HOLD) for _, milliseconds in shown) == 2


def test_a_face_nothing_was_compared_with_has_no_evidence(gate: Gate) -> None:
    gate.film.begin("far")
    far = Sighting(1, "main", 0, 0, 0, Face((0.0, 0.0, 9.0, 9.0), 0.9), 1, 0, Verdict.WAIT)
    gate.film.watch(Frame(IMAGE, gate.clock.monotonic(), 0), (far,))
    (still, _), *_rest = gate.film.stills()
    assert still.curve == ()
    assert still.threshold is None


@pytest.mark.slow
def test_the_film_is_an_animation_that_repeats(gate: Gate, tmp_path: Path) -> None:
    gate.film.begin("walks-up")
    for evidence in range(5):
        gate.frame(float(evidence))
    file = tmp_path / "deep" / "film.webp"
    write_film(gate.film, file)
    with Image.open(file) as film:
        assert film.size == (WIDTH + PANEL, HEIGHT)
        assert getattr(film, "n_frames", 1) == 5
        assert film.info["loop"] == 0


def test_a_film_of_nothing_and_one_without_a_folder_say_why(gate: Gate, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no frame was played"):
        write_film(gate.film, tmp_path / "film.webp")
    gate.film.begin("walks-up")
    gate.frame(1.0)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write_film(gate.film, tmp_path / "file" / "film.webp")
