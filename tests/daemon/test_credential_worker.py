"""Old claims open nothing, guessing is slowed down, a frozen store hangs nobody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from gate.access.decision import Method
from gate.access.request import Credential
from gate.clock import ManualClock
from gate.config.settings import build
from gate.daemon.credential_worker import CredentialWorker
from gate.daemon.device_faults import DeviceStatus
from gate.errors import StoreError
from gate.events.event import Event
from gate.passage.inputs import CLAIM_AGE, Checked, Shown
from gate.readers.claim import Claim, ClaimKind
from gate.store.store import Store
from tests.waiting import PATIENCE, wait_for


class Desk:
    """A worker with a clock of its own; everything posted and recorded is kept."""

    def __init__(self, store: Store, data: Path) -> None:
        self.clock = ManualClock(100.0)
        self.store = store
        self.posted: list[Any] = []
        self.events: list[Event] = []
        settings = build({"data": str(data), "name": "g"})
        self.credentials = CredentialWorker(settings, store, self.clock, self.posted.append, self)

    def record(self, event: Event) -> Future[Event]:
        self.events.append(event)
        return Future()

    def show(self, value: str, kind: str = "card", reader: str = "east") -> str:
        """The problem of one claim, looked up in this thread."""
        before = len(self.shown)
        self.credentials._serve(Claim(ClaimKind(kind), value, reader, self.clock.monotonic()))
        self.credentials._look_around()
        found = self.shown[before:]
        return found[0].credential.problem if found else "silence"

    @property
    def shown(self) -> list[Shown]:
        return [item for item in self.posted if isinstance(item, Shown)]

    def reported(self, type: str) -> list[Any]:
        return [dict(event.details) for event in self.events if event.type == type]


@pytest.fixture(autouse=True)
def _a_machine_that_does_much_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up that has to wait for the processor is not given up."""
    monkeypatch.setattr("gate.daemon.credential_worker._LIMIT", PATIENCE)


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Iterator[Desk]:
    """Its thread looks up what is claimed."""
    made = Desk(store, tmp_path)
    made.credentials.open()
    yield made
    made.credentials.close()


