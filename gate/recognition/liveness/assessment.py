"""Presentation attacks (ISO/IEC 30107): is a living face before the camera?

Each frame of a track is scored; the mean over the frames becomes one log-likelihood ratio for the
track. Frames are not added up: a good print is a good print in every frame. With networks the
ratio is calibrated on live faces and attacks (``python -m research.attacks``) and bounded by
what so few attacks can show. Without them only cues remain, which may speak against the face and
never for it.
"""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gate.camera.source import Frame
from gate.models import ModelsSettings, find
from gate.models.folder import accepted
from gate.models.table import model
from gate.recognition.evidence import ATTACK
from gate.recognition.face import Liveness
from gate.recognition.interfaces import Watch
from gate.recognition.liveness.motion import display_grid, nose_place, parallax
from gate.recognition.liveness.networks import FrameTest, open_tests, scores
from gate.recognition.liveness.settings import LivenessSettings
from gate.recognition.tracking import Track

CALIBRATION = Path(__file__).with_name("assessment.json")
NETWORKS = ("minifasnet-v2", "minifasnet-v1se", "minifas-celeba", "faceplugin-liveness")
BOUND = 5.0  # nats: no evidence of one track counts for more
SHOWS = 3.0  # nats a combination of networks must be able to reach to speak for a face at all
# nats a single network must give: its errors are nobody else's to correct. At 2 the photograph held
# up in fixtures/ is not held to be live, and 82 of 84 windows of people before a webcam are.
ALONE = 2.0
CLIP = 6.0  # log-odds of a network beyond which it does not count as surer
_TRACKS = 64  # remembered
_LAST = 60  # frames remembered of a track

_T = TypeVar("_T")


def build_watch(
    settings: LivenessSettings, models: ModelsSettings, threads: int = 0
) -> Watch | None:
    """What the recogniser calls for each encoded face; None when switched off.

    Raises ModelError when an installed network cannot be read.
    """
    if settings.mode == "off":
        return None
    tests = open_tests(
        *(find(name, models) for name in NETWORKS),
        cache=models.folder,
        threads=threads,
    )
    warn = settings.mode == "warn"
    if not tests:
        return MotionWatch(warn=warn)
    names = weighty([test.name for test in tests])
    return NetworkWatch([test for test in tests if test.name in names], warn=warn)


def weighty(names: Sequence[str]) -> tuple[str, ...]:
    """Those of the networks that are run: one without weight beside the others is not."""
    weights = calibration(names).weights if names else ()
    return tuple(name for name, weight in zip(names, weights, strict=True) if weight > 0)


def networks(models: ModelsSettings) -> tuple[str, ...]:
    """The installed networks that are run."""
    return weighty([name for name in NETWORKS if find(name, models)])


def lacking(models: ModelsSettings) -> tuple[str, ...]:
    """The networks that would be run too if all that ``models`` accepts were installed."""
    wanted = weighty([name for name in NETWORKS if accepted(model(name), models)])
    return tuple(name for name in wanted if not find(name, models))


def active(settings: LivenessSettings, models: ModelsSettings) -> str:
    """One line for doctor and state: what guards against attacks, and how well."""
    if settings.mode == "off":
        return "off: a photograph opens the door"
    names = [name for name in NETWORKS if find(name, models)]
    if names:
        heard = weighty(names)
        weak = calibration(names).most < SHOWS
        more = ", alone weak; `gate models fetch` installs the others" if weak else ""
        if len(heard) == 1 and not weak:
            more = " alone: more people are asked for a card; `gate models fetch` installs others"
        return f"{settings.mode}: {' + '.join(heard)}{more}"
    # said only where it is so: with "warn" a face alone opens
    asks = (
        ": a face alone opens nothing, a card is asked for" if settings.mode == "required" else ""
    )
    return (
        f"{settings.mode}: motion and display cues only{asks or ', weak'}; "
        "`gate models fetch` installs networks"
    )


def calls_attacks(names: Sequence[str]) -> bool:
    """Whether these networks can be sure enough of a picture for it to be called an attack."""
    return calibration(names).least <= ATTACK


