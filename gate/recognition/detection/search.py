"""Where in a frame faces are searched: as little of it as finds everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gate.camera.source import Frame
from gate.recognition.box import Box
from gate.recognition.detection.detector import Detector
from gate.recognition.detection.motion import Thumbnail, changed, thumbnail
from gate.recognition.face import Face, Image

SMALLEST_IMAGE = 32  # pixels a side
SEARCH_IDLE = 0.1  # seconds between two searches of what has changed while nobody is there
EARLY = 0.01  # seconds: rather a look a little early than a frame late


@dataclass(frozen=True, slots=True)
class _Searched:
    """When one camera's image was searched: the whole of it, any of it; and how it looked."""

    whole: float
    any: float
    picture: Thumbnail


class FaceSearch:
    """Remembers of each camera when its image was searched. Not safe for threads."""

    def __init__(self, detector: Detector, every: float) -> None:
        """``every``: seconds between two searches of a whole image."""
        self._detector = detector
        self._every = every
        self._last: dict[str, _Searched] = {}  # by camera

    def is_recent(self, frame: Frame) -> bool:
        """Whether the whole image of this camera was searched less than ``every`` seconds ago."""
        last = self._last.get(frame.camera)
        # a clock that jumped back is no reason to wait
        return last is not None and 0 <= frame.captured - last.whole < self._every - EARLY

    def faces(self, frame: Frame, regions: Sequence[Box], expected: int) -> list[Face]:
        """Faces, searched around those followed, or where something changed, if that will do.

        Args:
            frame: its image uint8 (h, w, 3), BGR.
            regions: boxes in pixels where those who are followed may be now; empty for nobody.
            expected: how many were seen in the frame before; with fewer the whole is searched.
        """
        now, image = frame.captured, frame.image
        last = self._last.get(frame.camera)
        if last is not None and self.is_recent(frame):
            if regions:
                faces = self._detector.detect(image, regions)
                if len(faces) >= expected:
                    return faces  # nobody lost since the last frame
            else:
                if now - last.any < SEARCH_IDLE - EARLY:
                    return []
                picture = thumbnail(image)
                box = changed(last.picture, picture, image.shape[1], image.shape[0])
                self._last[frame.camera] = replace(last, any=now, picture=picture)
                return self._within(image, box) if box else []
        self._last[frame.camera] = _Searched(now, now, thumbnail(image))
        return self._detector.detect(image)

    def _within(self, image: Image, box: Box) -> list[Face]:
        left, top, right, bottom = (int(edge) for edge in box)
        if min(right - left, bottom - top) < SMALLEST_IMAGE:
            return []
        faces = self._detector.detect(np.ascontiguousarray(image[top:bottom, left:right]))
        return [face.moved(left, top) for face in faces]
