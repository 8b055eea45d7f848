"""A relay driver of your own: a network relay with a web interface, like Shelly's first generation.

``GET /relay/0?turn=on&timer=2`` energises channel 1 for two seconds by the board's own timer, so
the door locks even when the gate and its box are dead. ``GET /relay/0`` returns ``{"ison": true}``.

To use it, move the file to ``gate/relay/``, and add its name to ``RelaySettings.driver`` and
``RelaySettings.timed`` (``gate/relay/settings.py``) and to ``make_driver``
(``gate/relay/driver_factory.py``).
"""

from __future__ import annotations

import math
from typing import Any

import httpx

from gate.errors import DeviceError


class WebRelay:
    """A ``RelayDriver``. It decides nothing; every failure becomes a ``DeviceError``.

    Args:
        address: of the board, such as ``http://192.168.1.60``.
        channels: how many relays it has; all are rested when it is opened and closed.
        timeout: longest wait for one answer in seconds. The guard process calls the driver in turn,
            so a board that does not answer must not hold it up.
    """

    def __init__(self, address: str, channels: int = 1, timeout: float = 0.2) -> None:
        self.name = "web"
        self._address = address
        self._channels = channels
        self._client = httpx.Client(base_url=address, timeout=timeout, trust_env=False)

    def open(self) -> None:
        """Rest every channel. Raises DeviceError."""
        for channel in range(1, self._channels + 1):
            self.set(channel, False, 0)

    def set(self, channel: int, on: bool, hold: float) -> None:
        """Energise for at most ``hold`` seconds, or rest. Raises DeviceError."""
        wanted: dict[str, Any] = {"turn": "on" if on else "off"}
        if on:
            # whole seconds, rounded up: the guard process rests the relay at the exact end, and the
            # board's timer only matters when nobody is left to do so
            wanted["timer"] = max(1, math.ceil(hold))
        if self._ask(channel, wanted) != on:
            raise DeviceError(
                f"relay {channel} did not switch {'on' if on else 'off'}", where=self._address
            )

    def state(self, channel: int) -> bool | None:
        """Whether the board reports the channel as energised. Raises DeviceError."""
        return self._ask(channel, {})

    def inputs(self) -> dict[str, bool]:
        """This board has none: wire contact, exit button and fire input to another."""
        return {}

    def close(self) -> None:
        """Rest every channel if the board can be reached. May be called twice."""
        if self._client.is_closed:
            return
        try:
            self.open()
        except DeviceError:
            pass  # its own timer rests it
        finally:
            self._client.close()

    def _ask(self, channel: int, wanted: dict[str, Any]) -> bool:
        try:
            answer = self._client.get(f"/relay/{channel - 1}", params=wanted)
            answer.raise_for_status()
            state = answer.json()["ison"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise DeviceError(
                f"relay {channel} cannot be reached: {error!r}", where=self._address
            ) from None
        if not isinstance(state, bool):
            raise DeviceError(f"relay {channel} reported {state!r}", where=self._address)
        return state
