"""Who was let in by what they showed, until the door is released for them; uses of their permits.

A use of a permit is reserved by the grant and counted before the door is released, so that a power
cut in that moment costs a use, and does not give one away. Where the door stays shut it is given
back; in between nobody else can have it.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future

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
        # serials of permits, and whether the register has counted a use of them
        self._released: deque[tuple[str, Future[bool]]] = deque()

    def heard(self, output: outputs.Output) -> bool | None:
        """What readers have to show: True green, False red; None: nothing yet, or nothing new."""
        with self._lock:
            match output:
                case outputs.Decided(passage, decision):
                    return self._decided(passage, decision)
                case outputs.Released(passage) if passage in self._waiting:
                    self._release(self._waiting.pop(passage))
                    return True
                case outputs.EventOut("passage.ended", passage, details):
                    waited = self._waiting.pop(passage, None) is not None
                    return False if waited and details["passed"] is False else None
        return None

    def releasing(self, passage: str) -> Future[bool] | None:
        """The door is about to be released. Whether the register can count the use of a permit;
        None where nothing is to be counted."""
        with self._lock:
            serial = self._waiting.get(passage, "")
            if not serial:
                return None
            self._waiting[passage] = ""
            return self._release(serial)

    def reserved(self, serial: str) -> int:
        """How many uses of a permit the register does not have yet."""
        with self._lock:
            waiting = sum(each == serial for each in self._waiting.values())
            return waiting + sum(each == serial for each, _ in self._released)

    def uncounted(self) -> str | None:
        """The serial of a permit that has opened; None when all are counted."""
        with self._lock:
            return self._released[0][0] if self._released else None

    def counted(self, kept: bool = True) -> None:
        """The register has the use of ``uncounted``, or (``kept`` False) has none left to count."""
        with self._lock:
            _, use = self._released.popleft()
        use.set_result(kept)

    def _release(self, serial: str) -> Future[bool] | None:
        if not serial:
            return None
        use: Future[bool] = Future()
        self._released.append((serial, use))
        return use

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
