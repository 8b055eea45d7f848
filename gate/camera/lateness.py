"""How late a frame of a network stream came: what waited on its way is an old picture.

A network that stalls for two seconds delivers them all at once afterwards, and a box too slow for a
stream falls behind it without end. RTP stamps each frame, so both show: the frame comes later after
its stamp than the others of its stream.
"""

from __future__ import annotations

import fcntl
import os
import stat
import termios
from collections.abc import Callable
from pathlib import Path

LATE = 0.5  # seconds after which a frame is not shown as the present
# seconds by which a frame comes sooner after its stamp than any before it, which shows that those
# waited in a buffer: a stream begins with what was read to find out what it is
SOONER = 0.02
DRIFT = 0.0003  # seconds a second by which the clocks of camera and box may differ
# seconds of late frames, with nothing waiting to be read, after which the stamps are not believed:
# some cameras count frames instead of measuring time
DOUBT = 1.0
BACK = (
    1.0  # seconds by which a stamp is before the one before it where a camera's clock was set back
)


class Lateness:
    """Judges the frames of one stream in their order. Used by one thread."""

    def __init__(self, waiting: Callable[[], bool]) -> None:
        """``waiting``: whether more of the stream has arrived than was read."""
        self._waiting = waiting
        self._believed = True
        self._usual: float | None = None  # seconds from stamp to arrival, at the soonest
        self._at = 0.0
        self._stamp = 0.0
        self._late_since: float | None = None

    def late(self, stamp: float, now: float) -> bool:
        """Whether the frame is too old to be shown as the present.

        Args:
            stamp: of the frame, seconds since some moment of the stream.
            now: monotonic seconds at which it came.
        """
        if not self._believed:
            return False
        if stamp < self._stamp - BACK:
            self._usual = None
        self._stamp = stamp
        took = now - stamp
        if self._usual is None or took < self._usual - SOONER:
            self._usual, self._at, self._late_since = took, now, None
            return True  # it may have waited, too: the next one shows
        self._usual = min(took, self._usual + DRIFT * (now - self._at))
        self._at = now
        if took - self._usual <= LATE:
            self._late_since = None
            return False
        if self._late_since is None:
            self._late_since = now
        if now - self._late_since > DOUBT and not self._waiting():
            self._believed = False
        return self._believed


def unread() -> bool:
    """Whether a connection of this process holds bytes that were not read yet."""
    for number in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        try:
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            if any(fcntl.ioctl(number, termios.FIONREAD, bytes(4))):
                return True
        except OSError:  # closed meanwhile, or a socket that cannot say
            continue
    return False
