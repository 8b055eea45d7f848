"""Anti-passback, PIN guessing, scheduled opening."""

from datetime import date, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from gate.access.antipassback import Place, passed, presences
from gate.access.hold_open import open_until
from gate.access.pin import Guesses
from gate.access.request import Presence
from gate.access.schedule import parse
from gate.access.settings import AccessSettings, PinSettings

ZONE = timezone(timedelta(hours=8))
PIN = PinSettings(attempts=3, window=60, lock=300)


def test_who_went_in_is_inside_until_it_is_forgotten() -> None:
    places = passed({}, 1, True, 1000.0)
    assert presences(places, 1000.0, hours=12) == {1: Presence.INSIDE}
    assert presences(places, 1000.0 + 12 * 3600 - 1, hours=12) == {1: Presence.INSIDE}
    assert presences(passed(places, 1, False, 2000.0), 2001.0, 12) == {1: Presence.OUTSIDE}
    assert presences(places, 1000.0 + 12 * 3600, 12) == {}


def test_a_gate_without_direction_tells_nothing() -> None:
    assert passed({1: Place(True, 5.0)}, 1, None, 9.0) == {1: Place(True, 5.0)}


def test_a_clock_that_jumped_back_makes_it_unknown() -> None:
    assert presences({1: Place(True, 5000.0)}, 1000.0, 12) == {}


def test_three_wrong_pins_lock_the_keypad_for_a_while() -> None:
    guesses = Guesses()
    for at in (0.0, 10.0, 20.0):
        assert not guesses.locked(at)
        guesses = guesses.after_wrong(at, PIN)
    assert guesses.locked(21.0)
    assert guesses.locked(319.9)
    assert not guesses.locked(320.0)


@pytest.mark.parametrize(("last", "locked"), [(59.875, True), (60.0, False)])
def test_mistakes_count_together_within_the_window(last: float, locked: bool) -> None:
    guesses = Guesses()
    for at in (0.0, 30.0, last):
        guesses = guesses.after_wrong(at, PIN)
    assert guesses.locked(last) is locked


def test_slow_mistakes_do_not_lock() -> None:
    guesses = Guesses()
    for at in range(0, 600, 40):
        guesses = guesses.after_wrong(float(at), PIN)
        assert not guesses.locked(at + 0.1)


def test_a_guesser_gets_few_tries_a_day() -> None:
    guesses, now, tries = Guesses(), 0.0, 0
    while now < 86400:
        if not guesses.locked(now):
            guesses, tries = guesses.after_wrong(now, PIN), tries + 1
        now += 1
    assert tries < 3000  # of a million PINs of six digits


def test_the_door_stands_open_until_the_end_of_its_window() -> None:
    schedule = parse("mon-fri 07:30-08:30 17:00-18:00; fri 23:00-01:00; holiday closed")
    at = datetime(2026, 1, 9, 7, 45, 30, tzinfo=ZONE)  # a Friday
    assert open_until(schedule, at, {}) == datetime(2026, 1, 9, 8, 30, tzinfo=ZONE)
    assert open_until(schedule, at.replace(hour=9), {}) is None
    night = at.replace(hour=23, minute=59)
    assert open_until(schedule, night, {}) == datetime(2026, 1, 10, 1, 0, tzinfo=ZONE)
    assert open_until(schedule, at, {date(2026, 1, 9): "holiday"}) is None
    assert open_until(parse("always"), at, {}) == at.replace(second=0) + timedelta(days=8)
    weekend = parse("sat-sun 00:00-24:00")
    saturday = datetime(2026, 1, 10, 9, tzinfo=ZONE)
    assert open_until(weekend, saturday, {}) == datetime(2026, 1, 12, tzinfo=ZONE)


def test_mistakes_in_the_settings_are_named() -> None:
    for wrong, named in (
        ({"schedules": {"work": "mon 7-9"}}, "schedule work"),
        ({"days": {"2026-10-01": "festival"}}, "festival"),
        ({"allow": [{"name": "x", "methods": ["nose"]}]}, "methods"),
    ):
        with pytest.raises(ValidationError, match=named):
            AccessSettings.model_validate(wrong)


def test_settings_become_rules() -> None:
    settings = AccessSettings.model_validate(
        {
            "allow": [{"name": "night staff", "kinds": ["staff"], "schedule": "nights"}],
            "schedules": {"nights": "mon-sun 22:00-06:00"},
            "days": {"2026-10-01": "holiday"},
            "direction": "in",
        }
    )
    rules = settings.rules()
    assert [a.name for a in rules.allow] == ["night staff"]
    assert rules.days == {date(2026, 10, 1): "holiday"}
    assert settings.inward is True
    assert len(AccessSettings().rules().allow) == 3


@pytest.mark.parametrize("pace", [0.5, 15.01, 59.0, 75.01, 120.0])
def test_no_pace_of_guessing_gets_beyond_1440_guesses_a_day(pace: float) -> None:
    guesses, tried, now = Guesses(), 0, 0.0
    while now < 86_400:
        if not guesses.locked(now):
            guesses, tried = guesses.after_wrong(now, PinSettings()), tried + 1
        now += pace
    assert tried <= 1440
