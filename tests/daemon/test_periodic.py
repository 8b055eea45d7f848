"""A job done again and again: a store that is out of reach is logged once, and once again after."""

from __future__ import annotations

import logging

import pytest

from gate.daemon.periodic import Periodic
from gate.errors import StoreError

FULL = "the disk is full"


class Job(Periodic):
    """Fails as it is told to, look by look, and ends after the last."""

    name = "writes"
    every = 0.0

    def __init__(self, *causes: str) -> None:
        super().__init__()
        self._causes = list(causes)
        self.finished = False

    def look(self) -> None:
        cause = self._causes.pop(0)
        if not self._causes:
            self.close()
        if cause:
            raise StoreError(cause, where="gate.db")

    def finish(self) -> None:
        self.finished = True


@pytest.mark.parametrize(
    ("causes", "logged"),
    [
        (("", ""), []),
        ((FULL, FULL, FULL), ["store.unread"]),
        (("", FULL, FULL, "", ""), ["store.unread", "store.read_again"]),
        ((FULL, "", FULL), ["store.unread", "store.read_again", "store.unread"]),
        ((FULL, "locked", "locked"), ["store.unread", "store.unread"]),
    ],
)
def test_an_outage_is_logged_when_it_begins_and_when_it_is_over(
    causes: tuple[str, ...], logged: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    job = Job(*causes)
    with caplog.at_level(logging.INFO, logger="gate.daemon.periodic"):
        job.run()
    assert [record.message for record in caplog.records] == logged
    assert {record.__dict__["job"] for record in caplog.records} <= {"writes"}
    assert job.finished
