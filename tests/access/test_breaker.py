"""A failing service is left alone for a while, then tried once."""

from __future__ import annotations

from gate.access.breaker import Breaker


def test_the_breaker_lets_one_call_through_after_its_rest() -> None:
    breaker = Breaker()
    for _ in range(2):
        breaker = breaker.failed(0.0, most=2, rest=10)
    assert breaker.may_ask(9.9)[0] is False
    allowed, trying = breaker.may_ask(10.0)
    assert allowed
    assert trying.may_ask(10.0)[0] is False
    assert trying.failed(10.0, most=2, rest=10).may_ask(19.9)[0] is False
    assert trying.succeeded() == Breaker()


def test_fewer_failures_are_counted_and_open_nothing() -> None:
    once = Breaker().failed(0.0, most=2, rest=10)
    assert once == Breaker(failures=1)
    assert once.may_ask(0.0) == (True, once)
