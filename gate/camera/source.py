"""A frame, and what supplies frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """One image of one camera.

    Attributes:
        image: BGR, uint8, shape (height, width, 3). Never written to after capture.
        captured: monotonic seconds at the moment of capture.
        number: counts the frames of this source from 0; gaps are dropped frames.
        camera: the name of the camera in the configuration.
    """

    image: NDArray[np.uint8]
    captured: float
    number: int
    camera: str = "main"


class FrameSource(Protocol):
    """A camera, or something that plays one."""

    name: str

    def open(self) -> None:
        """Start. Raises CameraError when there is nothing to open."""
        ...

    def read(self, timeout: float) -> Frame | None:
        """The newest frame not yet delivered, or None if none came within ``timeout`` seconds.

        Raises CameraError for a frame that cannot be decoded (the next call goes on), and
        EndOfRecording when a recording is over.
        """
        ...

    def close(self) -> None:
        """Stop and let go of the device. May be called twice."""
        ...


class EndOfRecording(Exception):
    """A recording has no more frames. Not an error."""
