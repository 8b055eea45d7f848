"""Anti-passback over restarts and several gates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.access.antipassback import Place
from gate.access.decision import Method, Person
from gate.access.policy import decide
from gate.access.request import Credential, Presence, Request, Rules
from gate.passage.outputs import Decided, EventOut
from gate.services.presence import PresenceRegister, load, save
from gate.store.settings import StoreSettings
from gate.store.store import Store

LI = Person(1, "1" * 32)
NOW = 1_767_700_000.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0), tmp_path) as opened:
        yield opened


def granted(passage: str) -> Decided:
    when = datetime(2026, 1, 7, tzinfo=UTC)
    return Decided(
        passage, decide(Request(Method.CARD, LI, when, credential=Credential()), Rules()), 0
    )


def ended(passage: str, passed: bool | None) -> EventOut:
    return EventOut("passage.ended", passage, {"passed": passed})


@pytest.mark.parametrize(
    ("passed", "presence"),
    [(True, {1: Presence.INSIDE}), (None, {1: Presence.INSIDE}), (False, {})],
)
def test_only_who_went_through_is_inside(
    passed: bool | None, presence: dict[int, Presence]
) -> None:
    places = PresenceRegister(inward=True, hours=12)
    places.heard(granted("p"), NOW)
    assert places.presence(NOW) == {}
    places.heard(ended("p", passed), NOW + 3)
    assert places.presence(NOW + 4) == presence


def test_whoever_went_on_while_the_door_stood_open_is_where_they_went() -> None:
    places = PresenceRegister(inward=True, hours=12)
    places.heard(granted("p"), NOW)
    places.take({1: Place(inside=False, at=NOW + 1800)}, NOW + 1801)
    assert places.heard(ended("p", True), NOW + 3600) is None
    assert places.presence(NOW + 3600) == {1: Presence.OUTSIDE}
    # a place of a clock that was ahead is none
    places.heard(granted("q"), NOW + 3601)
    places.take({1: Place(inside=False, at=NOW + 1e8)}, NOW + 1e8)
    assert places.heard(ended("q", True), NOW + 3602) == (1, Place(True, NOW + 3601))
    # nor does one that was set back place anybody in the future
    places.heard(granted("r"), NOW + 9000)
    assert places.heard(ended("r", True), NOW + 5400) == (1, Place(True, NOW + 5400))


def test_another_gate_of_the_same_register_knows(store: Store) -> None:
    inner, outer = PresenceRegister(True, 12), PresenceRegister(False, 12)
    inner.heard(granted("p"), NOW)
    change = inner.heard(ended("p", True), NOW)
    assert change is not None
    save(store, *change)
    outer.take(load(store), NOW)
    assert outer.presence(NOW + 1) == {1: Presence.INSIDE}
    outer.heard(granted("q"), NOW + 60)
    outer.heard(ended("q", True), NOW + 60)
    outer.take(load(store), NOW + 61)  # older than what it knows itself
    assert outer.presence(NOW + 61) == {1: Presence.OUTSIDE}


def test_a_place_of_a_clock_that_was_ahead_gives_way(store: Store) -> None:
    places = PresenceRegister(True, 12)
    places.take({1: Place(inside=False, at=NOW + 1e8)}, NOW)
    assert places.presence(NOW) == {}
    assert places.take({1: Place(inside=True, at=NOW - 1)}, NOW)
    assert places.presence(NOW) == {1: Presence.INSIDE}


def test_a_gate_without_direction_keeps_nothing() -> None:
    places = PresenceRegister(None, 12)
    places.heard(granted("p"), NOW)
    assert places.heard(ended("p", True), NOW) is None


def test_a_deleted_person_is_forgotten(store: Store) -> None:
    places = PresenceRegister(True, 12)
    places.heard(granted("p"), NOW)
    change = places.heard(ended("p", True), NOW)
    assert change is not None
    save(store, *change)
    places.forget(1)
    save(store, 1, None)
    assert places.presence(NOW) == {}
    assert load(store) == {}
