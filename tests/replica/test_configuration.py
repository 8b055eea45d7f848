"""A configuration of the hub on a box: tried, put on trial, kept or given up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.clock import ManualClock
from gate.config import from_hub
from gate.replica.configuration import READY_WITHIN, SETTLED, Configurer, keep_wish
from gate.store.settings import StoreSettings
from gate.store.store import Store

WIDER = {"recognition": {"patience": 1.5}}
OTHER = {"recognition": {"patience": 2.5}}


class Gate:
    """One run of the gate after the other, on one data folder."""

    def __init__(self, data: Path, store: Store) -> None:
        self.data, self.store = data, store
        self.ailing: frozenset[str] = frozenset()
        self.refusal = ""
        self.tries: list[object] = []
        self.begin()

    def begin(self) -> None:
        from_hub.started(self.data)
        self.asked = ""
        self.clock = ManualClock()
        self.configurer = Configurer(
            self.store.key_values, self.data, self, self._tried, self.clock
        )

    def _tried(self, values: object) -> str:
        self.tries.append(values)
        return self.refusal

    def faults(self) -> frozenset[str]:
        return self.ailing

    def restart(self, why: str) -> None:
        self.asked = why

    def wish(self, values: dict[str, object]) -> None:
        keep_wish(self.store.key_values, values)

    def live(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.clock.advance(1)
            self.configurer.step()
            if self.asked:
                return

    @property
    def values(self) -> dict[str, object]:
        return from_hub.values_of(self.data)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    settings = StoreSettings.model_validate({"url": "sqlite:///gate.db", "ballast": 0})
    with Store.open(settings, tmp_path) as store:
        yield Gate(tmp_path, store)


def serve_with(gate: Gate, values: dict[str, object]) -> None:
    """The whole way: wanted, started again, serving."""
    gate.wish(values)
    gate.live(1)
    assert gate.asked
    gate.begin()
    gate.live(SETTLED + 1)
    assert not gate.asked


@pytest.mark.slow
def test_a_wish_that_works_counts_after_one_restart(gate: Gate) -> None:
    gate.live(3)
    assert (gate.asked, gate.configurer.status()) == ("", {"digest": "", "state": "running"})
    gate.wish(WIDER)
    gate.live(1)
    assert gate.asked
    gate.begin()
    gate.live(1)
    assert gate.configurer.status()["state"] == "trial"
    gate.live(SETTLED)
    digest = from_hub.digest_of(WIDER)
    assert gate.configurer.status() == {"digest": digest, "state": "running"}
    gate.live(600)
    assert (gate.asked, gate.values, len(gate.tries)) == ("", WIDER, 1)


def test_what_the_trial_finds_is_reported_and_the_gate_goes_on(gate: Gate) -> None:
    gate.refusal = "sface is not installed"
    gate.wish(WIDER)
    gate.live(20)
    assert (gate.asked, gate.values, len(gate.tries)) == ("", {}, 1)
    status = gate.configurer.status()
    assert (status["state"], status["how"], status["why"]) == ("running", "refused", gate.refusal)
    assert status["refused"] == from_hub.digest_of(WIDER)


@pytest.mark.slow
def test_a_new_fault_that_stays_brings_the_version_before_back(gate: Gate) -> None:
    serve_with(gate, WIDER)
    gate.wish(OTHER)
    gate.live(1)
    gate.ailing = frozenset({"camera.main"})
    gate.begin()
    gate.live(READY_WITHIN - 1)
    assert gate.asked == ""
    gate.live(3)
    assert gate.asked
    gate.begin()
    assert gate.values == WIDER
    gate.ailing = frozenset()
    gate.live(60)
    assert gate.asked == ""  # and it is not tried for a second time
    status = gate.configurer.status()
    assert (status["how"], status["state"]) == ("returned", "running")
    assert "camera.main" in status["why"]


def test_a_fault_of_before_is_no_reason_to_go_back(gate: Gate) -> None:
    gate.ailing = frozenset({"sensor.temperature"})
    serve_with(gate, WIDER)
    assert gate.values == WIDER


def test_a_fault_that_passes_delays_it_only(gate: Gate) -> None:
    gate.wish(WIDER)
    gate.live(1)
    gate.ailing = frozenset({"camera.main"})  # it takes a moment to open
    gate.begin()
    gate.live(30)
    gate.ailing = frozenset()
    gate.live(SETTLED + 1)
    assert gate.configurer.status()["state"] == "running"
    assert gate.values == WIDER


def test_what_the_hub_withdraws_while_it_is_on_trial_is_given_up_at_once(gate: Gate) -> None:
    gate.wish(WIDER)
    gate.live(1)
    gate.ailing = frozenset({"camera.main"})
    gate.begin()
    gate.wish({})
    gate.live(1)
    assert gate.asked
    assert gate.values == {}


def test_a_version_that_was_refused_is_tried_when_it_is_asked_for_once_more(gate: Gate) -> None:
    gate.refusal = "no"
    gate.wish(WIDER)
    gate.live(2)
    gate.wish({})
    gate.live(2)
    assert "refused" not in gate.configurer.status()
    gate.refusal = ""
    gate.wish(WIDER)
    gate.live(2)
    assert len(gate.tries) == 2
    assert gate.asked


def test_nothing_wanted_takes_away_what_was_set(gate: Gate) -> None:
    serve_with(gate, WIDER)
    serve_with(gate, {})
    assert gate.values == {}