class NetworkWatch:
    """Liveness by networks. Belongs to the recognition thread."""

    def __init__(self, tests: Sequence[FrameTest], *, warn: bool = False) -> None:
        self._tests = tests
        self._warn = warn
        names = [test.name for test in tests]
        self._method = "+".join(names) + ("/warn" if warn else "")
        self._calibration = calibration(names)
        self._seen: OrderedDict[int, list[NDArray[np.float64]]] = OrderedDict()
        self._pool = ThreadPoolExecutor(max(1, len(tests) - 1), thread_name_prefix="liveness")

    def __call__(self, frame: Frame, track: Track) -> Liveness:
        kept = _remembered(self._seen, track.number)
        kept.append(scores(self._tests, frame.image, track.face, self._pool))
        del kept[:-_LAST]
        ratio = self._calibration.ratio(summary(np.stack(kept)))
        shown = ratio > (ALONE if len(self._tests) == 1 else 0.0)
        if self._warn or (shown and self._calibration.most < SHOWS):
            return Liveness(self._method, ratio, None)
        return Liveness(self._method, ratio, shown)


class MotionWatch:
    """Liveness without a network: it can only find some attacks, never show life."""

    def __init__(self, *, warn: bool = False) -> None:
        self._warn = warn
        self._method = "motion/warn" if warn else "motion"
        self._seen: OrderedDict[int, list[_Cues]] = OrderedDict()

    def __call__(self, frame: Frame, track: Track) -> Liveness:
        face = track.face
        kept = _remembered(self._seen, track.number)
        if face.landmarks is not None:
            kept.append(_Cues(nose_place(face.landmarks), display_grid(frame.image, face)))
            del kept[:-_LAST]
        seconds = track.last_seen - track.first_seen
        ratio = cue_ratio([c.place for c in kept], [c.grid for c in kept], seconds)
        live = False if ratio < 0 and not self._warn else None
        return Liveness(self._method, ratio, live)


@dataclass(frozen=True, slots=True, eq=False)
class _Cues:
    place: NDArray[np.float64]
    grid: float


def summary(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean score of each network over the frames, float64 (n, networks) → (networks,)."""
    return np.asarray(np.clip(frames, -CLIP, CLIP).mean(axis=0), dtype=np.float64)


def cue_ratio(
    places: Sequence[NDArray[np.float64]], grids: Sequence[float], seconds: float
) -> float:
    """Log-likelihood ratio of the cues of a track, nats, 0 or less.

    Args:
        places: float64 (5, 2) for each frame, the landmarks.
        grids: ``display_grid`` of each frame, dimensionless.
        seconds: for how long the track was watched.
    """
    known = _kept().cues
    if not grids:
        return 0.0
    grid = float(np.median(grids))
    ratio = min(0.0, known["grid_slope"] * (known["grid"] - grid))
    # a head that is looked at for so long turns at least a little
    if (
        seconds >= known["seconds"]
        and len(places) >= known["frames"]
        and parallax(places) < known["parallax"]
    ):
        ratio += known["flat_ratio"]
    return max(-BOUND, ratio)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weighted sum of the networks' mean scores to nats, bounded (logistic calibration and fusion,
    Brümmer and du Preez 2006).

    Attributes:
        weights: nats for each unit of a network's log-odds.
        offset: nats.
    """

    weights: tuple[float, ...]
    offset: float

    @property
    def most(self) -> float:
        """The highest ratio it can give, nats."""
        return min(BOUND, CLIP * sum(self.weights) + self.offset)

    @property
    def least(self) -> float:
        """The lowest ratio it can give, nats."""
        return max(-BOUND, self.offset - CLIP * sum(self.weights))

    def ratio(self, values: NDArray[np.float64]) -> float:
        """Log-likelihood ratio, nats, of the networks' mean scores, float64 (k,)."""
        nats = float(np.dot(self.weights, values)) + self.offset
        return max(-BOUND, min(BOUND, nats)) if math.isfinite(nats) else 0.0


def calibration(names: Sequence[str]) -> Calibration:
    """The fusion of the networks that are installed, in the order of ``NETWORKS``."""
    weights, offset = _kept().networks["+".join(names)]
    return Calibration(tuple(weights), offset)


@dataclass(frozen=True, slots=True)
class _Kept:
    networks: dict[str, tuple[list[float], float]]
    cues: dict[str, float]


@lru_cache(maxsize=1)
def _kept() -> _Kept:
    kept = json.loads(CALIBRATION.read_text())
    return _Kept(kept["networks"], kept["cues"])


def _remembered(seen: OrderedDict[int, list[_T]], number: int) -> list[_T]:
    kept = seen.setdefault(number, [])
    seen.move_to_end(number)
    while len(seen) > _TRACKS:
        seen.popitem(last=False)
    return kept
