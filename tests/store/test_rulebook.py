"""Schedules, holidays and who may pass, kept in the register."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gate.access.decision import Kind, Method, Person
from gate.access.policy import decide
from gate.access.request import Credential, Request
from gate.access.settings import AccessSettings
from gate.errors import AccessError
from gate.services.rule_set import rules_of, unknown_schedules
from gate.store.store import Store
from gate.store.tables import RuleRow, ScheduleRow

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)  # a Thursday
CLEANER = Person(1, "c1" * 16, Kind.STAFF, groups=frozenset({"cleaning"}))


def answer(store: Store, settings: AccessSettings, person: Person = CLEANER) -> tuple[str, str]:
    request = Request(Method.CARD, person, NOON, credential=Credential())
    decision = decide(request, rules_of(settings, store.rulebook))
    return decision.outcome.value, decision.reasons[0]


def test_a_schedule_of_the_register_closes_what_the_file_opened(store: Store) -> None:
    settings = AccessSettings.model_validate(
        {
            "allow": [{"name": "staff", "kinds": ["staff"], "schedule": "work"}],
            "schedules": {"work": "mon-fri 07:00-19:00"},
        }
    )
    assert answer(store, settings) == ("grant", "welcome")
    store.rulebook.set_schedule("work", "mon-fri 13:00-19:00")
    assert answer(store, settings) == ("deny", "not_this_schedule")
    store.rulebook.remove_schedule("work")
    assert answer(store, settings) == ("grant", "welcome")


def test_a_holiday_of_the_register_counts(store: Store) -> None:
    store.rulebook.set_schedule("work", "mon-fri 07:00-19:00; holiday closed")
    store.rulebook.set_allow("staff", {"kinds": ["staff"], "schedule": "work"})
    assert answer(store, AccessSettings()) == ("grant", "welcome")
    store.rulebook.set_day(NOON.date(), name="国庆节")
    assert answer(store, AccessSettings()) == ("deny", "not_on_holidays")
    store.rulebook.set_day(NOON.date(), "mon")  # a make-up working day
    assert answer(store, AccessSettings()) == ("grant", "welcome")
    store.rulebook.set_day(NOON.date(), "sun")
    assert answer(store, AccessSettings()) == ("deny", "not_this_schedule")
    store.rulebook.remove_day(NOON.date())
    assert answer(store, AccessSettings()) == ("grant", "welcome")


def test_a_rule_of_the_register_comes_beside_the_others(store: Store) -> None:
    guest = Person(2, "d2" * 16, Kind.VISITOR, groups=frozenset({"choir"}))
    assert answer(store, AccessSettings(), guest) == ("deny", "not_this_method")
    store.rulebook.set_allow("choir", {"groups": ["choir"], "methods": ["card"]})
    assert answer(store, AccessSettings(), guest) == ("grant", "welcome")
    assert answer(store, AccessSettings()) == ("grant", "welcome")  # staff as ever


def test_a_rule_of_the_same_name_takes_the_place_of_the_houses(store: Store) -> None:
    store.rulebook.set_allow("staff", {"kinds": ["staff"], "gates": ["north"]})
    assert answer(store, AccessSettings())[0] == "deny"
    assert len(rules_of(AccessSettings(), store.rulebook).allow) == 3


def test_a_schedule_that_is_missing_or_damaged_is_closed_and_named(store: Store) -> None:
    store.rulebook.set_allow("staff", {"kinds": ["staff"], "schedule": "work"})
    assert answer(store, AccessSettings()) == ("deny", "not_this_schedule")
    with store.database.write() as session:
        session.add(ScheduleRow(name="work", text="whenever"))
        session.add(RuleRow(name="broken", body={"methods": ["nose"]}))
    assert answer(store, AccessSettings()) == ("deny", "not_this_schedule")
    known = rules_of(AccessSettings(), store.rulebook)
    assert unknown_schedules(known, "rush") == ["rush", "work"]
    assert "broken" not in [a.name for a in known.allow]


def test_what_has_no_meaning_is_not_written(store: Store) -> None:
    book = store.rulebook
    with pytest.raises(AccessError, match="not valid in a schedule"):
        book.set_schedule("work", "mon 7-9")
    with pytest.raises(AccessError, match="festival"):
        book.set_day(date(2026, 10, 1), "festival")
    with pytest.raises(AccessError, match="rule is not valid"):
        book.set_allow("x", {"methods": ["nose"]})
    for name in (" ", "x" * 41, "a\nb"):
        with pytest.raises(AccessError, match="1 to 40 printable"):
            book.set_schedule(name, "always")
    with pytest.raises(AccessError, match="no schedule"):
        book.remove_schedule("work")
    assert (book.schedules(), book.holidays(), book.allows()) == ({}, [], {})


def test_a_change_of_the_rules_is_noticed_and_names_nobody(store: Store) -> None:
    before = store.changes.generation()
    store.rulebook.set_day(date(2026, 10, 1))
    assert store.changes.generation() > before
    assert store.changes.since(before) == (store.changes.generation(), frozenset())
