"""What a box without its hub forgets, and when it says so."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gate.clock import ManualClock
from gate.replica.contact import Contact
from gate.store.store import Store
from tests.hub.fleet import settings

LIMIT = 3_600.0


class Gate:
    def __init__(self) -> None:
        self.reports: list[tuple[str, bool]] = []

    def report(self, part: str, there: bool, cause: str) -> None:
        self.reports.append((part, there))


def test_each_lease_that_ends_is_told_and_forgets_what_has_come_since(tmp_path: Path) -> None:
    """A link that is there for a while may bring half of everybody, and break for good."""
    clock, gate, forgotten = ManualClock(), Gate(), []

    async def forget() -> int:
        forgotten.append(clock.now)
        return 0

    with Store.open(settings(), tmp_path) as store:
        contact = Contact(store.key_values, gate, clock)
        for _ in range(2):
            contact.heard(LIMIT)
            contact.lost("cut")
            for _ in range(3):
                clock.advance(LIMIT - 1)
                asyncio.run(contact.count(forget))
    assert forgotten == [2 * (LIMIT - 1), 5 * (LIMIT - 1)]
    assert gate.reports.count(("lease", False)) == 2
