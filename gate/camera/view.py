"""Whether a camera still sees what it should: covered, blinded, frozen, turned away. Pure.

A few figures of each frame (``measure``), what they were before, and whether faces are found are
all that decides. Only what lasts counts: somebody who stands before the camera, a lamp that is off
for a minute or a lorry passing is none of these. Nothing here lets anybody in or keeps anybody out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = (64, 48)  # cells of the thumbnail
# Limits of a picture in which no face can be used; ``python -m research.unseen`` has what they do.
_DARK = 20.0  # grey levels of all but the brightest twentieth
_BURNT = 0.65  # share of pixels that are white
_GLARE = 0.3  # the same from which a lamp may be why edges are few, or not the usual ones
_WHITE = 250  # grey level
_FLAT = 0.35  # contrast
_SOFT = 0.006  # focus
_LOOSER = 1.25  # times the limit until which a picture counts as before
_STROBE = 40.0  # grey levels between successive frames' means, at most of them
_ALIKE = 0.35  # correlation of edges with the usual view below which it is another one
STILL = 1.0  # seconds of equal pictures after which they are no longer what is there now
_SAME = 0.9  # correlation with the frame before above which nothing moves
# seconds a condition lasts before it is reported
_LASTS = 20.0
_LIGHT = frozenset({"dark", "bright"})
# for these, and before they are over: lamps go out, cars pass with theirs on, all night long
_LIGHT_LASTS = 90.0
_CLOSE_LASTS = 300.0  # for another view with a face in it: somebody stands close
_SAME_FOR = 10.0  # seconds of one picture after which it is frozen, without a change between
_AWAY = 3.0  # seconds it must be away before it is over
_LEARN = 30.0  # seconds: time constant of the usual view


class Problem(StrEnum):
    COVERED = "covered"  # dark, white, flat, out of focus or flickering: no face can be used
    FROZEN = "frozen"  # the same picture again and again
    MOVED = "moved"  # another view than usual


@dataclass(frozen=True, slots=True)
class Figures:
    """One frame, in figures that text written into it by the camera hardly changes.

    Attributes:
        mean: of the grey, 0..255.
        light: grey level below which 95 % of the cells are, 0..255.
        burnt: share of white pixels, 0..1.
        contrast: the tenth strongest edge among ten cells, as a share of the light in the middle
            of them all; the same for a picture half as bright.
        focus: fine detail where there is most, as a share of all detail there; what noise adds
            everywhere does not count.
        edges: float32 (SIZE), magnitude of the gradient.
        print: equal for equal pixels.
    """

    mean: float
    light: float
    burnt: float
    contrast: float
    focus: float
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
    since: dict[Problem, float] = field(default_factory=dict)  # monotonic seconds, it began
    clear: dict[Problem, float] = field(default_factory=dict)  # monotonic seconds, seen last
    reported: frozenset[Problem] = frozenset()
    blinded: float = -math.inf  # monotonic seconds, it was dark or bright last
    flat: NDArray[np.float32] | None = None  # edges when nothing could be made out last
    wall: NDArray[np.float32] | None = None  # the same, of a view in which a face was found then

    @property
    def repeats(self) -> bool:
        """Whether the picture seen last is the one before it, pixel by pixel."""
        return self.same_since < self.seen

    @property
    def covered(self) -> bool:
        """Whether it has been reported that no face can be used."""
        return Problem.COVERED in self.reported

    @property
    def still(self) -> bool:
        """Whether the same picture has come for so long that nobody is let in by it."""
        return self.seen - self.same_since >= STILL


@dataclass(frozen=True, slots=True)
class Change:
    """A problem has begun, or is over.

    ``cause``: dark, bright, flat, blurred, flicker; still; turned.
    """

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
    edges = cv2.magnitude(cv2.Sobel(tiny, cv2.CV_32F, 1, 0), cv2.Sobel(tiny, cv2.CV_32F, 0, 1))
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0)
    fine = cv2.convertScaleAbs(cv2.Laplacian(smooth, cv2.CV_16S))
    detail = cv2.resize(fine.astype(np.float32), SIZE, interpolation=cv2.INTER_AREA)
    middle, _, light = _spread(tiny)
    usual, strong, strongest = _spread(edges)
    noise, _, most = _spread(detail)
    return Figures(
        float(grey.mean()),
        light,
        float(np.count_nonzero(grey >= _WHITE)) / grey.size,
        strong / max(middle, 8.0),
        (most - noise) / max(strongest - usual, 2.0),
        np.asarray(edges, np.float32),
        hash(image[:: max(1, height // 60)].tobytes()),
    )


def _spread(cells: NDArray[Any]) -> tuple[float, float, float]:
    """The values below which 50, 90 and 95 % of the cells are."""
    ordered = np.sort(cells, axis=None)
    middle, many, most = (float(ordered[int(share * ordered.size)]) for share in (0.5, 0.9, 0.95))
    return middle, many, most


def step(
    view: View, now_seen: Figures, now: float, *, faces: bool = False
) -> tuple[View, tuple[Change, ...]]:
    """The next view and what has begun or is over.

    Args:
        now: monotonic seconds.
        faces: whether a face was found in the newest pictures: then they can be made use of.
    """
    last = view.last
    if last is None or now < view.seen:
        return View(now_seen, now, same_since=now, usual=now_seen.edges), ()
    jump = abs(now_seen.mean - last.mean) > _STROBE
    flicker = 0.9 * view.flicker + 0.1 * jump
    since = view.same_since if now_seen.print == last.print else now
    view = replace(view, flicker=flicker, same_since=since)
    wrong = _conditions(view, now_seen, last, now, faces)
    if wrong.get(Problem.COVERED, ("",))[0] == "flat":
        view = replace(view, flat=now_seen.edges)
    view, changes = _timed(view, wrong, now)
    if faces and Change(Problem.COVERED, False) in changes:
        view = replace(view, wall=view.flat)  # a bare wall, and no cover
    if not wrong and not view.reported:
        view = _learned(view, now_seen, now - view.seen)
    return replace(view, last=now_seen, seen=now), changes


def _conditions(
    view: View, figures: Figures, last: Figures, now: float, faces: bool
) -> dict[Problem, tuple[str, float]]:
    """What is wrong at this moment: why, and for how many seconds it lasts before that counts."""
    wrong: dict[Problem, tuple[str, float]] = {}
    cause = "" if faces else unseen(figures, _LOOSER if view.covered else 1.0)
    if cause == "flat" and view.wall is not None and _alike(figures.edges, view.wall) > _ALIKE:
        cause = ""
    if cause:
        lasts = _LIGHT_LASTS if cause in _LIGHT else _LASTS
        wrong[Problem.COVERED] = cause, lasts
    elif view.flicker > 0.3:
        wrong[Problem.COVERED] = "flicker", _LASTS
    if now - view.same_since >= _SAME_FOR:
        wrong[Problem.FROZEN] = "still", 0.0
    usual = view.usual
    if Problem.COVERED not in wrong and usual is not None:
        still = _alike(figures.edges, last.edges) > _SAME
        another = _alike(figures.edges, usual) < _ALIKE
        # a person before the camera moves; a turned camera gives a steady picture
        if another and (still or Problem.MOVED in view.since):
            lasts = _LIGHT_LASTS if figures.burnt > _GLARE else _LASTS
            wrong[Problem.MOVED] = "turned", _CLOSE_LASTS if faces else lasts
    return wrong


def unseen(figures: Figures, looser: float = 1.0) -> str:
    """Why no face can be used in a picture: dark, bright, flat, blurred; "" where one could.

    ``looser``: by how much the limits are wider, dimensionless.
    """
    if figures.light < _DARK * looser:
        return "dark"
    if figures.burnt > _BURNT / looser:
        return "bright"
    if figures.contrast < _FLAT * looser:
        return "bright" if figures.burnt > _GLARE else "flat"
    return "blurred" if figures.focus < _SOFT * looser else ""


def _timed(
    view: View, wrong: dict[Problem, tuple[str, float]], now: float
) -> tuple[View, tuple[Change, ...]]:
    since, clear, reported = dict(view.since), dict(view.clear), set(view.reported)
    blinded, changes = view.blinded, list[Change]()
    for problem in Problem:
        if problem in wrong:
            cause, lasts = wrong[problem]
            clear[problem] = now
            blinded = now if cause in _LIGHT else blinded
            begun = since.setdefault(problem, now)
            if problem not in reported and now - begun >= lasts:
                reported.add(problem)
                changes.append(Change(problem, True, cause))
        elif problem in since and now - clear[problem] >= (_AWAY if problem in reported else 0.5):
            if view.covered and problem is Problem.COVERED and now - blinded < _LIGHT_LASTS:
                continue
            del since[problem]
            if problem in reported:
                reported.discard(problem)
                changes.append(Change(problem, False))
    view = replace(view, since=since, clear=clear, reported=frozenset(reported), blinded=blinded)
    return view, tuple(changes)


def _learned(view: View, figures: Figures, elapsed: float) -> View:
    share = min(1.0, elapsed / _LEARN)
    usual = figures.edges if view.usual is None else view.usual
    return replace(view, usual=np.asarray((1 - share) * usual + share * figures.edges, np.float32))


def _alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Correlation, 1 for the same edges whatever their strength."""
    a, b = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm else 0.0
