"""Whether a camera still sees what it should: covered, defocused, frozen, turned away. Pure.

A few figures of each frame (``measure``) and what they were before decide. Only what lasts counts:
somebody who stands before the camera, a lamp switched on or a lorry passing is none of these.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = (64, 48)  # pixels of the thumbnail
_FLAT = 5.0  # grey levels: standard deviation below which nothing can be made out
_SOFT = 0.12  # share of the usual sharpness below which the picture is out of focus
_STROBE = 40.0  # grey levels between successive frames' means, at most of them
_ALIKE = 0.35  # correlation of edges with the usual view below which it is another one
STILL = 1.0  # seconds of equal pictures after which they are no longer what is there now
_SAME = 0.9  # correlation with the frame before above which nothing moves
# seconds a condition lasts before it is reported, and must be away before it is over
_LASTS = {"covered": 10.0, "frozen": 0.0, "moved": 20.0}
_SAME_FOR = 10.0  # seconds of one picture after which it is frozen, without a change between
_AWAY = 3.0
_LEARN = 30.0  # seconds: time constant of the usual view


class Problem(StrEnum):
    COVERED = "covered"  # dark, flat, out of focus or flickering: no face can be found
    FROZEN = "frozen"  # the same picture again and again
    MOVED = "moved"  # another view than usual


@dataclass(frozen=True, slots=True)
class Figures:
    """One frame: brightness, sharpness, edges, and a sum of its pixels.

    Attributes:
        mean, spread: mean and standard deviation of the grey, 0..255.
        edges: float32 (SIZE), magnitude of the gradient.
        sharpness: variance of the Laplacian of a picture 320 pixels wide, squared grey levels.
        print: equal for equal pixels.
    """

    mean: float
    spread: float
    sharpness: float
    edges: NDArray[np.float32]
    print: int


@dataclass(frozen=True, slots=True)
class View:
    """What is known of one camera; times are monotonic seconds."""

    last: Figures | None = None
    seen: float = 0.0
    flicker: float = 0.0  # running share, 0..1, of frames that jump in brightness
    same_since: float = 0.0  # monotonic seconds at which the picture was seen first
    usual: NDArray[np.float32] | None = None  # edges, slowly learned
    sharpness: float = 0.0  # the usual variance, squared grey levels
    since: dict[Problem, float] = field(default_factory=dict)  # monotonic seconds, it began
    clear: dict[Problem, float] = field(default_factory=dict)  # monotonic seconds, seen last
    reported: frozenset[Problem] = frozenset()

    @property
    def repeats(self) -> bool:
        """Whether the picture seen last is the one before it, pixel by pixel."""
        return self.same_since < self.seen

    @property
    def still(self) -> bool:
        """Whether the same picture has come for so long that nobody is let in by it."""
        return self.seen - self.same_since >= STILL


@dataclass(frozen=True, slots=True)
class Change:
    """A problem has begun, or is over. ``cause``: dark, flat, blurred, flicker, still, turned."""

    problem: Problem
    begins: bool
    cause: str = ""


def measure(image: NDArray[np.uint8]) -> Figures:
    """The figures of an image, BGR uint8 (height, width, 3). About a millisecond."""
    height, width = image.shape[:2]
    scale = min(1.0, 320 / width)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY))
    tiny = cv2.resize(grey, SIZE, interpolation=cv2.INTER_AREA).astype(np.float32)
    across = cv2.Sobel(tiny, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(tiny, cv2.CV_32F, 0, 1)
    return Figures(
        float(grey.mean()),
        float(grey.std()),
        float(cv2.Laplacian(grey, cv2.CV_64F).var()),
        np.asarray(cv2.magnitude(across, down), np.float32),
        hash(image[:: max(1, height // 60)].tobytes()),
    )


def step(view: View, now_seen: Figures, now: float) -> tuple[View, tuple[Change, ...]]:
    """The next view and what has begun or is over."""
    last = view.last
    if last is None or now < view.seen:
        first = View(now_seen, now, same_since=now, usual=now_seen.edges)
        return replace(first, sharpness=now_seen.sharpness), ()
    jump = abs(now_seen.mean - last.mean) > _STROBE
    flicker = 0.9 * view.flicker + 0.1 * jump
    since = view.same_since if now_seen.print == last.print else now
    view = replace(view, flicker=flicker, same_since=since)
    causes = _conditions(view, now_seen, last, now)
    view, changes = _timed(view, causes, now)
    if not causes and not view.reported:
        view = _learned(view, now_seen, now - view.seen)
    return replace(view, last=now_seen, seen=now), changes


def _conditions(view: View, figures: Figures, last: Figures, now: float) -> dict[Problem, str]:
    causes: dict[Problem, str] = {}
    if figures.spread < _FLAT:
        causes[Problem.COVERED] = "dark" if figures.mean < 40 else "flat"
    elif view.flicker > 0.3:
        causes[Problem.COVERED] = "flicker"
    elif figures.sharpness < _SOFT * view.sharpness:
        causes[Problem.COVERED] = "blurred"
    if now - view.same_since >= _SAME_FOR:
        causes[Problem.FROZEN] = "still"
    usual = view.usual
    if Problem.COVERED not in causes and usual is not None:
        still = _alike(figures.edges, last.edges) > _SAME
        another = _alike(figures.edges, usual) < _ALIKE
        # a person before the camera moves; a turned camera gives a steady picture
        if another and (still or Problem.MOVED in view.since):
            causes[Problem.MOVED] = "turned"
    return causes


def _timed(view: View, causes: dict[Problem, str], now: float) -> tuple[View, tuple[Change, ...]]:
    since, clear, reported = dict(view.since), dict(view.clear), set(view.reported)
    changes: list[Change] = []
    for problem in Problem:
        if problem in causes:
            clear[problem] = now
            begun = since.setdefault(problem, now)
            if problem not in reported and now - begun >= _LASTS[problem]:
                reported.add(problem)
                changes.append(Change(problem, True, causes[problem]))
        elif problem in since and now - clear[problem] >= (_AWAY if problem in reported else 0.5):
            del since[problem]
            if problem in reported:
                reported.discard(problem)
                changes.append(Change(problem, False))
    return replace(view, since=since, clear=clear, reported=frozenset(reported)), tuple(changes)


def _learned(view: View, figures: Figures, elapsed: float) -> View:
    share = min(1.0, elapsed / _LEARN)
    usual = figures.edges if view.usual is None else view.usual
    return replace(
        view,
        usual=np.asarray((1 - share) * usual + share * figures.edges, np.float32),
        sharpness=(1 - share) * view.sharpness + share * figures.sharpness,
    )


def _alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Correlation, 1 for the same edges whatever their strength."""
    a, b = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm else 0.0
