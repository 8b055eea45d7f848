"""Recordings through the whole gate: the same each time, and each as its truth says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gate.access.decision import Outcome
from gate.clock import ManualClock
from gate.config.settings import build
from gate.daemon.build import Core, build_core, open_doorway
from gate.demo import scenes as demo
from gate.demo.attempts import attempts_of
from gate.demo.replay import Played, Replay
from gate.demo.report import GRANTED
from gate.errors import CameraError
from gate.store.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FIXTURES = Path(__file__).parents[2] / "fixtures"
SCENES = {scene.path.stem: scene for scene in demo.scenes(FIXTURES / "recordings")}
ATTACKS = [name for name, scene in SCENES.items() if scene.truth["attack"]]
PEOPLE = 300
MODELS = os.environ.get("GATE_MODELS_DIR", "")

Play = Callable[..., tuple[Played, Core]]


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """Plays a recording through a new gate; the register is the same for all."""
    folder = tmp_path_factory.mktemp("gate")
    settings = build(
        {
            "data": str(folder),
            "recognition": {"detector": "hog", "encoder": "dlib", "threads": 1},
            "models": {"folder": str(folder / "models")},
            "liveness": {"mode": "warn"},
            "mqtt": {"enabled": False},
            "store": {"ballast": 0},
        }
    )
    with pytest.MonkeyPatch.context() as patch, Store.open(settings.store, folder) as store:
        patch.delenv("GATE_MODELS_DIR", raising=False)
        patch.setattr(demo, "PEOPLE", PEOPLE)
        clock = demo.demo_clock()
        demo.prepare(settings, store, clock, FIXTURES / "enrolled", lambda line: None)

        def through_a_new_gate(name: str, mode: str = "warn") -> tuple[Played, Core]:
            clock = ManualClock(now=1000.0)
            chosen = settings.model_copy(
                update={"liveness": settings.liveness.model_copy(update={"mode": mode})}
            )
            core = build_core(chosen, store, clock, open_doorway(chosen, clock))
            core.start()
            played = Replay(core, clock).play(SCENES[name].path, SCENES[name].fps)
            core.loop.stop()
            return played, core

        yield through_a_new_gate


@pytest.fixture(scope="module")
def once(play: Play) -> Play:
    """Plays a recording at the first wish; everybody is given what was seen then."""
    return cache(play)


def reported(played: Played) -> list[dict[str, Any]]:
    """All that was decided, without the ids, which are new each time."""
    return [
        {
            "second": moment.second,
            "decision": moment.decided.decision,
            "latency": moment.decided.latency,
            "door": moment.door,
            "faces": [(s.track, s.face.box, s.evidence, s.verdict) for s in moment.sightings],
        }
        for moment in played.moments
    ]


@pytest.mark.parametrize("name", ["resident-walks-up", "two-at-once"])
@pytest.mark.slow
def test_two_replays_decide_the_same_at_the_same_second_with_the_same_scores(
    play: Play, once: Play, name: str
) -> None:
    first, second = reported(once(name)[0]), reported(play(name)[0])
    assert first
    assert first == second


@pytest.mark.parametrize("name", [name for name in SCENES if name not in ATTACKS])
@pytest.mark.slow
def test_every_recording_ends_as_its_truth_says_and_no_stranger_is_let_in(
    once: Play, name: str
) -> None:
    played, core = once(name)
    truth = SCENES[name].truth
    people = core.loop.context.people
    attempts = attempts_of(truth, played, {id: person.name for id, person in people.items()})
    granted = [m for m in played.moments if m.decided.decision.outcome is Outcome.GRANT]
    enrolled = [a.person for a in attempts if a.enrolled]
    for moment in granted:
        person = moment.decided.decision.person
        assert person is not None
        assert person.name in enrolled, "somebody else than who is there was let in"
    for attempt in attempts:
        if attempt.expected == GRANTED:
            assert attempt.outcome == GRANTED, attempt.reason
            assert attempt.recognised == attempt.person
        else:
            assert attempt.outcome != GRANTED
    assert len(played.damaged) == len(truth["damaged"])
    assert played.frames + len(played.damaged) == truth["frames"]
    assert not core.doorway.relay.state(1), "at rest again"


@pytest.mark.data
@pytest.mark.skipif(not MODELS, reason="GATE_MODELS_DIR names no networks against attacks")
@pytest.mark.parametrize("name", ATTACKS)
def test_a_picture_held_up_is_refused_where_the_networks_are_installed(
    play: Play, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE_MODELS_DIR", MODELS)
    played, _ = play(name, mode="required")
    outcomes = {moment.decided.decision.outcome for moment in played.moments}
    assert outcomes
    assert Outcome.GRANT not in outcomes


def test_the_relay_moves_within_a_second_of_the_first_usable_frame(once: Play) -> None:
    played, core = once("resident-walks-up")
    opened = [command for command in core.doorway.relay.commands if command.on]  # type: ignore[attr-defined]
    moment = next(m for m in played.moments if m.decided.decision.outcome is Outcome.GRANT)
    assert opened[0].at == pytest.approx(1000.0 + moment.second, abs=0.1)
    assert 0 < moment.decided.latency <= 1.0
    assert moment.image is not None


def test_a_recording_that_is_not_there_is_named(play: Play, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCENES, "nowhere", demo.Scene(tmp_path / "nowhere.mp4", 10.0, {}))
        with pytest.raises(CameraError, match="no such recording"):
            play("nowhere")


def test_what_is_played_carries_the_time_of_the_clock_on_the_wall() -> None:
    assert abs((demo.demo_clock().utc() - datetime.now(UTC)).total_seconds()) < 5
