"""A controller with an OSDP port: libosdp's control panel behind a simulated port."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import osdp  # type: ignore[import-untyped]

from gate.readers import wiegand
from gate.readers.osdp import light
from gate.simulators.osdp_reader import OsdpDevice

# seconds for one attempt at the secure channel
AGAIN = 2.0


class OsdpController(OsdpDevice):
    """Says yes to the cards it knows, by a green light, and no to others, by a red one.

    ``key``: 16 bytes of the secure channel. ``cards``: by their bits as a number. Close it to end
    libosdp's threads.
    """

    def __init__(
        self, key: bytes, address: int = 0, knows: Callable[[int], bool] = lambda card: False
    ) -> None:
        super().__init__()
        self.seen: list[tuple[int, int]] = []  # length in bits, bits as a number
        self.silent = False  # cards are not answered
        self._knows = knows
        self._address = address
        reader = osdp.PDInfo(
            address, self._wire, scbk=key, name="gate", flags=[osdp.LibFlag.EnforceSecure]
        )
        self._panel = osdp.ControlPanel([reader], log_level=osdp.LogLevel.Emergency)
        self._panel.start()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="controller", daemon=True)
        self._thread.start()

    @property
    def secure(self) -> bool:
        return bool(self._panel.is_sc_active(self._address))

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5.0)
        self._panel.teardown()

    def light(self, granted: bool) -> None:
        """The answer of a controller: a light for a second."""
        self._panel.submit_command(self._address, light(granted, 10))

    def _run(self) -> None:
        begun = time.monotonic()
        while not self._stop.is_set():
            begun = self._revive(begun)
            event = self._panel.get_event(self._address, timeout=0.1)
            if event is None or event["event"] != osdp.Event.CardRead:
                continue
            length = int(event["length"])
            bits = wiegand.unpack(bytes(event["data"]), length)
            card = int("".join(map(str, bits)), 2)
            self.seen.append((length, card))
            if not self.silent:
                self.light(self._knows(card))

    def _revive(self, begun: float) -> float:
        """After a damaged frame libosdp waits for minutes; off and on, it begins at once."""
        now = time.monotonic()
        if self.secure:
            return now
        if not self._panel.is_pd_enabled(self._address):
            self._panel.enable_pd(self._address)
            return now
        if now - begun > AGAIN:
            self._panel.disable_pd(self._address)
        return begun
