"""Faces are followed from frame to frame by place and size."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.recognition.face import Face
from gate.recognition.tracking import FORGET, Tracker, assign


def face(x: float, y: float = 100.0, size: float = 80.0) -> Face:
    """A face whose middle is at (x, y)."""
    return Face((x - size / 2, y - size / 2, x + size / 2, y + size / 2), 0.9)


@pytest.fixture
def tracker() -> Tracker:
    return Tracker(itertools.count(1))


def test_one_face_walking_is_one_track(tracker: Tracker) -> None:
    numbers = {tracker.update([face(100 + 20 * i)], i / 10)[0].number for i in range(20)}
    assert numbers == {1}
    assert tracker.tracks[0].frames == 20


def test_two_faces_keep_their_tracks_in_whatever_order_they_come(tracker: Tracker) -> None:
    for i in range(10):
        left, right = face(100 + 5 * i), face(400 - 5 * i)
        seen = tracker.update([left, right] if i % 2 == 0 else [right, left], i / 10)
        by_place = sorted(seen, key=lambda track: track.face.box)
        assert [track.number for track in by_place] == [1, 2]


def test_a_face_elsewhere_or_of_another_size_is_a_new_track(tracker: Tracker) -> None:
    tracker.update([face(100)], 0.0)
    assert tracker.update([face(300)], 0.1)[0].number == 2
    assert tracker.update([face(300, size=200)], 0.2)[0].number == 3


def test_a_track_survives_a_short_gap_and_no_long_one(tracker: Tracker) -> None:
    tracker.update([face(100)], 0.0)
    tracker.update([], 0.5)
    assert tracker.update([face(110)], 0.9)[0].number == 1
    tracker.update([], 1.4)
    tracker.update([], 1.9)
    assert tracker.regions(0.9 + FORGET + 0.1) == []
    assert tracker.update([face(110)], 2.5)[0].number == 2


def test_where_frames_are_seconds_apart_a_face_is_followed_from_one_to_the_next(
    tracker: Tracker,
) -> None:
    seen = [tracker.update([face(100)], time)[0] for time in (0.0, 2.0, 4.0)]
    tracker.update([], 6.0)  # not found once
    seen += tracker.update([face(100)], 8.0)
    assert [track.number for track in seen] == [1, 1, 1, 1]
    assert [track.gap for track in seen] == [0, 2, 2, 4]
    tracker.update([], 9.0)
    tracker.update([], 10.0)
    assert tracker.update([face(100)], 10.1)[0].number == 2  # not found twice


def test_after_a_camera_was_away_for_long_nobody_is_followed(tracker: Tracker) -> None:
    tracker.update([face(100)], 0.0)
    assert tracker.update([face(100)], 5.1)[0].number == 2


def test_where_it_is_looked_for_moves_on_with_the_face(tracker: Tracker) -> None:
    for i in range(6):
        tracker.update([face(100 + 10 * i)], i / 10)
    ((left, _, right, _),) = tracker.regions(0.6)
    assert 155 < (left + right) / 2 < 165


def test_two_faces_that_come_together_are_unsure(tracker: Tracker) -> None:
    for i in range(5):
        seen = tracker.update([face(100 + 20 * i), face(300 - 20 * i)], i / 10)
        assert all(track.sure for track in seen)
    seen = tracker.update([face(193), face(207)], 0.5)
    assert not any(track.sure for track in seen)


def test_a_track_begun_anew_has_a_number_never_used(tracker: Tracker) -> None:
    (track,) = tracker.update([face(100)], 0.0)
    fresh = tracker.renew(track)
    assert fresh.number != track.number
    assert tracker.update([face(101)], 0.1)[0].number == fresh.number


places = st.lists(st.tuples(st.floats(0, 600), st.floats(0, 400)), max_size=6)


@given(places, places)
@pytest.mark.slow
def test_every_face_and_every_track_is_used_once(
    old: list[tuple[float, float]], new: list[tuple[float, float]]
) -> None:
    pairs = assign([face(*at).box for at in old], [face(*at).box for at in new])
    assert len({t for t, _, _ in pairs}) == len(pairs) == len({f for _, f, _ in pairs})


@given(st.lists(places, max_size=8))
@pytest.mark.slow
def test_numbers_are_never_shared_whatever_comes(frames: list[list[tuple[float, float]]]) -> None:
    tracker = Tracker(itertools.count(1))
    for i, spots in enumerate(frames):
        seen = tracker.update([face(*at) for at in spots], i / 10)
        assert len(seen) == len(spots)
        assert len({track.number for track in seen}) == len(seen)
