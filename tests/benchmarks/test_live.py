"""The live gate's bench: people walk up before its cameras, and its file says what it was given."""

from __future__ import annotations

import tomllib
from contextlib import closing
from urllib.request import urlopen

import numpy as np
import pytest

from benchmarks.live_gate import Answered, toml
from benchmarks.live_passages import mark
from benchmarks.stage import FAR, PLACES, SPEED, Stage, cameras
from gate.clock import ManualClock

FACE = np.full((250, 250, 3), 40, np.uint8)


def darker(stage: Stage, view: str) -> int:
    """Pixels in which the dark figure stands."""
    return int((stage.draw(view).mean(axis=2) < 60).sum())


@pytest.mark.slow
def test_somebody_walks_up_is_seen_larger_by_both_cameras_and_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = ManualClock(100.0)
    monkeypatch.setattr("benchmarks.stage.time", clock)
    stage = Stage()
    nobody = {view: darker(stage, view) for view in ("left", "right")}
    stage.place(1, FACE, PLACES[0])
    far = {view: darker(stage, view) for view in nobody}
    assert not stage.arrived(1)
    clock.advance((FAR - PLACES[0]) / SPEED - 0.1)
    stage.draw("left")
    assert not stage.arrived(1)
    clock.advance(0.2)
    stage.draw("left")
    assert stage.arrived(1)
    near = {view: darker(stage, view) for view in nobody}
    stage.remove(1)
    for view, count in nobody.items():
        assert count < far[view] < near[view] / 4
        assert darker(stage, view) == count


@pytest.mark.slow
def test_a_camera_hands_out_one_picture_after_the_other() -> None:
    with cameras(Stage(), fps=50) as addresses, closing(urlopen(addresses["left"])) as answer:
        pictures = answer.read(200_000)
    assert pictures.startswith(b"--frame\r\nContent-Type: image/jpeg\r\n")
    assert pictures.count(b"\xff\xd8\xff") >= 2


def test_the_configuration_is_read_back_as_it_was() -> None:
    values = {
        "name": "live",
        "camera": [{"name": "left", "fps": 15.0}, {"name": "right", "fps": 15.0}],
        "mqtt": {"enabled": False},
        "relay": {"lcus": {"readback": "text"}},
    }
    assert tomllib.loads(toml(values)) == values


def test_a_second_answer_is_its_persons_not_the_next_ones() -> None:
    def answer(kind: str, person: str | None, decided: float) -> Answered:
        return Answered(kind, "x", "face", person, decided - 0.5, decided, 0, None, True, True)

    came = [(100.0, "a"), (102.0, "b")]
    answers = [
        answer("passage.asked", None, 101.0),
        answer("passage.granted", "a", 101.5),
        answer("passage.granted", "a", 102.9),
    ]
    assert [given for given, _ in mark(came, answers)] == [
        {"first": True, "right": False},
        {"first": False, "right": True},
        {"first": True, "right": False},
    ]
