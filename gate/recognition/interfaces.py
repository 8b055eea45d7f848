"""What the recogniser asks of its parts: quality, liveness, a matcher and its calibration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gate.camera.source import Frame
from gate.recognition.face import Face, Image, Liveness, Vector
from gate.recognition.matching.matcher import Identification
from gate.recognition.tracking import Track

Assess = Callable[[Image, Face], Face]  # the face with its quality, and why it is unusable
Watch = Callable[[Frame, Track], Liveness]  # liveness of the track as far as it was watched


class Ratios(Protocol):
    """What the recogniser asks of a calibration; see ``matching.calibration``."""

    def asked_of(self, people: int) -> float:
        """The FPIR to ask for in a gallery of so many people."""
        ...

    def threshold_at(self, fpir: float) -> float:
        """The score (dimensionless) an impostor reaches at the rate ``fpir``."""
        ...

    @property
    def verify_threshold(self) -> float:
        """The score (dimensionless) needed against one claimed person."""
        ...

    def llr(self, score: NDArray[np.float64] | float, /) -> NDArray[np.float64]:
        """Log-likelihood ratios, nats, float64 (n,); ``score``: dimensionless (n,), the best."""
        ...


class Matching(Protocol):
    """What the recogniser asks of a matcher; see ``matching.matcher``."""

    @property
    def encoder(self) -> str:
        """Whose vectors may be matched."""
        ...

    @property
    def version(self) -> str:
        """Of whitening and calibration."""
        ...

    @property
    def calibration(self) -> Ratios:
        """What scores are worth."""
        ...

    @property
    def people(self) -> int:
        """How many people are enrolled."""
        ...

    def identify(self, probes: Vector, encoder: str) -> Identification:
        """The two best people for probes, float32 (n, d)."""
        ...

    def verify(self, probes: Vector, encoder: str, person: int) -> Vector:
        """Scores, float32 (n,), of probes, float32 (n, d), against one person."""
        ...
