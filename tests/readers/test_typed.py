"""Keys in, whole lines out."""

from __future__ import annotations

import pytest

from gate.readers.typed import ENDED, TAB, Typing, idle, key

CODES = {str(d): 2 + (d - 1) % 10 for d in range(10)} | {"A": 30, "-": 12}


def type_keys(
    text: str, at: float = 0.0, typing: Typing | None = None
) -> tuple[Typing, str | None]:
    state, line = typing or Typing(), None
    for character in text:
        if character == "\n":
            state, line = key(state, 28, True, at, 10)
        else:
            state, _ = key(state, CODES[character], True, at, 10)
            state, _ = key(state, CODES[character], False, at, 10)
    return state, line


def test_digits_and_enter() -> None:
    assert type_keys("0002972728\n")[1] == "0002972728"


def test_shift_makes_capitals_and_signs() -> None:
    state, _ = key(Typing(), 42, True, 0, 10)
    state, _ = type_keys("A-", 0, state)
    state, _ = key(state, 42, False, 0, 10)
    assert type_keys("1\n", 0, state)[1] == "A_1"


def test_an_unfinished_line_is_forgotten() -> None:
    state, _ = type_keys("12")
    assert type_keys("34\n", 11, state)[1] == "34"


def test_escape_clears() -> None:
    state, _ = type_keys("12")
    state, _ = key(state, 1, True, 1, 10)
    assert type_keys("\n", 1, state)[1] is None


@pytest.mark.parametrize("end", [28, 96, TAB])
def test_enter_of_either_kind_and_tab_end_a_line(end: int) -> None:
    state, _ = type_keys("0002972728")
    assert key(state, end, True, 0, 10)[1] == "0002972728"


def typed_at(text: str, apart: float) -> Typing:
    state = Typing()
    for n, character in enumerate(text):
        state, _ = key(state, CODES[character], True, 5 + n * apart, 10)
    return state


def test_what_a_machine_typed_without_an_end_is_whole_after_a_moment() -> None:
    state = typed_at("0002972728", 0.01)
    last = 5 + 9 * 0.01
    assert idle(state, last + ENDED - 0.05, 10)[1] is None
    state, line, whole = idle(state, last + ENDED + 0.01, 10)
    assert (line, whole) == ("0002972728", True)
    assert idle(state, last + 60, 10)[1] is None


def test_what_a_hand_types_is_not_cut_short_and_ends_unfinished() -> None:
    state = typed_at("0002972728", 0.4)
    assert idle(state, 5 + 9 * 0.4 + 5, 10)[1] is None
    _, line, whole = idle(state, 5 + 9 * 0.4 + 10.1, 10)
    assert (line, whole) == ("0002972728", False)


def test_after_a_line_speed_is_judged_again() -> None:
    state = typed_at("12", 0.4)
    state, line = key(state, 28, True, 6, 10)
    assert line == "12"
    assert state.quick
