"""What FFmpeg prints while it decodes, through which a damaged picture shows.

OpenCV hands on every picture a decoder gives: also one of which packets were lost, smeared until
the next key picture, and one of another size, stretched to the first. Only FFmpeg's own messages
tell them apart.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
from enum import IntEnum

# libavformat's and libavcodec's words for packets that did not come and pictures made up for them
_DAMAGE = re.compile(
    "RTP: missed|concealing|error while decoding MB|Could not find ref|Missing reference"
)
# libavcodec's words when the stream's parameters, such as its size, are no longer the same
_CHANGED = "chosen by get_format()"
RARE = 10.0  # seconds that key pictures may be apart
FORGIVEN = 10.0  # seconds without a complaint after which pictures are whole: not all have key ones


class Effort(IntEnum):
    """How much of a stream is decoded."""

    WHOLE = 0  # one thread: each further one delays every picture by one
    ALL_CORES = 1
    KEY_PICTURES = 2  # only those that need no other: one to every few seconds

    @property
    def threads(self) -> int:
        return (os.cpu_count() or 1) if self is Effort.ALL_CORES else 1


class Printed:
    """Takes what this process prints, from then on. Used by one thread."""

    def __init__(self) -> None:
        self._file = os.memfd_create("printed")
        fcntl.fcntl(self._file, fcntl.F_SETFL, os.O_APPEND)
        self._c = ctypes.CDLL(None)
        for output in (1, 2):
            os.dup2(self._file, output)

    def new(self) -> str:
        """What was printed since this was called last."""
        self._c.fflush(None)
        text = os.pread(self._file, os.fstat(self._file).st_size, 0)
        if text:
            os.ftruncate(self._file, 0)
        return text.decode("utf-8", "replace")


class Decoding:
    """Judges the pictures of one stream in their order, by what was printed up to each."""

    def __init__(self, threads: int) -> None:
        """``threads``: of the decoder; it prints so many pictures before it gives one."""
        self._ahead = threads
        self._pictures = 0
        self._complained: tuple[int, float] | None = None  # picture and time, the latest
        self.resized = False

    def damaged(self, printed: str, key: bool, now: float) -> bool:
        """Whether the picture may be smeared; ``resized`` when its size may be another one.

        Args:
            printed: since the picture before.
            key: whether the picture needs no other.
            now: monotonic seconds.
        """
        self._pictures += 1
        # the first pictures of a stream say what it is
        self.resized |= self._pictures > 1 + self._ahead and _CHANGED in printed
        if _DAMAGE.search(printed):
            self._complained = self._pictures, now
        elif self._complained is not None:
            picture, when = self._complained
            whole = key and self._pictures - picture > self._ahead
            if whole or now - when > FORGIVEN:
                self._complained = None
        return self._complained is not None
