"""OSDP readers (IEC 60839-11-5) over RS-485, with secure channel, by libosdp."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gate.devices.serial_port import SerialPort
from gate.errors import DeviceError
from gate.readers import wiegand
from gate.readers.card_number import UID_BYTES, of_bytes
from gate.readers.claim import UNREADABLE, ClaimKind, Shown
from gate.readers.settings import ReaderSettings

# seconds: to come online with secure channel after opening; without an answer, it is lost
START = 5.0
SILENT = 3.0
# for one attempt at the secure channel
AGAIN = 1.5
# without a key, after which a PIN left unfinished is forgotten
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Keyed:
    """The digits typed so far; ``last``: monotonic seconds of the last key."""

    digits: str = ""
    last: float = 0.0


class OsdpLine:
    """The control panel for one reader. libosdp's own thread does the talking."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings = settings
        self._panel: Any = None
        self._wire: SerialPort | None = None
        self._failed: list[DeviceError] = []
        self._heard = 0.0
        self._begun = 0.0
        self._keyed = Keyed()

    def open(self) -> None:
        try:
            import osdp  # type: ignore[import-untyped]  # noqa: F401
        except ImportError:
            raise DeviceError(
                "OSDP readers need the package libosdp",
                where=self._settings.name,
                hint="pip install libosdp",
            ) from None
        self.close()
        # reads of libosdp must not wait: it asks fifty times a second
        self._wire = SerialPort(self._settings.port, self._settings.baud, 0.001, patience=0.5)
        self._wire.open()
        self._failed.clear()
        self._keyed = Keyed()
        self._panel = panel_for(self._settings, channel_over(self._wire, self._failed))
        self._panel.start()
        self._begun = self._heard = time.monotonic()
        while not self._secure():
            now = time.monotonic()
            if self._failed or now - self._heard > START:
                raise self._lost()
            self._revive(now)
            time.sleep(0.05)
        self._heard = time.monotonic()

    def read(self) -> Iterable[Shown]:
        now = time.monotonic()
        if self._secure():
            self._heard = now
        if self._failed or now - self._heard > SILENT:
            raise self._lost()
        if self._heard != now:
            self._revive(now)
        event = self._panel.get_event(self._settings.address, timeout=0.05)
        if event is None:
            return []
        self._keyed, shown = claim_of(event, self._keyed, self._settings, now)
        return shown

    def feedback(self, granted: bool) -> None:
        """Green light and one tone, or red light and two; a reader without them is silent."""
        import osdp

        panel = self._panel
        if panel is None or panel.lock is None:
            return
        sound = {
            "control_code": 2,
            "on_count": 2,
            "off_count": 2,
            "rep_count": 1 if granted else 2,
        }
        commands = (
            light(granted, 20),
            {"command": osdp.Command.Buzzer, "reader": 0, **sound},
        )
        with contextlib.suppress(TypeError, ValueError, RuntimeError):
            for command in commands:
                panel.submit_command(self._settings.address, command)

    def close(self) -> None:
        if self._panel is not None:
            self._panel.teardown()
            self._panel = None
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _revive(self, now: float) -> None:
        """After one damaged frame libosdp waits for five minutes; off and on, it begins at once."""
        address = self._settings.address
        if not self._panel.is_pd_enabled(address):
            self._panel.enable_pd(address)
            self._begun = now
        elif now - self._begun > AGAIN:
            self._panel.disable_pd(address)

    def _secure(self) -> bool:
        return bool(self._panel.is_online(self._settings.address)) and bool(
            self._panel.is_sc_active(self._settings.address)
        )

    def _lost(self) -> DeviceError:
        if self._failed:
            return self._failed[0]
        return DeviceError(
            "the OSDP reader does not answer over its secure channel",
            where=f"{self._settings.port}, address {self._settings.address}",
            hint="check wiring, speed, address and key of the reader",
        )


def light(granted: bool, tenths: int) -> dict[str, Any]:
    """The command for a temporary light, green or red, of so many tenths of a second."""
    import osdp

    return {
        "command": osdp.Command.LED,
        "reader": 0,
        "led_number": 0,
        "control_code": 2,
        "on_count": 10,
        "off_count": 0,
        "on_color": osdp.CommandLEDColor.Green if granted else osdp.CommandLEDColor.Red,
        "off_color": osdp.CommandLEDColor.Black,
        "timer_count": tenths,
        "temporary": True,
    }


def panel_for(settings: ReaderSettings, channel: Any) -> Any:
    """libosdp's control panel for one reader, with nothing said without its secure channel."""
    import osdp

    reader = osdp.PDInfo(
        settings.address,
        channel,
        scbk=bytes.fromhex(settings.key.get_secret_value()),
        name=settings.name,
        flags=[osdp.LibFlag.EnforceSecure],
    )
    return osdp.ControlPanel([reader], log_level=osdp.LogLevel.Emergency)


def claim_of(
    event: dict[str, Any], before: Keyed, settings: ReaderSettings, now: float
) -> tuple[Keyed, list[Shown]]:
    """The digits typed so far and what was shown, after one event of the reader.

    ``now``: monotonic seconds.
    """
    import osdp

    if event["event"] == osdp.Event.CardRead:
        number = card_of(event["data"], event.get("length", 0), settings)
        return before, [(ClaimKind.CARD, number or UNREADABLE)]
    if event["event"] == osdp.Event.KeyPress:
        after, pins = keyed(before, bytes(event["data"]), now)
        return after, [(ClaimKind.PIN, pin) for pin in pins]
    return before, []


def keyed(before: Keyed, keys: bytes, now: float) -> tuple[Keyed, list[str]]:
    """The digits typed so far and the PINs ended: 0x0D or # ends, 0x7F or * clears.

    What somebody left unfinished ``PATIENCE`` seconds ago is not part of the next one's PIN.
    ``now``: monotonic seconds.
    """
    digits = before.digits if now - before.last <= PATIENCE else ""
    pins = []
    for code in keys:
        if code in (0x0D, ord("#")):
            pins += [digits] if digits else []
            digits = ""
        elif code in (0x7F, ord("*")):
            digits = ""
        elif ord("0") <= code <= ord("9"):
            digits = (digits + chr(code))[-12:]
    return Keyed(digits, now), pins


def card_of(data: bytes, length: int, settings: ReaderSettings) -> str | None:
    """The canonical number of a card event: Wiegand with its parity, or plain bytes.

    None for another format, wrong parity, or a number that no card has.
    """
    bits, turned = settings.card_bits, settings.byte_order == "reversed"
    if length in wiegand.LENGTHS:
        number = wiegand.decode(wiegand.unpack(bytes(data), length))
        size = (length - 2) // 8
        return None if number is None else of_bytes(number, size, bits, reversed_bytes=turned)
    if length in (24, 32, 8 * UID_BYTES) and len(data) >= length // 8:
        size = length // 8
        number = int.from_bytes(bytes(data[:size]), "big")
        return of_bytes(number, size, bits, reversed_bytes=turned)
    return None


def channel_over(wire: SerialPort, failed: list[DeviceError]) -> Any:
    """What libosdp reads and writes; called in its thread, where nothing may be raised."""
    import osdp

    class Wire(osdp.Channel):  # type: ignore[misc]
        def read(self, max_bytes: int) -> bytes:
            try:
                return b"" if failed else wire.read(max_bytes)
            except DeviceError as error:
                failed.append(error)
                return b""

        def write(self, buf: bytes) -> int:
            try:
                if not failed:
                    wire.write(buf)
            except DeviceError as error:
                failed.append(error)
            return len(buf)

        def flush(self) -> None:
            pass

    return Wire()
