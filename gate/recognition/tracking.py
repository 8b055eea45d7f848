"""Which face of this frame is which face of the last one: by place and size alone.

Whether it is still the same person is not decided here but by the vectors; see evidence.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from gate.recognition.box import Box, overlap
from gate.recognition.face import Face

FORGET = 1.0  # seconds without being seen after which a track ends
# On a slow machine the next frame is later than that: whoever was in one of the last looks is
# followed all the same, for so many seconds at most. The vectors say whether it is still them.
_MOST = 5.0
_MISSED = 2  # looks in which a face was not found, after which only FORGET keeps its track
_REACH = 0.7  # of the face's width: how far its middle may move beyond what was foreseen
_GROWTH = 1.6  # how much larger or smaller it may become
_DOUBT = 0.4  # a rival this good, as a share of the best, makes the choice unsure


@dataclass(frozen=True, slots=True)
class Track:
    """One face followed through the frames of one camera.

    Attributes:
        number: of the track, never used again.
        face: as seen last.
        first_seen, last_seen: monotonic seconds.
        frames: in which it was seen.
        speed: of its middle, pixels a second.
        sure: False when another face or track was nearly as good a match this time.
        gap: seconds between the last two times it was seen.
        missed: looks since then in which it was not found.
    """

    number: int
    face: Face
    first_seen: float
    last_seen: float
    frames: int = 1
    speed: tuple[float, float] = (0.0, 0.0)
    sure: bool = True
    gap: float = 0.0
    missed: int = 0

    def foreseen(self, time: float) -> Box:
        """Where the face should be at ``time``."""
        wait = min(max(0.0, time - self.last_seen), FORGET)
        dx, dy = self.speed[0] * wait, self.speed[1] * wait
        left, top, right, bottom = self.face.box
        return left + dx, top + dy, right + dx, bottom + dy


@dataclass(slots=True)
class Tracker:
    """The tracks of one camera. Owned by the recognition thread."""

    numbers: Iterable[int]
    tracks: list[Track] = field(default_factory=list)

    def regions(self, time: float) -> list[Box]:
        """Where to look for the faces that are followed."""
        self._forget(time)
        return [track.foreseen(time) for track in self.tracks]

    def update(self, faces: Sequence[Face], time: float) -> list[Track]:
        """The track of each face, in the order of ``faces``; new ones are begun."""
        self._forget(time)
        pairs = assign([track.foreseen(time) for track in self.tracks], [f.box for f in faces])
        following = {face: (track, sure) for track, face, sure in pairs}
        seen: list[Track] = []
        for index, face in enumerate(faces):
            if index in following:
                old, sure = following[index]
                seen.append(_followed(self.tracks[old], face, time, sure))
            else:
                seen.append(Track(next(iter(self.numbers)), face, time, time))
        numbers = {track.number for track in seen}
        self.tracks = seen + [
            replace(track, missed=track.missed + 1)
            for track in self.tracks
            if track.number not in numbers
        ]
        return seen

    def renew(self, track: Track) -> Track:
        """Begin again where ``track`` is: it turned out to be somebody else."""
        time = track.last_seen
        fresh = Track(next(iter(self.numbers)), track.face, time, time, speed=track.speed)
        self.tracks = [fresh if old.number == track.number else old for old in self.tracks]
        return fresh

    def _forget(self, time: float) -> None:
        self.tracks = [
            track
            for track in self.tracks
            if abs(time - track.last_seen) <= (FORGET if track.missed >= _MISSED else _MOST)
        ]


def assign(tracks: Sequence[Box], faces: Sequence[Box]) -> list[tuple[int, int, bool]]:
    """Pairs of a track and a face, best first, each used once; and whether the pair is sure."""
    worth = {
        (t, f): value
        for t, track in enumerate(tracks)
        for f, face in enumerate(faces)
        if (value := similarity(track, face)) > 0
    }
    pairs: list[tuple[int, int, bool]] = []
    for (t, f), value in sorted(worth.items(), key=lambda item: -item[1]):
        if any(t == other_t or f == other_f for other_t, other_f, _ in pairs):
            continue
        rivals = [v for key, v in worth.items() if key != (t, f) and (key[0] == t or key[1] == f)]
        pairs.append((t, f, max(rivals, default=0.0) < _DOUBT * value))
    return pairs


def similarity(a: Box, b: Box) -> float:
    """How well two boxes may be one face, 0..2: the overlap, and how near the middles are."""
    size_a, size_b = max(a[2] - a[0], 1.0), max(b[2] - b[0], 1.0)
    size = max(size_a, size_b)
    if size > _GROWTH * min(size_a, size_b):
        return 0.0
    dx, dy = (a[0] + a[2] - b[0] - b[2]) / 2, (a[1] + a[3] - b[1] - b[3]) / 2
    away = (dx * dx + dy * dy) ** 0.5 / size
    return overlap(a, b) + (1 - away / _REACH) if away < _REACH else 0.0


def _followed(track: Track, face: Face, time: float, sure: bool) -> Track:
    wait = time - track.last_seen
    speed = track.speed
    if wait > 0:
        old, new = track.face.box, face.box
        dx, dy = (new[0] + new[2] - old[0] - old[2]) / 2, (new[1] + new[3] - old[1] - old[3]) / 2
        # half old, half new: one shaky box does not throw the next search off
        speed = ((speed[0] + dx / wait) / 2, (speed[1] + dy / wait) / 2)
    return replace(
        track,
        face=face,
        last_seen=time,
        frames=track.frames + 1,
        speed=speed,
        sure=sure,
        gap=wait,
        missed=0,
    )
