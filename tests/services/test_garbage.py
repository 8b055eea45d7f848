"""What lives long is walked over once, and what has become garbage goes the next time."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from gate.services.garbage import settle, thaw

pytestmark = pytest.mark.slow


class Ring:
    """Garbage only the collector finds."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    thaw()
    assert gc.get_freeze_count() == 0


def test_what_is_there_is_no_longer_walked_over() -> None:
    kept = Ring()
    settle()
    assert gc.get_freeze_count() > 1000
    assert not any(thing is kept for thing in gc.get_objects())


def test_a_ring_that_was_let_go_is_gone_after_the_next_time() -> None:
    ring = Ring()
    settle()
    gone = weakref.ref(ring)
    del ring
    gc.collect()
    assert gone() is not None, "out of sight"
    settle()
    assert gone() is None
