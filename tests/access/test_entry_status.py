"""The entry status: right answers, late ones, wrong ones, and none at all."""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from gate.access.decision import Person
from gate.access.entry_status import Answer, StatusItem, judge, labels
from gate.access.request import Finding, Weight
from gate.access.status_http import HttpStatus, StatusError
from gate.access.status_lookup import FAILURES, REST, StatusLookup
from gate.access.status_settings import StatusSettings
from tests.simulators.status_service import RED, StatusService, status_service

ITEMS = [
    {"name": "code", "zh": "健康码", "en": "Health code", "policy": "require"},
    {"name": "test", "policy": "advise", "unavailable": "refer"},
]


def settings(url: str = "http://127.0.0.1:1/", **fields: object) -> StatusSettings:
    return StatusSettings.model_validate({"enabled": True, "url": url, "items": ITEMS, **fields})


@pytest.fixture
def service() -> Iterator[StatusService]:
    with status_service() as running:
        yield running


def test_each_item_weighs_as_its_policy_says() -> None:
    bad = {"code": StatusItem(False, "red"), "test": StatusItem(False, "9 d")}
    assert [(f.topic, f.good, f.weight, f.reason) for f in judge(bad, settings())] == [
        ("code", False, Weight.REQUIRE, "status_bad"),
        ("test", False, Weight.ADVISE, "status_bad"),
    ]
    assert [(f.good, f.weight) for f in judge(None, settings())] == [
        (None, Weight.SHOW),
        (None, Weight.REFER),
    ]


def test_what_the_service_does_not_know_is_unknown_and_what_is_good_has_no_reason() -> None:
    found = judge({"code": StatusItem(None, "new"), "test": StatusItem(True, "2 d")}, settings())
    assert [(f.good, f.weight, f.reason, f.value) for f in found] == [
        (None, Weight.SHOW, "status_unknown", "new"),
        (True, Weight.ADVISE, "", "2 d"),
    ]


def test_what_nobody_asked_for_is_left_out() -> None:
    assert [f.topic for f in judge({"debts": StatusItem(False)}, settings())] == ["code", "test"]


def test_switched_off_nothing_is_visible() -> None:
    assert judge(None, StatusSettings()) == ()
    assert labels(StatusSettings().items) == {}


def test_items_have_names_in_both_languages() -> None:
    assert labels(settings().items) == {
        "code": {"zh": "健康码", "en": "Health code"},
        "test": {"zh": "test", "en": "test"},
    }


@pytest.mark.parametrize(
    "wrong",
    [{"url": "ftp://x"}, {"items": []}, {"items": [ITEMS[0], ITEMS[0]]}, {"budget": 0}],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_an_answer_is_read(service: StatusService) -> None:
    service.answers["ab"] = RED
    provider = HttpStatus(settings(service.url, token="secret", budget=10), time.monotonic)
    assert provider.ask("ab")["code"] == StatusItem(False, "red")
    assert provider.ask("cd")["test"] == StatusItem(None, "")
    assert service.asked == ["ab", "cd"]
    assert service.headers["Authorization"] == "Bearer secret"
    provider.close()
    provider.close()


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("error", "answered 500"),
        ("garbage", "agreed form"),
        ("shape", "agreed form"),
        ("lies", "agreed form"),
        ("words", "agreed form"),
        ("huge", "longer than"),
        ("drip", "in time"),
        ("hang", "within 0.4 s"),
        ("cut", "cannot be used"),
    ],
)
@pytest.mark.slow
def test_misbehaviour_is_named_and_bounded(service: StatusService, mode: str, why: str) -> None:
    service.mode = mode
    budget = 0.4 if mode == "hang" else 10.0
    seconds = itertools.count()  # one for each look at the clock: a drop comes with each
    clock = time.monotonic if mode != "drip" else lambda: float(next(seconds))
    provider = HttpStatus(settings(service.url, budget=budget), clock)
    before = time.monotonic()
    with pytest.raises(StatusError, match=why):
        provider.ask("ab")
    assert time.monotonic() - before < 20
    provider.close()


def test_a_service_that_is_not_there_is_named() -> None:
    provider = HttpStatus(settings(), time.monotonic)
    with pytest.raises(StatusError, match="refused"):
        provider.ask("ab")


