"""Liveness of a track: networks when they are there, cues when not, nothing when switched off."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.camera.source import Frame
from gate.evaluation.faces_in import main_face
from gate.models import ModelsSettings
from gate.recognition.detection.detector import build_detector
from gate.recognition.face import Face, Image
from gate.recognition.liveness import assessment as liveness
from gate.recognition.liveness.assessment import (
    BOUND,
    CALIBRATION,
    Calibration,
    MotionWatch,
    NetworkWatch,
    build_watch,
    cue_ratio,
    summary,
)
from gate.recognition.liveness.motion import display_grid, nose_place, parallax
from gate.recognition.liveness.networks import _reflected, _within, face_box
from gate.recognition.liveness.settings import LivenessSettings
from gate.recognition.settings import RecognitionSettings
from gate.recognition.tracking import Track
from research.replay_attack import DEVICES, Presentation

LFW = Path(os.environ.get("GATE_LFW_DIR", ""))
needs_data = pytest.mark.skipif(
    not (LFW / "images").is_dir() or "GATE_MODELS_DIR" not in os.environ,
    reason="GATE_LFW_DIR and GATE_MODELS_DIR are unset",
)
POINTS = np.float32([(40, 40), (80, 40), (60, 60), (45, 82), (75, 82)])
FACE = Face((20, 10, 100, 110), 1.0, POINTS)
GREY = np.full((120, 120, 3), 128, np.uint8)


class Constant:
    """A network that always says the same."""

    def __init__(self, name: str, value: float) -> None:
        self.name, self.value = name, value

    def score(self, image: Image, face: Face) -> float:
        return self.value


def seen(number: int = 1, face: Face = FACE) -> tuple[Frame, Track]:
    return Frame(GREY, 0.0, 0), Track(number, face, 0.0, 0.0)


def watch(value: float, **options: bool) -> NetworkWatch:
    return NetworkWatch([Constant("minifasnet-v1se", value)], **options)


def test_a_living_face_gets_evidence_for_and_a_picture_against() -> None:
    live, attack = watch(6.0)(*seen()), watch(-6.0)(*seen())
    assert live.live is True
    assert live.score > 0
    assert attack.live is False
    assert attack.score < 0


def test_more_frames_of_the_same_are_no_more_evidence() -> None:
    watching = watch(3.0)
    first = watching(*seen())
    for _ in range(50):
        last = watching(*seen())
    assert last.score == pytest.approx(first.score)


def test_no_evidence_is_greater_than_so_few_attacks_can_show() -> None:
    assert abs(watch(1e9)(*seen()).score) <= BOUND
    assert abs(watch(-1e9)(*seen()).score) <= BOUND


def test_each_track_is_judged_by_its_own_frames() -> None:
    network = Constant("minifasnet-v1se", 6.0)
    watching = NetworkWatch([network])
    live = watching(*seen(1))
    network.value = -6.0
    attack = watching(*seen(2))
    assert live.score > 0 > attack.score


def test_old_tracks_are_forgotten() -> None:
    watching = watch(1.0)
    for number in range(1000):
        watching(*seen(number))
    assert len(watching._seen) <= 64


def test_where_it_only_warns_it_does_not_judge() -> None:
    warned = watch(-6.0, warn=True)(*seen())
    assert warned.live is None
    assert warned.score < 0
    assert warned.method.endswith("/warn")


def test_the_method_names_every_network_that_was_asked() -> None:
    networks = [Constant("minifasnet-v1se", 3.0), Constant("faceplugin-liveness", 3.0)]
    assert NetworkWatch(networks)(*seen()).method == "minifasnet-v1se+faceplugin-liveness"


def test_a_network_too_weak_to_show_life_only_speaks_against() -> None:
    for value, live in ((6.0, None), (-6.0, False)):
        seen_by = NetworkWatch([Constant("minifasnet-v2", value)])(*seen())
        assert seen_by.live is live


def test_every_combination_of_networks_is_calibrated_and_rises_with_the_score() -> None:
    kept = json.loads(CALIBRATION.read_text())["networks"]
    assert len(kept) == 15
    for weights, offset in kept.values():
        line = Calibration(tuple(weights), offset)
        assert min(weights) >= 0
        assert line.ratio(np.full(len(weights), -6.0)) < 0 < line.ratio(np.full(len(weights), 6.0))


def test_a_network_that_is_too_sure_counts_no_more_than_a_sure_one() -> None:
    assert summary(np.array([[100.0]])) == summary(np.array([[6.0]]))
    assert Calibration((1.0,), 0.0).ratio(np.array([np.nan])) == 0.0


def test_switched_off_there_is_nothing_to_watch(tmp_path: Path) -> None:
    models = ModelsSettings(folder=tmp_path)
    assert build_watch(LivenessSettings(mode="off"), models) is None


def test_without_models_the_cues_remain_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    models = ModelsSettings(folder=tmp_path)
    watching = build_watch(LivenessSettings(), models)
    assert isinstance(watching, MotionWatch)
    assert "a face alone opens nothing" in liveness.active(LivenessSettings(), models)
    assert "weak" in liveness.active(LivenessSettings(mode="warn"), models)
    assert watching(*seen()).method == "motion"


def test_cues_never_speak_for_a_face() -> None:
    watching = MotionWatch()
    for step in range(40):
        turned = POINTS.copy()
        turned[2, 0] += 8 * np.sin(step / 5)
        found = watching(*seen(1, replace(FACE, landmarks=turned)))
        assert found.score <= 0
        assert found.live is None or found.live is False


def test_the_nose_keeps_its_place_however_a_picture_is_held() -> None:
    random = np.random.default_rng(0)
    places = []
    for _ in range(20):
        matrix = np.eye(2) + random.normal(0, 0.15, (2, 2))
        places.append(nose_place(np.float32(POINTS @ matrix.T + random.normal(0, 50, 2))))
    assert np.ptp(np.stack(places), axis=0).max() < 1e-3
    assert parallax(places) < 1e-3


def test_the_nose_of_a_head_that_turns_moves_and_trembling_does_not_count() -> None:
    random = np.random.default_rng(0)
    turning, trembling = [], []
    for step in range(40):
        noise = random.normal(0, 0.4, POINTS.shape).astype(np.float32)
        moved = POINTS + noise
        trembling.append(nose_place(moved))
        moved[2, 0] += 6 * np.sin(step / 8)
        turning.append(nose_place(moved))
    assert parallax(turning) > 0.05
    assert parallax(trembling) < 0.01


def test_a_face_that_stays_flat_for_seconds_speaks_against_itself() -> None:
    flat = [nose_place(POINTS)] * 40
    assert cue_ratio(flat, [1.0] * 40, 3.0) < 0
    assert cue_ratio(flat, [1.0] * 40, 0.5) == 0


def test_a_regular_grid_stands_out_of_noise() -> None:
    random = np.random.default_rng(0)
    noise = np.clip(random.normal(128, 12, (120, 120, 3)), 0, 255).astype(np.uint8)
    x = np.arange(120)
    grid = np.clip(noise + 12 * np.cos(2 * np.pi * x / 5)[None, :, None], 0, 255).astype(np.uint8)
    assert display_grid(grid, FACE) > 2 * display_grid(noise, FACE)


def test_no_cues_are_no_evidence() -> None:
    assert cue_ratio([], [], 10.0) == 0.0


def test_the_cut_stays_within_the_image_and_has_the_size_asked_for() -> None:
    for box in ((0, 0, 20, 20), (100, 100, 140, 150), (-30, -30, 10, 10), (0, 0, 500, 500)):
        assert _within(GREY, box, 2.7, 80).shape == (80, 80, 3)
        assert _reflected(GREY, box, 1.5, 128).shape == (128, 128, 3)


def test_boxes_of_dlib_are_drawn_as_yunet_would() -> None:
    left, top, right, bottom = face_box(Face((0, 0, 100, 100), 1.0, detector="hog"))
    assert bottom - top > right - left
    assert face_box(FACE) == FACE.box


@pytest.mark.data
@needs_data
@pytest.mark.slow
def test_a_clip_is_live_and_the_same_clip_on_a_telephone_is_not(tmp_path: Path) -> None:
    models = ModelsSettings(folder=tmp_path)
    detector = build_detector(RecognitionSettings(), models)
    film = cv2.VideoCapture(str(LFW.parent / "clips" / "a" / "yes.mkv"))
    show = Presentation(DEVICES[0], np.random.default_rng(1))
    watching = build_watch(LivenessSettings(), models)
    assert isinstance(watching, NetworkWatch)
    for number in range(8):
        image = np.asarray(film.read()[1], np.uint8)
        face = main_face(image, detector.detect(image))
        assert face is not None
        live = watching(Frame(image, 0.0, number), Track(1, face, 0.0, 0.0))
        shown = show.show(image, face.box)
        again = main_face(shown, detector.detect(shown))
        assert again is not None
        attack = watching(Frame(shown, 0.0, number), Track(2, again, 0.0, 0.0))
    assert live.score > 1
    assert attack.score < -1
