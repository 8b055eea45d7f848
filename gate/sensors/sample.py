"""One value as a sensor sent it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Sample:
    """Degrees Celsius.

    Attributes:
        raw: surface temperature of what is before the sensor.
        ambient: the sensor's own temperature, None when it gives none.
        measured: monotonic seconds.
        image: float32 (24, 32) of a thermal camera, else None.
    """

    raw: float
    ambient: float | None
    measured: float
    image: NDArray[np.float32] | None = None