class Gate:
    """Collects what the lookup delivers; the clock stands unless it is moved."""

    def __init__(
        self,
        service: StatusService,
        breaks: tuple[int, float] = (FAILURES, REST),
        **fields: object,
    ) -> None:
        self.now = 0.0
        self.inbox: queue.Queue[tuple[int, tuple[Finding, ...]]] = queue.Queue()
        self.states: list[str] = []
        # time for an answer on a crowded machine too
        chosen = settings(service.url, **{"budget": 10, **fields})
        self.lookup = StatusLookup(
            HttpStatus(chosen, time.monotonic),
            chosen,
            lambda person, findings, until: self.inbox.put((person, findings)),
            lambda: self.now,
            lambda state, why: self.states.append(state),
            failures=breaks[0],
            rest=breaks[1],
        )

    def ask(self, number: int) -> bool | None:
        self.lookup.ask(Person(number, f"{number:02x}"))
        person, findings = self.inbox.get(timeout=60)
        assert person == number
        return findings[0].good


def test_a_fresh_answer_is_not_asked_for_again(service: StatusService) -> None:
    gate = Gate(service, fresh=60)
    assert gate.ask(1) is True
    assert gate.ask(1) is True
    assert len(service.asked) == 1
    gate.now = 61
    assert gate.ask(1) is True
    assert len(service.asked) == 2
    gate.lookup.forget(1)
    assert gate.ask(1) is True
    assert len(service.asked) == 3
    gate.lookup.close()


def test_a_person_is_asked_about_once_at_a_time(service: StatusService) -> None:
    service.delay = 0.2
    gate = Gate(service)
    for _ in range(5):
        gate.lookup.ask(Person(1, "01"))
    gate.inbox.get(timeout=60)
    assert len(service.asked) == 1
    gate.lookup.close()


def test_asking_returns_at_once(service: StatusService) -> None:
    may_answer = threading.Event()
    service.delay = lambda: float(not may_answer.wait(60))
    gate = Gate(service)
    gate.lookup.ask(Person(1, "01"))
    assert gate.inbox.empty()  # who waited would have what was found by now, or nothing
    may_answer.set()
    assert gate.inbox.get(timeout=60)[1][0].good is True
    gate.lookup.close()


def test_a_failing_service_is_left_alone_and_tried_again(service: StatusService) -> None:
    service.mode = "error"
    gate = Gate(service)
    assert [gate.ask(n) for n in range(1, 7)] == [None] * 6
    assert len(service.asked) == 3
    assert gate.states == ["lost"]
    gate.now, service.mode = 16, "right"
    assert gate.ask(9) is True
    assert gate.states == ["lost", "back"]
    gate.lookup.close()


def test_nobody_waits_while_a_service_is_tried_again(service: StatusService) -> None:
    items = [{"name": "code", "unavailable": "advise"}]
    gate = Gate(service, items=items, breaks=(1, 5.0), fresh=60)
    service.mode = "error"
    assert gate.ask(1) is None
    may_answer = threading.Event()

    def held() -> float:
        may_answer.wait(60)
        return 0.0

    gate.now, service.mode, service.delay = 6, "right", held
    assert gate.ask(2) is None
    assert gate.ask(2) is None, "nor the second time"
    assert gate.inbox.empty(), "the service has not answered yet"
    may_answer.set()
    person, findings = gate.inbox.get(timeout=60)
    assert (person, findings[0].good) == (2, True), "the answer is not lost"
    assert gate.states == ["lost", "back"]
    service.delay = 0.0
    assert gate.ask(2) is True
    gate.lookup.close()


def test_a_provider_that_breaks_counts_as_not_available() -> None:
    class Broken:
        def ask(self, ref: str) -> Answer:
            raise ZeroDivisionError

        def close(self) -> None:
            """Nothing to let go of."""

    inbox: queue.Queue[tuple[Finding, ...]] = queue.Queue()
    lookup = StatusLookup(
        Broken(), settings(), lambda person, found, until: inbox.put(found), time.monotonic
    )
    lookup.ask(Person(1, "01"))
    assert inbox.get(timeout=60)[0].good is None
    lookup.close()
