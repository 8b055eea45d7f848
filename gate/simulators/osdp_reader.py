"""An OSDP reader: libosdp's peripheral device behind a simulated port."""

from __future__ import annotations

import threading
from typing import Any

import osdp  # type: ignore[import-untyped]

from gate.readers import wiegand


class WireBytes(osdp.Channel):  # type: ignore[misc]
    """Between the port's thread and libosdp; the lock guards both directions."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()
        self.incoming = b""
        self.outgoing = b""

    def read(self, max_bytes: int) -> bytes:
        with self.lock:
            data, self.incoming = self.incoming[:max_bytes], self.incoming[max_bytes:]
        return data

    def write(self, buf: bytes) -> int:
        with self.lock:
            self.outgoing += bytes(buf)
        return len(buf)

    def flush(self) -> None:
        pass


class OsdpDevice:
    """What both ends of a line have in common: the simulated port's bytes are libosdp's."""

    def __init__(self) -> None:
        self._wire = WireBytes()

    def receive(self, data: bytes, now: float) -> bytes:
        with self._wire.lock:
            self._wire.incoming += data
        return b""

    def stream(self, now: float) -> bytes:
        with self._wire.lock:
            data, self._wire.outgoing = self._wire.outgoing, b""
        return data


class OsdpReader(OsdpDevice):
    """``key``: 16 bytes of the secure channel. Close it to end libosdp's thread."""

    def __init__(self, key: bytes, address: int = 0) -> None:
        super().__init__()
        info = osdp.PDInfo(
            address, self._wire, scbk=key, name="reader", flags=[osdp.LibFlag.EnforceSecure]
        )
        abilities = osdp.PDCapabilities(
            [
                (osdp.Capability.CardDataFormat, 1, 1),
                (osdp.Capability.LEDControl, 1, 1),
                (osdp.Capability.AudibleControl, 1, 1),
                (osdp.Capability.CommunicationSecurity, 1, 1),
            ]
        )
        self.commands: list[dict[str, Any]] = []
        self._device = osdp.PeripheralDevice(
            info,
            abilities,
            log_level=osdp.LogLevel.Emergency,
            command_handler=self._obey,
        )
        self._device.start()

    @property
    def secure(self) -> bool:
        return bool(self._device.is_sc_active())

    def show(self, number: int, length: int = 26) -> None:
        """A card, as Wiegand bits of ``length``."""
        bits = wiegand.encode(number, length)
        event = {
            "event": osdp.Event.CardRead,
            "reader_no": 0,
            "direction": 0,
            "format": osdp.CardFormat.Wiegand,
            "length": length,
            "data": wiegand.pack(bits),
        }
        self._device.submit_event(event)

    def close(self) -> None:
        self._device.teardown()

    def _obey(self, command: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        self.commands.append(command)
        return 0, None
