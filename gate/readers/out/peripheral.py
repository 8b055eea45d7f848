"""The gate as an OSDP peripheral device (IEC 60839-11-5) with secure channel, by libosdp."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterable
from typing import Any

from gate.devices.serial_port import SerialPort
from gate.errors import DeviceError
from gate.readers import wiegand
from gate.readers.osdp import channel_over
from gate.readers.out import answer
from gate.readers.out.settings import ReaderOutSettings

SILENT = 8.0  # seconds without the controller's secure channel before it counts as lost
START = 20.0  # the same after opening: controllers look for absent readers now and then only


class PeripheralLine:
    """The line to the controller. libosdp's own thread talks; any thread may ``send``."""

    def __init__(self, settings: ReaderOutSettings) -> None:
        self._settings = settings
        self._device: Any = None
        self._wire: SerialPort | None = None
        self._failed: list[DeviceError] = []
        self._heard = 0.0
        self._patience = START
        self._cards: queue.Queue[tuple[int, ...]] = queue.Queue(8)
        self.secure = False

    def open(self) -> None:
        try:
            import osdp  # type: ignore[import-untyped]
        except ImportError:
            raise DeviceError(
                "a reader of another controller needs the package libosdp",
                where="[reader_out]",
                hint='pip install "access-gate[hardware]"',
            ) from None
        self.close()
        settings = self._settings
        self._wire = SerialPort(settings.port, settings.baud, 0.001, patience=0.5)
        self._wire.open()
        self._failed.clear()
        info = osdp.PDInfo(
            settings.address,
            channel_over(self._wire, self._failed),
            scbk=bytes.fromhex(settings.key.get_secret_value()),
            name="gate",
            flags=[osdp.LibFlag.EnforceSecure],
        )
        abilities = osdp.PDCapabilities(
            [
                (osdp.Capability.CardDataFormat, 1, 1),
                (osdp.Capability.LEDControl, 1, 1),
                (osdp.Capability.AudibleControl, 1, 1),
                (osdp.Capability.OutputControl, 1, 1),
                (osdp.Capability.CommunicationSecurity, 1, 1),
            ]
        )
        self._device = osdp.PeripheralDevice(info, abilities, log_level=osdp.LogLevel.Emergency)
        self._device.start()
        self._heard, self._patience = time.monotonic(), START

    def read(self) -> Iterable[bool | None]:
        """The controller's answers; None while it is there and sends nothing."""
        now = time.monotonic()
        self.secure = bool(self._device.is_sc_active())
        if self.secure:
            self._heard, self._patience = now, SILENT
        self._check(now)
        self._send_waiting()
        command = self._device.get_command(timeout=0.02)  # libosdp's own queue has no end
        said = None if command is None else _answer_of(command, self._settings)
        return [said] if self.secure or said is not None else []

    def send(self, bits: tuple[int, ...]) -> bool:
        """Queue a card; whether the controller can be reached now."""
        if not self.secure:
            return False
        try:
            self._cards.put_nowait(bits)
        except queue.Full:
            return False
        return True

    def close(self) -> None:
        self.secure = False
        while not self._cards.empty():
            self._cards.get_nowait()  # a card of before must not open after
        if self._device is not None:
            self._device.teardown()
            self._device = None
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _send_waiting(self) -> None:
        import osdp

        while not self._cards.empty():
            bits = self._cards.get_nowait()
            self._device.submit_event(
                {
                    "event": osdp.Event.CardRead,
                    "reader_no": 0,
                    "direction": 0,
                    "format": osdp.CardFormat.Wiegand,
                    "length": len(bits),
                    "data": wiegand.pack(bits),
                }
            )

    def _check(self, now: float) -> None:
        if self._failed:
            raise self._failed[0]
        if now - self._heard > self._patience:
            raise DeviceError(
                "the controller does not speak to the gate over its secure channel",
                where=f"{self._settings.port}, address {self._settings.address}",
                hint="check wiring, speed, address and key at the controller",
            )


def _answer_of(command: dict[str, Any], settings: ReaderOutSettings) -> bool | None:
    import osdp

    if command.get("command") == osdp.Command.LED:
        return answer.of_light(command, settings)
    if command.get("command") == osdp.Command.Output:
        return answer.of_output(command, settings)
    return None
