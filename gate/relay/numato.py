"""Numato USB relay boards: words and carriage returns; inputs on the board's GPIO."""

from __future__ import annotations

from gate.devices.serial_port import SerialPort
from gate.errors import DeviceError
from gate.relay.settings import RelaySettings

PROMPT = b"\n\r>"
DONE = frozenset({""})
ON_OFF = frozenset({"on", "off"})
BITS = frozenset({"0", "1"})


def answer_of(command: str, got: bytes) -> str | None:
    """The word between the echo of ``command`` and the prompt; None unless both are there.

    A command without an answer gives an empty word.
    """
    head, prompt, rest = got.rpartition(PROMPT)
    if not prompt or rest.strip():
        return None
    try:
        words = head.decode("ascii").replace("\r", "\n").split("\n")
    except UnicodeDecodeError:
        return None
    said = [word.strip() for word in words if word.strip(" >")]
    if not said or said[0].lstrip(">").strip() != command or len(said) > 2:
        return None
    return said[1] if len(said) == 2 else ""


class NumatoRelay:
    """A RelayDriver. The board counts from 0, we from 1."""

    def __init__(self, settings: RelaySettings) -> None:
        self.name = "numato"
        self._settings = settings
        self._port = SerialPort(settings.port, settings.baud, settings.timeout)

    def open(self) -> None:
        self._port.open()
        self._port.write(b"\r")  # ends a command that was cut off before
        self._port.answer(lambda got: got.endswith(PROMPT))
        for channel in range(1, self._settings.channels + 1):
            self.set(channel, False, 0)

    def set(self, channel: int, on: bool, hold: float) -> None:
        self._ask(f"relay {'on' if on else 'off'} {channel - 1}", DONE)

    def state(self, channel: int) -> bool | None:
        return self._ask(f"relay read {channel - 1}", ON_OFF) == "on"

    def inputs(self) -> dict[str, bool]:
        return {
            name: (self._ask(f"gpio read {wire.number}", BITS) == "1") != wire.invert
            for name, wire in self._settings.inputs.items()
        }

    def close(self) -> None:
        try:
            for channel in range(1, self._settings.channels + 1):
                self.set(channel, False, 0)
        except DeviceError:
            pass  # out of reach: nothing more can be done from here
        self._port.close()

    def _ask(self, command: str, allowed: frozenset[str]) -> str:
        self._port.forget()
        self._port.write(command.encode() + b"\r")
        said = answer_of(command, self._port.answer(lambda got: got.endswith(PROMPT)))
        if said is None or said not in allowed:
            came = "nothing that belongs to it" if said is None else repr(said[:20])
            raise DeviceError(
                f"the relay board answered “{command}” with {came}",
                where=self._settings.port,
                hint="check cable and power, and that the port belongs to a Numato board",
            )
        return said
