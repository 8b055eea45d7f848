"""Every error a user may meet: what happened, where, and what to do about it.

One base class and a handful of families. Drivers and readers of files turn every way the outside
can fail into one of these; the command line prints them as three short lines and never a stack
trace.
"""

from __future__ import annotations


class GateError(Exception):
    """Something outside went wrong and a person can fix it.

    Args:
        what: one sentence saying what happened.
        where: the file, key, port, address or row concerned.
        hint: one sentence saying what to do.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.hint:
            lines.append(f"  what to do: {self.hint}")
        return "\n".join(lines)


class ConfigurationError(GateError):
    """The configuration file, an environment variable or an option is wrong."""


class CameraError(GateError):
    """A camera, recording or image cannot be opened or read."""


class RecognitionError(GateError):
    """A face cannot be found, encoded or compared."""


class ModelError(RecognitionError):
    """A model file is missing, damaged or not the one expected."""


class DeviceError(GateError):
    """A relay, reader or sensor does not answer as it should."""


class StoreError(GateError):
    """The database, the key or the disk refuses."""


class BrokerError(GateError):
    """The message broker cannot be reached or refuses."""


class AccessError(GateError):
    """A permit, card or rule is not valid in itself."""
