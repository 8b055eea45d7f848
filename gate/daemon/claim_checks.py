"""What was shown is looked up again and again for as long as its passage goes on.

A card, permit or PIN may be revoked, run out or be used up elsewhere while its holder is asked for
their face, or waits for a temperature or for the site's controller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gate.passage.inputs import CLAIM_AGE

EVERY = 0.5  # seconds between two looks, as at the register of people


@dataclass(frozen=True, slots=True)
class _Known:
    """``asked``, ``answered``: monotonic seconds."""

    asked: float
    answered: float


class ClaimChecks:
    """Belongs to the main loop."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def look(
        self, open_: Mapping[str, bool], now: float
    ) -> tuple[list[tuple[str, bool]], list[str]]:
        """What is to be looked up now, and what was last looked up too long ago to count.

        Args:
            open_: serial → whether it was granted, of all that will still be decided upon.
            now: monotonic seconds.
        """
        self._known = {serial: self._known.get(serial) or _Known(now, now) for serial in open_}
        late = [serial for serial, known in self._known.items() if now - known.answered > CLAIM_AGE]
        due = [
            (serial, open_[serial])
            for serial, known in self._known.items()
            if serial not in late and now - known.asked >= EVERY
        ]
        for serial, _ in due:
            self._known[serial] = replace(self._known[serial], asked=now)
        return due, late

    def answered(self, serial: str, now: float) -> None:
        """It was looked up."""
        if serial in self._known:
            self._known[serial] = replace(self._known[serial], answered=now)
