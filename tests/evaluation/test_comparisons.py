"""Pairs of pictures: which count as genuine, and what FNMR comes of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.evaluation.comparisons import (
    EVERY,
    MOST,
    Shot,
    comparisons,
    of_clips,
    of_group,
    of_webcam,
)
from gate.evaluation.embedding import embed
from gate.evaluation.photos import Photo
from gate.recognition.encoders.encoder import SimilarityStatistics, unit_rows
from gate.recognition.face import Face


def shot(person: str, occasion: str, glasses: str = "", number: int = 0) -> Shot:
    return Shot(Photo(Path("x.jpg"), f"{person}{occasion}{number}", person), occasion, glasses)


def test_pictures_of_one_occasion_are_not_compared() -> None:
    shots = [shot("ann", "1"), shot("ann", "1"), shot("ann", "2"), shot("bob", "1")]
    (row,) = comparisons("g", shots, np.eye(4, 8, dtype=np.float32))
    assert (row.genuine, row.others, row.people) == (2, 3, 1)


def test_pictures_without_a_face_are_left_out() -> None:
    shots = [shot("ann", "1"), shot("ann", "2"), shot("bob", "1")]
    vectors = np.eye(3, dtype=np.float32)
    vectors[1] = 0
    assert comparisons("g", shots, vectors) == []


def test_the_rate_is_the_share_of_genuine_pairs_below_what_strangers_reach() -> None:
    """30 people of three occasions; the third picture of the first ten is somebody else's."""
    random = np.random.default_rng(0)
    own = unit_rows(random.standard_normal((30, 64)).astype(np.float32))
    away = unit_rows(random.standard_normal((10, 64)).astype(np.float32))
    shots, rows = [], []
    for person in range(30):
        for occasion in range(3):
            shots.append(shot(f"p{person}", str(occasion)))
            rows.append(away[person] if occasion == 2 and person < 10 else own[person])
    (row,) = comparisons("f", shots, np.stack(rows))
    assert (row.genuine, row.people, row.others) == (90, 30, 90 * 87 // 2)
    # of each of the ten, two of three pairs are lost
    assert row.fnmr[1e-2].value == pytest.approx(20 / 90)
    assert row.fnmr[1e-2].low < 20 / 90 < row.fnmr[1e-2].high
    assert 3e-5 not in row.fnmr, "less than two of 3,915 pairs"


def test_pairs_that_glasses_tell_apart_are_counted_by_themselves() -> None:
    shots = [shot("ann", "1", "00"), shot("ann", "2", "00"), shot("ann", "3", "01")]
    shots += [shot(name, "1", "00") for name in "bcd"]
    rows = {row.title: row.genuine for row in comparisons("g", shots, np.eye(6, dtype=np.float32))}
    assert rows == {
        "different occasions": 3,
        "with and without glasses": 2,
        "glasses as before": 1,
    }


def test_a_group_gives_few_photographs_of_each_member() -> None:
    photos = [Photo(Path("x"), f"ann{n}", "ann") for n in range(9)]
    photos += [Photo(Path("x"), "bob", "bob")]
    assert [s.photo.person for s in of_group(photos, {"ann"})] == ["ann"] * MOST


def test_windows_say_person_session_and_glasses(tmp_path: Path) -> None:
    for window in ("0001-s01-p00-g00-000", "0001-s02-p03-g01-040"):
        folder = tmp_path / "live" / window
        folder.mkdir(parents=True)
        for number in range(4):
            (folder / f"{number}.jpg").write_bytes(b"")
    shots = of_webcam(tmp_path)
    assert [(s.photo.person, s.occasion, s.glasses) for s in shots] == [
        ("webcam 0001", "s01", "00"),
        ("webcam 0001", "s01", "00"),
        ("webcam 0001", "s02", "01"),
        ("webcam 0001", "s02", "01"),
    ]


def test_frames_of_a_recording_are_read_by_number(tmp_path: Path) -> None:
    folder = tmp_path / "ann"
    folder.mkdir()
    film = cv2.VideoWriter(str(folder / "a.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 30, (64, 64))
    for number in range(25):
        film.write(np.full((64, 64, 3), 10 * number, np.uint8))
    film.release()
    shots = of_clips(tmp_path)
    assert [s.photo.frame for s in shots] == [0, EVERY, 2 * EVERY]
    assert {(s.photo.person, s.occasion) for s in shots} == {("clip ann", "a")}

    class Everywhere:
        name = "everywhere"

        def detect(self, image: np.ndarray, regions: object = None) -> list[Face]:
            return [Face((0, 0, 64, 64), 1.0)]

    class Grey:
        name, dimension = "grey/1", 2
        similarity = SimilarityStatistics(0.5, 0.5)

        def crops(self, image: np.ndarray, faces: object) -> np.ndarray:
            return image[None]

        def encode(self, crops: np.ndarray, *, brief: bool = False) -> np.ndarray:
            return np.array([[crops.mean(), 1.0]], np.float32)

    found = embed([s.photo for s in shots], Grey(), Everywhere(), tmp_path / "kept", "")
    assert found.vectors[:, 0] == pytest.approx([0, 100, 200], abs=4)
