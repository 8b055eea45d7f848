"""The look-up of the entry status: what it keeps, whom it asks about, and when it waits.

The threads are put off: a query runs when the test says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gate.access import status_lookup
from gate.access.decision import Person
from gate.access.entry_status import Answer, StatusItem
from gate.access.request import Finding
from gate.access.status_lookup import FAILURES, HELD, StatusLookup
from gate.access.status_settings import StatusSettings
from gate.errors import AccessError

GOOD: Answer = {"code": StatusItem(True, "green")}
REST = 15.0


class Pool:
    """Takes the place of the threads."""

    def __init__(self, *_: object, **__: object) -> None:
        self.jobs: list[Callable[[], None]] = []
        self.closed = False

    def submit(self, job: Callable[..., None], *arguments: Any) -> None:
        self.jobs.append(lambda: job(*arguments))

    def shutdown(self, wait: bool, cancel_futures: bool) -> None:
        self.closed = not wait and cancel_futures


class Provider:
    """Answers what it is set to; raises an exception in its place."""

    def __init__(self) -> None:
        self.answer: Answer | Exception = GOOD
        self.asked: list[str] = []
        self.closed = False

    def ask(self, ref: str) -> Answer:
        self.asked.append(ref)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self) -> None:
        self.closed = True


class Gate:
    """A look-up, its queries in progress and what it has delivered."""

    def __init__(
        self,
        unavailable: str = "require",
        listens: bool = True,
        failures: int = FAILURES,
        **fields: Any,
    ) -> None:
        item = {"name": "code", "unavailable": unavailable}
        url = "http://127.0.0.1:1/"
        settings = {"enabled": True, "url": url, "items": [item], **fields}
        self.now = self.until = 0.0
        self.delivered: list[tuple[int, bool | None]] = []
        self.reported: list[tuple[str, str]] = []
        self.provider = Provider()
        self.lookup = StatusLookup(
            self.provider,
            StatusSettings.model_validate(settings),
            self._deliver,
            lambda: self.now,
            (lambda state, why: self.reported.append((state, why))) if listens else None,
            failures=failures,
            rest=REST,
        )

    @property
    def pool(self) -> Pool:
        pool: object = self.lookup._pool
        assert isinstance(pool, Pool)
        return pool

    def _deliver(self, person: int, findings: tuple[Finding, ...], until: float) -> None:
        self.until = until
        self.delivered.append((person, findings[0].good))

    def ask(self, number: int) -> None:
        self.lookup.ask(Person(number, f"{number:02x}"))

    def answer(self) -> None:
        """Let the queries in progress go through."""
        jobs, self.pool.jobs = self.pool.jobs, []
        for job in jobs:
            job()

    def take(self) -> list[tuple[int, bool | None]]:
        """What was delivered since the last call."""
        delivered, self.delivered = self.delivered, []
        return delivered


@pytest.fixture(autouse=True)
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_lookup, "ThreadPoolExecutor", Pool)


def broken(gate: Gate) -> None:
    """The service fails as often as it takes to be left alone."""
    gate.provider.answer = AccessError("it is away", hint="check it")
    for number in range(101, 104):
        gate.ask(number)
        gate.answer()
    gate.take()
    gate.provider.answer = GOOD


@pytest.mark.parametrize("unavailable", ["require", "show"])
def test_an_answer_is_delivered_when_it_comes_and_not_before(unavailable: str) -> None:
    gate = Gate(unavailable)
    gate.ask(1)
    assert gate.take() == []
    gate.answer()
    assert gate.take() == [(1, True)]


def test_an_answer_is_used_again_until_it_is_no_longer_fresh() -> None:
    gate = Gate(fresh=60)
    gate.ask(1)
    gate.answer()
    gate.now = 59.9
    gate.ask(1)
    assert gate.take() == [(1, True), (1, True)]
    gate.now = 60.0
    gate.ask(1)
    assert gate.take() == []
    gate.answer()
    assert gate.provider.asked == ["01", "01"]


def test_somebody_forgotten_is_asked_about_again() -> None:
    gate = Gate(fresh=60)
    gate.ask(1)
    gate.answer()
    gate.lookup.forget(1)
    gate.lookup.forget(2)
    gate.ask(1)
    assert len(gate.pool.jobs) == 1


def test_a_person_is_asked_about_once_at_a_time_and_again_afterwards() -> None:
    gate = Gate(fresh=0)
    gate.ask(1)
    gate.ask(1)
    gate.ask(2)
    assert len(gate.pool.jobs) == 2
    gate.answer()
    assert gate.take() == [(1, True), (2, True)]
    gate.ask(1)
    assert len(gate.pool.jobs) == 1


def test_a_failing_service_is_left_alone_and_reported_once() -> None:
    gate = Gate(failures=3)
    broken(gate)
    assert gate.reported == [("lost", "it is away")]
    gate.ask(1)
    assert gate.take() == [(1, None)], "at once"
    assert gate.pool.jobs == []
    gate.now = REST
    gate.provider.answer = AccessError("still", hint="check it")
    gate.ask(1)
    gate.answer()
    assert gate.reported == [("lost", "it is away")], "it was lost before"


def test_the_first_answer_after_a_failure_is_reported_as_the_end_of_it() -> None:
    gate = Gate(failures=3)
    broken(gate)
    gate.now = REST
    gate.ask(1)
    gate.answer()
    assert gate.reported == [("lost", "it is away"), ("back", "")]
    gate.ask(2)
    gate.answer()
    assert gate.take() == [(1, True), (2, True)]
    assert len(gate.reported) == 2


def test_answers_of_a_service_that_works_are_not_reported() -> None:
    gate = Gate()
    gate.ask(1)
    gate.answer()
    assert gate.reported == []


def test_nobody_listens_where_no_listener_was_given() -> None:
    gate = Gate(failures=1, listens=False)
    broken(gate)
    gate.now = REST
    gate.ask(1)
    gate.answer()
    assert gate.take() == [(1, True)]


@pytest.mark.parametrize("decides", ["require", "refer"])
def test_the_trial_is_waited_for_where_an_unknown_status_refuses(decides: str) -> None:
    gate = Gate(decides, failures=3)
    broken(gate)
    gate.now = REST
    gate.ask(1)
    assert gate.take() == []
    gate.answer()
    assert gate.take() == [(1, True)]


@pytest.mark.parametrize("harmless", ["show", "advise"])
def test_the_trial_is_not_waited_for_where_nothing_depends_on_it(harmless: str) -> None:
    gate = Gate(harmless, failures=3)
    broken(gate)
    gate.now = REST
    gate.ask(1)
    assert gate.take() == [(1, None)]
    gate.answer()
    assert gate.take() == [(1, True)]


def test_only_one_person_tries_whether_it_is_back() -> None:
    gate = Gate(failures=3)
    broken(gate)
    gate.now = REST
    gate.ask(1)
    gate.ask(2)
    assert len(gate.pool.jobs) == 1
    assert gate.take() == [(2, None)]


def test_what_a_provider_raises_is_logged_and_its_kind_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate = Gate(failures=1)
    gate.provider.answer = ZeroDivisionError("secret")
    gate.ask(1)
    gate.answer()
    assert gate.take() == [(1, None)]
    assert gate.reported == [("lost", "ZeroDivisionError in the status provider")]
    assert "the status provider failed" in caplog.text


def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_lookup, "_MOST_KEPT", 2)
    gate = Gate(fresh=60)
    for number in (1, 2):
        gate.ask(number)
        gate.answer()
    gate.ask(1)
    gate.ask(2)
    assert gate.pool.jobs == [], "both are kept"
    gate.ask(3)
    gate.answer()
    gate.ask(1)
    assert len(gate.pool.jobs) == 1, "the oldest are no longer kept"


def test_closing_ends_the_threads_and_the_provider() -> None:
    gate = Gate()
    gate.lookup.close()
    assert gate.pool.closed
    assert gate.provider.closed


@pytest.mark.parametrize(("seconds", "counts"), [(60.0, 60.0), (0.0, HELD)])
def test_an_answer_counts_for_as_long_as_it_is_fresh_and_at_least_for_a_moment(
    seconds: float, counts: float
) -> None:
    gate = Gate(fresh=seconds)
    gate.ask(1)
    gate.now = 10.0
    gate.answer()
    assert gate.until == 10 + counts
    gate.now = 30.0  # from the cache, where there is one
    gate.ask(1)
    gate.answer()
    assert gate.until == (70 if seconds else 30 + HELD)
    gate.now = 69.0
    gate.ask(1)
    gate.answer()
    assert gate.until == 69 + HELD


def test_that_nothing_is_known_counts_for_a_moment() -> None:
    gate = Gate(failures=1, fresh=60.0)
    gate.provider.answer = AccessError("away")
    gate.now = 10.0
    gate.ask(1)
    gate.answer()
    assert (gate.take(), gate.until) == ([(1, None)], 10 + HELD)
    gate.now = 11.0  # the service is left alone
    gate.ask(1)
    assert (gate.take(), gate.until) == ([(1, None)], 11 + HELD)
