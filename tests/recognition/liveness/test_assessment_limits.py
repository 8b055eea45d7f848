"""When a face is held to be live, at each limit by itself; see docs/mutation.md."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gate.camera.source import Frame
from gate.models import ModelsSettings
from gate.recognition.evidence import ATTACK
from gate.recognition.face import Face, Image
from gate.recognition.liveness import assessment
from gate.recognition.liveness.assessment import (
    ALONE,
    BOUND,
    CLIP,
    SHOWS,
    Calibration,
    MotionWatch,
    NetworkWatch,
    active,
    build_watch,
    calls_attacks,
    cue_ratio,
    lacking,
    networks,
)
from gate.recognition.liveness.settings import LivenessSettings
from gate.recognition.tracking import Track

POINTS = np.array([(40, 40), (80, 40), (60, 60), (45, 82), (75, 82)], np.float32)
FACE = Face((20, 10, 100, 110), 1.0, POINTS)
FRAME = Frame(np.full((120, 120, 3), 128, np.uint8), 0.0, 0)
STEP = 0.125
STRONG, WEAK = "minifasnet-v1se", "minifasnet-v2"


class Constant:
    """A network that always gives the same score."""

    def __init__(self, name: str, value: float) -> None:
        self.name, self.value = name, value

    def score(self, image: Image, face: Face) -> float:
        return self.value


def fused(monkeypatch: pytest.MonkeyPatch, *weights: float, offset: float = 0.0) -> None:
    """Every combination of networks has these weights."""
    monkeypatch.setattr(
        assessment, "calibration", lambda names: Calibration(weights[-len(names) :], offset)
    )


@pytest.mark.parametrize(("value", "live"), [(ALONE, False), (ALONE + STEP, True)])
def test_a_network_alone_has_to_be_surer(
    monkeypatch: pytest.MonkeyPatch, value: float, live: bool
) -> None:
    fused(monkeypatch, 1.0)
    assert NetworkWatch([Constant("a", value)])(FRAME, Track(1, FACE, 0.0, 0.0)).live is live


@pytest.mark.parametrize(("value", "live"), [(0.0, False), (STEP, True)])
def test_several_networks_need_more_than_no_evidence(
    monkeypatch: pytest.MonkeyPatch, value: float, live: bool
) -> None:
    fused(monkeypatch, 0.5, 0.5)
    networks = [Constant("a", value), Constant("b", value)]
    assert NetworkWatch(networks)(FRAME, Track(1, FACE, 0.0, 0.0)).live is live


@pytest.mark.parametrize(("offset", "live"), [(0.0, True), (-STEP, None)])
def test_what_a_network_must_be_able_to_show_to_speak_for_a_face(
    monkeypatch: pytest.MonkeyPatch, offset: float, live: bool | None
) -> None:
    fused(monkeypatch, 0.5, offset=offset)
    assert assessment.calibration(["a"]).most == SHOWS + offset
    assert NetworkWatch([Constant("a", 6.0)])(FRAME, Track(1, FACE, 0.0, 0.0)).live is live
    assert NetworkWatch([Constant("a", -6.0)])(FRAME, Track(1, FACE, 0.0, 0.0)).live is False


def test_what_only_warns_does_not_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    fused(monkeypatch, 1.0)
    for value in (6.0, -6.0):
        watching = NetworkWatch([Constant("a", value)], warn=True)
        assert watching(FRAME, Track(1, FACE, 0.0, 0.0)).live is None


def test_a_score_that_is_no_number_is_no_evidence() -> None:
    assert Calibration((1.0,), 0.0).ratio(np.array([np.nan])) == 0.0


def installed(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    found = {name: Path(name) for name in names}
    monkeypatch.setattr(assessment, "find", lambda name, models: found.get(name))
    networks = [Constant(name, 0.0) for name in assessment.NETWORKS if name in names]
    monkeypatch.setattr(assessment, "open_tests", lambda *paths, cache, threads: networks)


def said(mode: str = "required") -> str:
    return active(LivenessSettings.model_validate({"mode": mode}), ModelsSettings())


def test_what_guards_is_named_with_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, STRONG)
    assert said().startswith(f"required: {STRONG} alone: more people are asked for a card")
    assert said("warn").startswith(f"warn: {STRONG}")
    installed(monkeypatch, WEAK)
    assert said().startswith(f"required: {WEAK}, alone weak")
    installed(monkeypatch, WEAK, STRONG)
    assert said() == f"required: {WEAK} + {STRONG}"
    installed(monkeypatch)
    assert said() == (
        "required: motion and display cues only: a face alone opens nothing, a card is asked for; "
        "`gate models fetch` installs networks"
    )
    assert said("warn").startswith("warn: motion and display cues only, weak; ")
    assert said("off") == "off: a photograph opens the door"


def test_a_network_that_can_just_show_life_is_not_weak(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, STRONG)
    fused(monkeypatch, 0.5)
    assert "weak" not in said()


def test_a_network_without_weight_is_neither_run_nor_named(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, WEAK, STRONG)
    fused(monkeypatch, 0.0, 1.0)
    assert said().startswith(f"required: {STRONG} alone")
    for mode, method in (("required", STRONG), ("warn", f"{STRONG}/warn")):
        settings = LivenessSettings.model_validate({"mode": mode})
        watching = build_watch(settings, ModelsSettings())
        assert watching is not None
        assert watching(FRAME, Track(1, FACE, 0.0, 0.0)).method == method


@pytest.mark.parametrize(("offset", "called"), [(-ATTACK, False), (0.0, True), (-STEP, True)])
def test_networks_call_a_picture_an_attack_only_where_they_can_be_so_sure(
    monkeypatch: pytest.MonkeyPatch, offset: float, called: bool
) -> None:
    fused(monkeypatch, -ATTACK / CLIP, offset=offset)
    assert calls_attacks(["a"]) is called
    assert assessment.calibration(["a"]).least == max(-BOUND, ATTACK + offset)


def test_which_networks_are_run_and_which_could_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    every = ("minifasnet-v1se", "minifas-celeba", "faceplugin-liveness")
    models = ModelsSettings()
    installed(monkeypatch)
    assert (networks(models), lacking(models)) == ((), every)
    installed(monkeypatch, "faceplugin-liveness")
    assert (networks(models), lacking(models)) == (every[2:], every[:2])
    installed(monkeypatch, WEAK, *every)  # without weight beside the others
    assert (networks(models), lacking(models)) == (every, ())
    installed(monkeypatch, WEAK)
    assert networks(models) == (WEAK,)
    stated = ModelsSettings(provenance="stated")
    assert "faceplugin-liveness" not in lacking(stated)


def test_without_networks_it_watches_for_cues(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    assert build_watch(LivenessSettings(mode="off"), ModelsSettings()) is None
    for mode, method in (("required", "motion"), ("warn", "motion/warn")):
        watching = build_watch(LivenessSettings.model_validate({"mode": mode}), ModelsSettings())
        assert watching is not None
        assert watching(FRAME, Track(1, FACE, 0.0, 0.0)).method == method


@pytest.mark.parametrize(
    ("ratio", "warn", "live"),
    [(-STEP, False, False), (0.0, False, None), (-STEP, True, None), (0.0, True, None)],
)
def test_cues_against_a_face_count_unless_they_only_warn(
    monkeypatch: pytest.MonkeyPatch, ratio: float, warn: bool, live: bool | None
) -> None:
    monkeypatch.setattr(assessment, "cue_ratio", lambda places, grids, seconds: ratio)
    found = MotionWatch(warn=warn)(FRAME, Track(1, FACE, 0.0, 0.0))
    assert (found.live, found.score) == (live, ratio)


def test_cues_are_of_the_newest_frames_with_landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[int, int, float]] = []

    def counted(places: Sequence[object], grids: Sequence[float], seconds: float) -> float:
        given.append((len(places), len(grids), seconds))
        return 0.0

    monkeypatch.setattr(assessment, "cue_ratio", counted)
    monkeypatch.setattr(assessment, "_LAST", 2)
    watching = MotionWatch()
    for face in (FACE, replace(FACE, landmarks=None), FACE, FACE):
        watching(FRAME, Track(1, face, 1.0, 3.5))
    assert given == [(1, 1, 2.5), (1, 1, 2.5), (2, 2, 2.5), (2, 2, 2.5)]


CUES = {
    "grid_slope": 1.0,
    "grid": 2.0,
    "seconds": 1.5,
    "frames": 4,
    "parallax": 0.25,
    "flat_ratio": -1.0,
}
PLACE = np.zeros(2)


@pytest.mark.parametrize(
    ("frames", "grid", "seconds", "turned", "expected"),
    [
        (4, 1.0, 1.5, 0.1875, -1.0),
        (3, 1.0, 1.5, 0.1875, 0.0),
        (4, 1.0, 1.375, 0.1875, 0.0),
        (4, 1.0, 1.5, 0.25, 0.0),
        (4, 3.0, 1.5, 0.25, -1.0),
        (4, 3.0, 1.5, 0.1875, -2.0),
        (4, 99.0, 1.5, 0.25, -BOUND),
        (4, None, 1.5, 0.1875, 0.0),
    ],
)
def test_each_limit_of_the_cues(
    monkeypatch: pytest.MonkeyPatch,
    frames: int,
    grid: float | None,
    seconds: float,
    turned: float,
    expected: float,
) -> None:
    monkeypatch.setattr(assessment, "_kept", lambda: assessment._Kept({}, CUES))
    monkeypatch.setattr(assessment, "parallax", lambda places: turned)
    grids = [] if grid is None else [grid] * frames
    assert cue_ratio([PLACE] * frames, grids, seconds) == expected


def test_of_too_many_tracks_the_one_seen_least_lately_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(assessment, "_TRACKS", 2)
    seen: OrderedDict[int, list[int]] = OrderedDict()
    for number in (1, 2, 1):
        assessment._remembered(seen, number).append(number)
    assert dict(seen) == {1: [1, 1], 2: [2]}
    assessment._remembered(seen, 3)
    assert dict(seen) == {1: [1, 1], 3: []}
