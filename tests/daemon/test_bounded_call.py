"""A call that hangs does not hang who asked."""

from __future__ import annotations

import threading
import time

import pytest

from gate.daemon.bounded_call import BoundedCall
from gate.errors import StoreError
from tests.waiting import PATIENCE


def test_results_and_errors_come_back() -> None:
    call = BoundedCall(PATIENCE, "test")
    assert call(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        call(lambda: 1 / 0)
    assert call(lambda: 8) == 8
    call.close()


def test_what_takes_too_long_is_an_error_and_the_next_fails_at_once() -> None:
    frozen = threading.Event()
    call = BoundedCall(1.0, "test")
    with pytest.raises(StoreError, match="did not answer within"):
        call(lambda: frozen.wait(PATIENCE))
    call._limit = 10 * PATIENCE
    with pytest.raises(StoreError, match="did not answer"):
        call(lambda: 7)  # who waited once more would have it in the end
    frozen.set()
    end = time.monotonic() + 60
    while True:  # as soon as it is back, calls are answered again
        try:
            assert call(lambda: 7) == 7
        except StoreError:
            assert time.monotonic() < end
        else:
            break
    call.close()
