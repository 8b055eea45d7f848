"""The topics of one gate; see docs/mqtt.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topics:
    """All below ``prefix/gate``: an ACL can hold a gate to its own name."""

    prefix: str
    gate: str

    @property
    def base(self) -> str:
        return f"{self.prefix}/{self.gate}"

    @property
    def status(self) -> str:
        return f"{self.base}/status"

    @property
    def event(self) -> str:
        return f"{self.base}/event"

    @property
    def command(self) -> str:
        return f"{self.base}/command"

    @property
    def answer(self) -> str:
        return f"{self.base}/answer"

    def state(self, thing: str) -> str:
        """``thing``: door, mode, outbox, device/<name>, …"""
        return f"{self.base}/state/{thing}"

    def button(self, command: str) -> str:
        """Unsigned orders that a policy allows."""
        return f"{self.base}/button/{command}"
