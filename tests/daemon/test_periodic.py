"""A job done again and again: a store that is out of reach is logged once, and once again after."""

from __future__ import annotations

import logging
import threading

import pytest

from gate.daemon.periodic import Periodic
from gate.errors import StoreError
from tests.waiting import PATIENCE, wait_for

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


def test_a_job_that_is_hurried_is_done_before_its_time() -> None:
    job = Job("", "")
    job.every = 1000.0
    thread = threading.Thread(target=job.run, daemon=True)
    thread.start()
    job.hurry()
    wait_for(lambda: len(job._causes) == 1)
    job.hurry()
    thread.join(PATIENCE)
    assert job.finished


def test_a_job_that_is_closed_while_it_waits_is_not_done_once_more() -> None:
    job = Job("")
    job.every = 1000.0
    thread = threading.Thread(target=job.run, daemon=True)
    thread.start()
    job.close()
    thread.join(PATIENCE)
    assert (job.finished, len(job._causes)) == (True, 1)
