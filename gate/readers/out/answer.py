"""What a controller says with light and outputs, as yes, no or nothing. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gate.readers.out.settings import ReaderOutSettings

# OSDP 2.2, osdp_LED: the codes of colours
COLOURS = ("black", "red", "green", "amber", "blue", "magenta", "cyan", "white")
# osdp_OUT: codes that switch an output on, permanently or for a time
_ON = frozenset({2, 4, 5})


def of_light(command: Mapping[str, Any], settings: ReaderOutSettings) -> bool | None:
    """True: granted, False: denied, None: no answer.

    Controllers answer with a temporary light; a permanent one is how the reader looks when idle,
    and counts only where it says yes.
    """
    colour = COLOURS[int(command.get("on_color", 0)) % len(COLOURS)]
    if colour in settings.grants:
        return True
    return False if command.get("temporary") and colour in settings.denies else None


def of_output(command: Mapping[str, Any], settings: ReaderOutSettings) -> bool | None:
    """An output the controller switches on."""
    on = int(command.get("control_code", 0)) in _ON
    return True if settings.output_grants and on else None
