"""When a roll-out goes on and when it comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gate.hub.rollout import (
    ENOUGH,
    READY_WITHIN,
    Action,
    Figures,
    GateNow,
    Share,
    counted,
    fallen,
    judge,
    waves,
)

START = datetime(2026, 5, 4, 8, tzinfo=UTC)
WATCH = timedelta(minutes=30)
USUAL = Figures(Share(950, 1000), Share(900, 950))
WELL = GateNow(
    there=True,
    seen=START,
    runs=True,
    failed="",
    ready=START,
    usual=USUAL,
    now=Figures(Share(38, 40), Share(36, 38)),
)


def at(minutes: float, *, last: bool = False, **gates: GateNow):
    """The verdict so many minutes after the wave began; every gate has just been heard of."""
    now = START + timedelta(minutes=minutes)
    return judge(gates, START, now, WATCH, last=last)


def heard(gate: GateNow, minutes: float) -> GateNow:
    return replace(gate, seen=START + timedelta(minutes=minutes))


def test_waves_are_one_gate_its_area_and_the_rest() -> None:
    gates = {"a": "east", "b": "east", "c": "west", "d": ""}
    assert waves(gates, ["b", "c"]) == [["b"], ["a"], ["c", "d"]]
    assert waves(gates, [], first="c") == [["c"], ["a", "b", "d"]]
    assert waves(gates, ["d"]) == [["d"], ["a", "b", "c"]]  # no area of its own
    assert waves({"a": "", "b": "", "c": "east"}, []) == [["a"], ["b", "c"]]
    assert waves({"a": ""}, []) == [["a"]]
    assert waves({}, []) == []


def test_a_wave_that_grants_as_usual_is_followed_by_the_next_once_it_was_watched() -> None:
    assert at(29, a=heard(WELL, 29)).action is Action.WAIT
    assert at(30, a=heard(WELL, 30)).action is Action.NEXT
    assert at(30, last=True, a=heard(WELL, 30)).action is Action.DONE


def test_with_few_passages_it_is_watched_longer_but_not_for_days() -> None:
    quiet = replace(WELL, now=Figures(Share(3, 3), Share(3, 3)))
    assert at(60, a=heard(quiet, 60)).action is Action.WAIT
    assert at(120, a=heard(quiet, 120)).action is Action.NEXT


def test_the_watch_begins_when_the_last_gate_is_ready() -> None:
    late = replace(WELL, ready=START + timedelta(minutes=9))
    assert at(35, a=heard(WELL, 35), b=heard(late, 35)).action is Action.WAIT
    assert at(39, a=heard(WELL, 39), b=heard(late, 39)).action is Action.NEXT


def test_a_gate_that_serves_with_it_is_noted_as_ready() -> None:
    verdict = at(1, a=heard(replace(WELL, ready=None), 1), b=heard(WELL, 1))
    assert (verdict.action, verdict.ready) == (Action.WAIT, ("a",))


def test_a_gate_that_is_not_ready_in_time_takes_it_back() -> None:
    slow = replace(WELL, runs=False, ready=None)
    within = READY_WITHIN.total_seconds() / 60
    assert at(within, a=heard(slow, within)).action is Action.WAIT
    verdict = at(within + 0.1, a=heard(slow, within))
    assert (verdict.action, verdict.gate, verdict.why) == (Action.BACK, "a", "not_ready")


def test_a_gate_that_fetches_models_has_longer_but_not_for_ever() -> None:
    slow = replace(WELL, runs=False, ready=None)
    fetched = replace(slow, fetched=START + timedelta(minutes=90))
    assert at(99, a=heard(fetched, 99)).action is Action.WAIT
    assert at(101, a=heard(fetched, 101)).why == "not_ready"
    endless = replace(slow, fetched=START + timedelta(minutes=131))
    assert at(131, a=heard(endless, 131)).why == "not_ready"


def test_a_gate_that_was_away_before_does_not_hold_it_up_but_one_that_falls_silent_does() -> None:
    away = replace(WELL, there=False, seen=None, runs=False, ready=None)
    assert at(40, a=heard(WELL, 40), b=away).action is Action.NEXT
    assert at(12, a=heard(WELL, 1)).why == "silent"
    # nobody of the first wave is there: nothing would be watched before the others get it
    assert at(500, a=away).action is Action.WAIT


def test_a_gate_that_refused_it_or_went_back_by_itself_takes_it_back_everywhere() -> None:
    verdict = at(2, a=heard(WELL, 2), b=replace(WELL, failed="no such model", ready=None))
    assert (verdict.action, verdict.gate) == (Action.BACK, "b")
    assert "no such model" in verdict.why


def test_grants_that_fall_take_it_back_at_once() -> None:
    denied = replace(WELL, now=Figures(Share(20, 40), Share(18, 20)))
    assert at(5, a=heard(denied, 5)).why == "grants: 95 % (n = 1000) → 50 % (n = 40)"


def test_faces_that_are_no_longer_recognised_take_it_back_although_cards_open() -> None:
    cards = replace(WELL, now=Figures(Share(39, 40), Share(10, 39)))
    assert at(5, a=heard(cards, 5)).why.startswith("by_face: 95 %")


@pytest.mark.parametrize(
    ("usual", "present", "expected"),
    [
        (Share(950, 1000), Share(38, 40), False),
        (Share(950, 1000), Share(34, 40), False),  # may be chance
        (Share(950, 1000), Share(24, 40), True),
        (Share(950, 1000), Share(900, 1000), False),  # certain, but hardly more than the margin
        (Share(950, 1000), Share(850, 1000), True),
        (Share(950, 1000), Share(0, ENOUGH - 1), False),  # too few
        (Share(950, 1000), Share(0, ENOUGH), True),
        (Share(0, 0), Share(0, 100), False),  # a new gate has nothing usual
        (Share(3, 3), Share(0, 20), True),
        (Share(1, 2), Share(0, 20), False),
        (Share(500, 1000), Share(100, 100), False),
    ],
)
def test_a_fall_has_to_be_certain_and_large(usual: Share, present: Share, expected: bool) -> None:
    assert fallen(usual, present) is expected


@pytest.mark.slow
def test_chance_alone_hardly_ever_takes_it_back() -> None:
    """As usual, looked at after every decision: fewer than one roll-out in a hundred."""
    import numpy as np

    draw = np.random.default_rng(1)
    wrong = 0
    for _ in range(1000):
        good = np.cumsum(draw.random(200) < 0.9)
        wrong += any(fallen(Share(900, 1000), Share(int(g), n + 1)) for n, g in enumerate(good))
    assert wrong < 10


def test_figures_are_counted_from_decisions() -> None:
    rows = [("grant", "face", 8), ("grant", "card", 2), ("deny", "face", 3), ("ask", None, 1)]
    assert counted(rows) == Figures(Share(10, 14), Share(8, 10))
    assert counted([("grant", "face+card", 1)]).by_face == Share(1, 1)


def test_nothing_goes_on_before_every_gate_of_the_wave_serves() -> None:
    slow = replace(WELL, runs=False, ready=None)
    now = START + timedelta(minutes=5)
    begun = {"a": heard(WELL, 5), "b": heard(slow, 5)}
    assert judge(begun, START, now, timedelta(minutes=1), last=False).action is Action.WAIT
