"""Which pictures of a stream the capture process hands on, and when it gives the stream up."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from gate.camera.decoding import Decoding
from gate.camera.lateness import Lateness

# libjpeg's words for a picture of which the end is missing; it makes the rest grey
_TORN = re.compile("premature end", re.IGNORECASE)


class Ended(IntEnum):
    """Exit statuses of the capture process."""

    CANNOT_OPEN = 3
    STREAM = 4
    REFUSED = 5
    NO_STREAM = 6
    BEHIND = 7  # the box is too slow for the stream
    CHANGED = 8  # the stream has another size now
    DAMAGED = 9  # packets get lost on the way
    LATE = 10  # the box is too slow even for the least of the stream


@dataclass
class Judge:
    """Used by one thread.

    Attributes:
        lateness: None for a source without time stamps.
        decoding: None for a source that FFmpeg does not decode.
        printed: what this process printed since it was called last.
        silent_after: seconds without a picture to hand on after which the stream is given up.
        slower: whether less of the stream can be decoded where the box is too slow.
        sizes: whether the stream is given up when its size changes.
    """

    lateness: Lateness | None = None
    decoding: Decoding | None = None
    printed: Callable[[], str] = str
    silent_after: float = 3.0
    slower: bool = False
    sizes: bool = True
    _well: float | None = field(default=None, init=False)  # monotonic seconds, the latest

    def verdict(self, stamp: float, key: bool, now: float) -> Ended | bool:
        """Whether to hand a picture on, or why the stream is given up.

        Args:
            stamp: of the picture, seconds since some moment of the stream.
            key: whether the picture needs no other.
            now: monotonic seconds at which it came.
        """
        damaged = False
        if self.decoding:
            damaged = self.decoding.damaged(self.printed(), key, now)
            if self.decoding.resized and self.sizes:
                return Ended.CHANGED
        late = self.lateness is not None and self.lateness.late(stamp, now)
        if self._well is None or not (late or damaged):
            self._well = now
        if now - self._well > self.silent_after:
            if not late:
                return Ended.DAMAGED
            # whatever is late for so long, and believed, waits here: see ``Lateness``
            return Ended.BEHIND if self.slower else Ended.LATE
        return not (late or damaged)

    def torn(self) -> bool:
        """Whether the picture decoded just now, by other means than FFmpeg, is only half there."""
        return self.decoding is None and bool(_TORN.search(self.printed()))
