"""Wrong PINs outlast a restart, and nothing is written for anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.access.guessing import Series
from gate.access.pin import Guesses
from gate.access.settings import PinSettings
from gate.clock import ManualClock
from gate.config.settings import build
from gate.daemon.credential_worker import CredentialWorker
from gate.daemon.kept_guesses import KeptGuesses
from gate.errors import StoreError
from gate.passage.inputs import Shown
from gate.readers.claim import Claim, ClaimKind
from gate.store.store import Store
from tests.waiting import PATIENCE

NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
PIN = "482913"
Restart = Callable[..., "Pad"]


def clock_at(wall: datetime, monotonic: float = 7.0) -> ManualClock:
    return ManualClock(monotonic, wall - timedelta(seconds=monotonic))


class Pad:
    """One run of the gate's look-ups, without its thread."""

    def __init__(self, store: Store, data: Path, clock: ManualClock) -> None:
        self.clock = clock
        self.posted: list[Any] = []
        self.worker = CredentialWorker(
            build({"data": str(data), "name": "g"}), store, clock, self.posted.append
        )
        self.worker._thread.start = lambda: None  # type: ignore[method-assign]
        self.worker.open()

    def type(self, value: str, pad: str = "east", kind: str = "pin") -> str:
        claim = Claim(ClaimKind(kind), value, pad, self.clock.monotonic())
        self.worker._serve(claim)
        shown = [item for item in self.posted if isinstance(item, Shown)]
        return shown[-1].credential.problem


@pytest.fixture
def restart(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Restart]:
    """The next run; its monotonic clock begins again, and the wall clock has gone on by so many
    seconds."""
    monkeypatch.setattr("gate.daemon.credential_worker._LIMIT", PATIENCE)
    person = store.people.create("李红").id
    store.credentials.add(person, "pin", PIN)
    away = 0.0
    with ExitStack() as ends:

        def run(seconds: float = 0.0) -> Pad:
            nonlocal away
            away += seconds
            pad = Pad(store, tmp_path, clock_at(NOW + timedelta(seconds=away)))
            ends.callback(pad.worker._bounded.close)
            return pad

        yield run


def test_a_keypad_that_is_stopped_stays_so_when_the_power_is_taken_away(restart: Restart) -> None:
    before = restart()
    for number in range(5):
        assert before.type(f"{number:06d}") == "pin_unknown"
    after = restart(30)
    assert after.type(PIN) == "pin_locked"
    after.clock.advance(269)
    assert after.type(PIN) == "pin_locked"
    after.clock.advance(2)
    assert after.type(PIN) == ""


def test_four_wrong_ones_and_a_restart_do_not_give_five_more(restart: Restart) -> None:
    for number in range(5):
        run = restart(20)
        assert run.type(f"{number:06d}") == "pin_unknown"
    assert restart(20).type(PIN) == "pin_locked"


def test_all_keypads_together_are_slowed_down_as_before(restart: Restart) -> None:
    before = restart()
    for number in range(10):
        assert before.type(f"{number:06d}", f"pad-{number % 3}") == "pin_unknown"
    assert restart(1).type("000000", "pad-9") == "reader_slowed"
    assert restart(300).type("000000", "pad-9") == "pin_unknown"


def test_it_is_on_the_disk_before_the_answer_is_shown(
    restart: Restart, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pad = restart()
    kept: list[Any] = []
    monkeypatch.setattr(
        pad.worker, "_post", lambda item: kept.append(store.key_values.get("pin.guesses:g"))
    )
    pad.worker._serve(Claim(ClaimKind.PIN, "000000", "east", pad.clock.monotonic()))
    (found,) = kept
    assert len(found["pads"]["east"]["wrong"]) == len(found["wrong"]) == 1
    assert found["pads"]["east"]["locked"] is None  # PostgreSQL keeps no number without end


def test_nothing_is_written_for_a_right_pin_a_card_or_a_stopped_keypad(
    restart: Restart, monkeypatch: pytest.MonkeyPatch
) -> None:
    pad = restart()
    for number in range(5):
        pad.type(f"{number:06d}")
    written: list[object] = []
    monkeypatch.setattr(pad.worker._kept, "keep", lambda *given: written.append(given))
    assert pad.type(PIN) == "pin_locked"
    assert pad.type(PIN, "west") == ""
    assert pad.type("12345678", kind="card") == "card_unknown"
    assert written == []
    assert pad.type("999999", "west") == "pin_unknown"
    assert len(written) == 1


def test_a_disk_that_cannot_be_written_stops_nobody_and_counts_on(
    restart: Restart, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pad = restart()

    def full(*given: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(store.key_values, "set", full)
    for number in range(5):
        assert pad.type(f"{number:06d}") == "pin_unknown"
    assert pad.type(PIN) == "pin_locked"


def test_a_register_that_does_not_answer_at_the_start_lets_no_pin_in(
    restart: Restart, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pad = restart()

    def silent(*given: object) -> None:
        raise StoreError("the database did not answer")

    with monkeypatch.context() as patch:
        patch.setattr(store.key_values, "get", silent)
        assert pad.type(PIN) == "credential_unchecked"
    assert pad.type(PIN) == ""


@pytest.mark.parametrize("days", [-9000, 0])
def test_a_clock_that_is_behind_or_stood_still_gives_nothing_away(store: Store, days: int) -> None:
    clock = clock_at(NOW, 1000.0)
    settings = PinSettings()
    stopped = Guesses((), 1000.0 + settings.lock)
    KeptGuesses(store.key_values, "g", clock).keep(
        {"east": stopped, "west": Guesses((990.0,))}, Series((990.0,), 1, 990.0)
    )
    later = clock_at(clock.utc() + timedelta(days=days), 5.0)
    pads, series = KeptGuesses(store.key_values, "g", later).read(settings)
    assert pads["east"].locked_until == pytest.approx(5.0 + settings.lock)
    ago = 10.0 if days == 0 else 0.0
    assert pads["west"].wrong == pytest.approx((5.0 - ago,))
    assert series.wrong == pytest.approx((5.0 - ago,))
