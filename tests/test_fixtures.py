"""The fixtures hold what the demonstration and the other tests rely on."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

from fixtures.make_recordings import RECORDINGS, make
from gate.camera.replay import Recording, decode_file
from gate.camera.source import EndOfRecording, Frame
from gate.errors import CameraError
from gate.recognition.detection.detector import HogDetector

FIXTURES = Path(__file__).parent.parent / "fixtures"
TRUTHS = sorted((FIXTURES / "recordings").glob("*.toml"))
PHOTOGRAPHS = sorted((FIXTURES / "photographs").glob("*.jpg"))
ENROLLED = sorted((FIXTURES / "enrolled").glob("*.jpg"))


def played(path: Path) -> tuple[list[Frame], list[int]]:
    """All frames of a recording, and the numbers of those that cannot be decoded."""
    recording = Recording(path, paced=False)
    recording.open()
    frames: list[Frame] = []
    damaged: list[int] = []
    while True:
        try:
            frame = recording.read(1)
        except CameraError:
            damaged.append(len(frames) + len(damaged))
        except EndOfRecording:
            return frames, damaged
        else:
            assert frame is not None
            frames.append(frame)


@pytest.mark.parametrize("path", PHOTOGRAPHS, ids=lambda p: p.stem)
def test_a_photograph_is_small_bears_no_metadata_and_its_source_is_named(path: Path) -> None:
    image = cv2.imread(str(path))
    assert image is not None
    assert max(image.shape[:2]) <= 1024
    assert b"Exif" not in path.read_bytes()[:200]
    assert f"`{path.name}`" in (FIXTURES / "README.md").read_text("utf-8")


@pytest.mark.parametrize("path", ENROLLED, ids=lambda p: p.stem)
@pytest.mark.slow
def test_an_enrolment_photograph_shows_one_face_and_is_in_the_list(path: Path) -> None:
    image = decode_file(path)
    assert isinstance(image, np.ndarray)
    assert len(HogDetector().detect(image)) == 1
    with (FIXTURES / "enrolled" / "people.csv").open(encoding="utf-8", newline="") as table:
        assert path.name in {row["photo"] for row in csv.DictReader(table)}


def test_there_is_a_truth_for_every_recording_and_a_recording_for_every_truth() -> None:
    recorded = {p.stem for p in (FIXTURES / "recordings").iterdir() if p.suffix != ".toml"}
    assert recorded == {p.stem for p in TRUTHS} == {r.name for r in RECORDINGS}


@pytest.mark.slow
@pytest.mark.parametrize("path", TRUTHS, ids=lambda p: p.stem)
def test_a_recording_has_the_frames_its_truth_says(path: Path) -> None:
    truth = tomllib.loads(path.read_text("utf-8"))
    frames, damaged = played(path.parent / truth["recording"])
    assert len(frames) + len(damaged) == truth["frames"]
    assert damaged == truth["damaged"]
    assert {f.image.shape for f in frames} == {(480, 640, 3)}


@pytest.mark.parametrize("path", TRUTHS, ids=lambda p: p.stem)
@pytest.mark.slow
def test_faces_are_found_in_a_recording_where_its_truth_says(path: Path) -> None:
    truth = tomllib.loads(path.read_text("utf-8"))
    frames, _ = played(path.parent / truth["recording"])
    usable = [p["first_usable"] for p in truth.get("people", ()) if "first_usable" in p]
    faces = HogDetector().detect(frames[-1].image)
    if usable:
        assert len(faces) >= len(usable)
    if truth["outcome"] == "nothing" and path.stem in ("empty", "quality-far", "walks-past"):
        assert faces == []


def test_the_recordings_fit_into_a_repository() -> None:
    size = sum(p.stat().st_size for p in (FIXTURES / "recordings").rglob("*") if p.is_file())
    assert size < 6_000_000


@pytest.mark.slow
def test_the_script_makes_the_same_recording_again(tmp_path: Path) -> None:
    recording = next(r for r in RECORDINGS if r.name == "quality-far")
    make(recording, tmp_path)
    kept = FIXTURES / "recordings"
    assert (tmp_path / "quality-far.toml").read_text() == (kept / "quality-far.toml").read_text()
    again = cv2.imread(str(tmp_path / "quality-far" / "0003.jpg")).astype(int)
    before = cv2.imread(str(kept / "quality-far" / "0003.jpg")).astype(int)
    # OpenCV's resampling differs by a grey level or two between processors
    assert np.abs(again - before).mean() < 1.5