@pytest.fixture
def alone(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The same without that thread: the test does its work, and nobody else."""
    made = Desk(store, tmp_path)
    monkeypatch.setattr(made.credentials._thread, "start", lambda: None)
    made.credentials.open()
    yield made
    made.credentials.close()
    made.credentials._bounded.close()


def test_an_old_claim_is_dropped_and_its_holder_is_asked_to_try_again(alone: Desk) -> None:
    claim = Claim(ClaimKind.CARD, "12345678", "east", alone.clock.monotonic())
    alone.clock.advance(CLAIM_AGE + 0.1)
    alone.credentials._serve(claim)
    alone.credentials._look_around()
    assert [s.credential.problem for s in alone.shown] == ["credential_unchecked"]
    assert alone.shown[0].person is None
    assert alone.reported("credential.dropped") == [{"reader": "east", "count": 1}]


def test_a_frozen_store_hangs_nobody_and_is_reported(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    thaw = threading.Event()
    monkeypatch.setattr(desk.credentials._bounded, "_limit", 0.2)
    monkeypatch.setattr(desk.credentials._lookup, "look_up", lambda claim, now: thaw.wait(30))
    desk.credentials.claim(Claim(ClaimKind.CARD, "12345678", "east", desk.clock.monotonic()))
    wait_for(lambda: desk.shown)
    assert desk.shown[0].credential.problem == "credential_unchecked"
    lost = [item for item in desk.posted if isinstance(item, DeviceStatus)]
    assert [(item.name, item.there) for item in lost] == [("register", False)]
    assert "did not answer" in lost[0].reason
    thaw.set()


def test_a_register_that_answers_again_is_no_fault_although_nobody_shows_anything(
    alone: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreError("the database is away")

    def said() -> list[bool]:
        alone.clock.advance(1.0)
        alone.credentials._look_around()
        return [item.there for item in alone.posted if isinstance(item, DeviceStatus)]

    with monkeypatch.context() as broken:
        broken.setattr(alone.credentials._lookup, "look_up", away)
        broken.setattr(alone.store.changes, "generation", away)
        alone.show("12345678")
        assert said() == [False]
    assert said() == [False, True]
    assert said() == [False, True]


def test_1500_unknown_cards_are_ten_answers_a_slow_reader_and_one_alarm(alone: Desk) -> None:
    problems = []
    for number in range(1500):
        problems.append(alone.show(f"{number:08d}"))
        alone.clock.advance(37 / 1500)
    assert problems[:10] == ["card_unknown"] * 10
    looked_up = problems.count("card_unknown")
    assert looked_up <= 10 + 37 / 2
    assert "reader_slowed" in problems
    assert len(alone.shown) <= 10 + 2 * 37 / 2 + 2, "a flood is not answered one by one"
    assert len(alone.reported("credential.guessing")) == 1
    alarm = alone.reported("credential.guessing")[0]
    assert (alarm["kind"], alarm["reader"], alarm["count"]) == ("card", "east", 10)
    alone.clock.advance(301)
    alone.credentials._look_around()
    after = alone.reported("credential.guessing")[-1]
    assert (after["ended"], after["count"]) == (True, looked_up)
    assert after["count"] + after["unchecked"] == 1500
    assert alone.show("99999999") == "card_unknown", "and all is as before"


def test_another_reader_is_not_slowed_down(alone: Desk) -> None:
    for number in range(20):
        alone.show(f"{number:08d}", reader="east")
    assert alone.show("1", reader="east") in ("reader_slowed", "silence")
    assert alone.show("1", reader="west") == "card_unknown"


def test_pins_are_counted_over_all_keypads(alone: Desk) -> None:
    for number in range(10):
        assert alone.show(f"{number:04d}", "pin", f"pad-{number % 3}") == "pin_unknown"
    assert alone.show("1234", "pin", "pad-9") == "reader_slowed"
    assert alone.reported("credential.guessing")[0]["kind"] == "pin"


def test_forged_permits_are_counted_too(alone: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        alone.credentials._lookup,
        "look_up",
        lambda claim, now: Shown(Method.PERMIT, None, Credential("permit_forged"), claim.shown),
    )
    assert [alone.show("GP1:X", "permit", "main") for _ in range(11)][-1] == "reader_slowed"


def test_a_flood_at_one_reader_keeps_no_card_from_another(desk: Desk) -> None:
    for number in range(5000):
        desk.credentials.claim(
            Claim(ClaimKind.CARD, f"{number:08d}", "east", desk.clock.monotonic())
        )
    west = Claim(ClaimKind.CARD, "77", "west", desk.clock.monotonic() + 0.5)
    desk.credentials.claim(west)
    wait_for(lambda: any(shown.at == west.shown for shown in desk.shown))


def checked(desk: Desk) -> list[Checked]:
    return [item for item in desk.posted if isinstance(item, Checked)]


def test_what_was_shown_is_looked_up_again_on_demand(desk: Desk, store: Store) -> None:
    person = store.people.create("Li")
    row = store.credentials.add(person.id, "card", "aa")
    assert desk.show("aa") == ""
    serial = desk.shown[-1].credential.serial
    desk.credentials.check(serial, False)
    wait_for(lambda: checked(desk))
    assert (checked(desk)[0].serial, checked(desk)[0].credential.problem) == (serial, "")
    store.credentials.revoke(row.id, "lost")
    desk.credentials.check(serial, False)
    wait_for(lambda: len(checked(desk)) == 2)
    assert checked(desk)[1].credential.problem == "card_revoked"


def test_a_card_is_answered_however_slowly_others_are_looked_up_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = desk.credentials._lookup.again

    def slow(serial: str, *given: Any, **named: Any) -> Any:
        desk.credentials.check(serial, True)  # the next is due before this one is answered
        return again(serial, *given, **named)

    monkeypatch.setattr(desk.credentials._lookup, "again", slow)
    desk.credentials.check("12", True)
    wait_for(lambda: checked(desk))
    claim = Claim(ClaimKind.CARD, "77", "west", desk.clock.monotonic())
    desk.credentials.claim(claim)
    wait_for(lambda: desk.shown)
    assert desk.shown[0].at == claim.shown
    assert {item.granted for item in checked(desk)} == {True}


def test_a_register_that_cannot_be_asked_says_nothing_of_what_was_shown(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = store.people.create("Li")
    store.credentials.add(person.id, "card", "aa")
    desk.show("aa")
    serial = desk.shown[-1].credential.serial

    def broken(*given: Any, **named: Any) -> Any:
        raise StoreError("the disk is gone")

    monkeypatch.setattr(desk.credentials._lookup, "again", broken)
    desk.credentials.check(serial, False)
    wait_for(lambda: any(isinstance(item, DeviceStatus) for item in desk.posted))
    assert checked(desk) == []
