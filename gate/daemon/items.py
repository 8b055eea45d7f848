"""What the main loop can be given, from any thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gate.access.request import Presence
from gate.daemon.device_faults import DeviceStatus
from gate.daemon.orders import Order
from gate.daemon.site_controller import ControllerAnswer
from gate.passage import Context, inputs


@dataclass(frozen=True, slots=True)
class Moved:
    """People's whereabouts have changed. ``version``: an older one does not replace a newer."""

    presence: Mapping[int, Presence]
    version: int = 0


@dataclass(frozen=True, slots=True)
class Linked:
    """Whether this box of a hub is in touch with the other gates; a gate on its own always is."""

    there: bool


Item = inputs.Input | Order | DeviceStatus | Context | Moved | Linked | ControllerAnswer
