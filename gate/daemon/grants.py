"""Who was let in by what they showed, until the door is released for them; uses of their permits.

A use of a permit is reserved by the grant and counted when the door is released. Where the door
stays shut it is given back; in between nobody else can have it.
"""

from __future__ import annotations

import threading
from collections import deque

from gate.access.decision import Decision, Method, Outcome
from gate.passage import outputs


class Grants:
    """``heard`` belongs to the main loop, ``uncounted`` and ``counted`` to one other thread; any
    thread may ask for what is reserved.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards both
        # passage → serial of the permit, "" where it was none
        self._waiting: dict[str, str] = {}
        self._released: deque[str] = deque()  # serials of permits

    def heard(self, output: outputs.Output) -> bool | None:
        """What readers have to show: True green, False red; None: nothing yet, or nothing new."""
        with self._lock:
            match output:
                case outputs.Decided(passage, decision):
                    return self._decided(passage, decision)
                case outputs.Released(passage) if passage in self._waiting:
                    serial = self._waiting.pop(passage)
                    if serial:
                        self._released.append(serial)
                    return True
                case outputs.EventOut("passage.ended", passage, details):
                    waited = self._waiting.pop(passage, None) is not None
                    return False if waited and details["passed"] is False else None
        return None

    def reserved(self, serial: str) -> int:
        """How many uses of a permit the register does not have yet."""
        with self._lock:
            waiting = sum(each == serial for each in self._waiting.values())
            return waiting + self._released.count(serial)

    def uncounted(self) -> str | None:
        """The serial of a permit that has opened; None when all are counted."""
        with self._lock:
            return self._released[0] if self._released else None

    def counted(self) -> None:
        """The register has the use of ``uncounted``."""
        with self._lock:
            self._released.popleft()

    def _decided(self, passage: str, decision: Decision) -> bool | None:
        if decision.method is Method.FACE:
            return None
        if decision.outcome is not Outcome.GRANT:
            self._waiting.pop(passage, None)
            return False
        if decision.rule != "grant":  # the door is open anyway: no use is counted
            return True
        permit = decision.method is Method.PERMIT and decision.request.credential
        self._waiting[passage] = permit.serial if permit else ""
        return None
