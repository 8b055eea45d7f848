"""Which inputs change more often than people can make them."""

from __future__ import annotations

from gate.door.unsteady import MOST, WITHIN, Unsteady


def after(changes: int, every: float) -> tuple[Unsteady, int]:
    """An input that changes so often; how often it was said to be unsteady."""
    one, said = Unsteady(), 0
    for number in range(changes):
        one = one.moves(number * every)
        one, begins = one.counts(number * every)
        said += begins
    return one, said


def test_a_door_in_a_rush_is_steady() -> None:
    assert after(1000, 2 * WITHIN / MOST) == (after(1000, 2 * WITHIN / MOST)[0], 0)
    assert not after(1000, 2 * WITHIN / MOST)[0].now


def test_it_is_said_once_at_the_change_that_is_too_many() -> None:
    every = 0.9 * WITHIN / MOST
    assert after(MOST - 1, every)[1] == 0
    assert after(MOST, every)[1] == 1
    assert after(10 * MOST, every)[1] == 1
    assert len(after(10 * MOST, every)[0].counted) == MOST


def test_it_is_steady_again_once_the_wire_has_stood_still() -> None:
    loose, _ = after(MOST, 0.1)
    assert loose.now
    assert loose.moves(loose.moved + WITHIN - 0.1).now
    assert not loose.moves(loose.moved + WITHIN).now
    later = loose.moved + WITHIN - 0.1
    assert loose.moves(later).counts(later)[0].now  # a change that counted is no stillness


def test_two_openings_a_second_are_no_loose_wire() -> None:
    loose, said = after(1000, 0.25)
    assert (loose.now, said) == (False, 0)
