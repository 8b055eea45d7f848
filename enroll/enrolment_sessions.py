"""An enrolment session: the views of one person before the desk's camera, until they are saved.

Kept in memory only: templates, never pictures.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gate.recognition.face import Face
from gate.services.enrolment import MOST, Shot

# what the person is asked for, one after the other
STEPS = ("straight", "left", "right", "up", "near")
_TURNED = 0.07  # of the distance between the eyes: a small turn, kept small for encoders' sake
_NEARER = 1.12
_PAUSE = 0.35  # seconds between two views, so that they differ
_PATIENCE = 3.0  # seconds after which any good view will do for a step
_KEPT = 900.0  # seconds without a frame after which an enrolment session is forgotten
_MOST_SESSIONS = 200


@dataclass(slots=True)
class EnrolmentSession:
    """Views so far. Changed by ``offer`` and ``drop`` only."""

    shots: list[Shot] = field(default_factory=list)
    step_began: float = 0.0
    last_taken: float = -1e9
    touched: float = 0.0
    first: tuple[float, float, float] | None = None  # pose of the first view

    @property
    def step(self) -> str:
        """What to ask for now; "" when complete."""
        return STEPS[len(self.shots)] if len(self.shots) < MOST else ""

    def wants(self, face: Face, now: float) -> bool:
        """Whether this face is the view asked for."""
        if not self.step or now - self.last_taken < _PAUSE:
            return False
        if not self.step_began:
            self.step_began = now
        return now - self.step_began >= _PATIENCE or self._fits(pose(face))

    def take(self, shot: Shot, now: float) -> None:
        if not self.shots and shot.face is not None:
            self.first = pose(shot.face)
        self.shots.append(shot)
        self.last_taken = now
        self.step_began = now

    def drop(self, view: int) -> None:
        """Take a view back, to be taken again."""
        if 0 <= view < len(self.shots):
            _wipe(self.shots.pop(view))

    def _fits(self, now: tuple[float, float, float]) -> bool:
        if self.first is None or self.step == "straight":
            return abs(now[0]) < 0.15
        turn, tilt, size = (here - there for here, there in zip(now, self.first, strict=True))
        match self.step:
            case "left":
                return turn < -_TURNED
            case "right":
                return turn > _TURNED
            case "up":
                return tilt < -_TURNED
            case _:
                return size > self.first[2] * (_NEARER - 1)


def pose(face: Face) -> tuple[float, float, float]:
    """Turn and tilt of the nose against the eyes, in eye distances, and the face's width."""
    if face.landmarks is None:
        return 0.0, 0.0, face.width
    eyes = face.landmarks[:2]
    distance = float(np.linalg.norm(eyes[1] - eyes[0])) or 1.0
    nose = (face.landmarks[2] - eyes.mean(axis=0)) / distance
    return float(nose[0]), float(nose[1]), face.width


class EnrolmentSessions:
    """EnrolmentSessions by account and person; old ones are forgotten."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._sessions: dict[tuple[int, int], EnrolmentSession] = {}

    def of(self, account: int, person: int) -> EnrolmentSession:
        now = self._now()
        with self._lock:
            for key in [k for k, s in self._sessions.items() if now - s.touched > _KEPT]:
                self._end(key)
            session = self._sessions.setdefault((account, person), EnrolmentSession())
            session.touched = now
            while len(self._sessions) > _MOST_SESSIONS:
                self._end(min(self._sessions, key=lambda key: self._sessions[key].touched))
            return session

    def end(self, account: int, person: int) -> None:
        """Forget an enrolment session; its numbers are overwritten."""
        with self._lock:
            self._end((account, person))

    def _end(self, key: tuple[int, int]) -> None:
        session = self._sessions.pop(key, None)
        for shot in session.shots if session else ():
            _wipe(shot)


def _wipe(shot: Shot) -> None:
    for vector in shot.vectors.values():
        if vector.flags.writeable:
            vector.fill(0.0)
