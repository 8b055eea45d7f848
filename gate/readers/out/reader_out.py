"""The gate as a reader: one line to the site's controller and the thread that runs it."""

from __future__ import annotations

from collections.abc import Callable

from gate.devices.device_thread import DeviceThread, StatusListener
from gate.readers.out import card_formats, converter
from gate.readers.out.converter import ConverterLine
from gate.readers.out.peripheral import PeripheralLine
from gate.readers.out.settings import ReaderOutSettings


class ReaderOut:
    """``answered`` is called in the line's thread with each answer of the controller."""

    def __init__(
        self,
        settings: ReaderOutSettings,
        answered: Callable[[bool], object],
        status: StatusListener | None = None,
        *,
        retry: tuple[float, float] | None = None,
    ) -> None:
        """``retry``: seconds, instead of ``device_thread.RETRY``."""
        self.settings = settings
        self._form = card_formats.parse(settings.format, settings.parity)
        self._line: PeripheralLine | ConverterLine
        if settings.driver == "osdp":
            self._line = PeripheralLine(settings)
        else:
            self._line = ConverterLine(settings.port, settings.baud)

        def heard(said: bool | None) -> None:
            if said is not None:
                answered(said)

        self._thread: DeviceThread[bool | None] = DeviceThread(
            "reader-out",
            self._line,
            heard,
            status,
            retry=retry,
            # only OSDP's secure channel shows that the controller is there
            speaks=settings.answers,
        )

    @property
    def there(self) -> bool:
        """Whether the controller can be reached; of a converter, whether its port can."""
        secure = not isinstance(self._line, PeripheralLine) or self._line.secure
        return self._thread.there and secure

    def open(self) -> None:
        self._thread.open()

    def close(self) -> None:
        self._thread.close()

    def present(self, number: int) -> str:
        """Send a card of this number. "" when it is on its way, else why it is not."""
        settings = self.settings
        bits = card_formats.encode(self._form, number, settings.facility)
        if bits is None:
            return "number"
        if isinstance(self._line, PeripheralLine):
            return "" if self._line.send(bits) else "silent"
        frame = converter.frame(
            settings.digits, settings.ending, self._form, bits, settings.facility, number
        )
        if frame is None:
            return "number"
        return "" if self._thread.there and self._line.send(frame) else "silent"
