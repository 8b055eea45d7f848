"""A card lying on the reader is one claim."""

from __future__ import annotations

from gate.readers.repeats import Repeats


def test_repeats() -> None:
    state, fresh = Repeats().see("a", 0, 1.5)
    assert fresh
    for at in (1.0, 2.0, 3.0):
        state, fresh = state.see("a", at, 1.5)
        assert not fresh
    assert state.see("b", 3.1, 1.5)[1]
    assert state.see("a", 4.5, 1.5)[1]
