"""``gate run`` starts again by itself for another configuration of its hub, and only then."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from gate.commands.run import run
from gate.config import from_hub
from gate.config.settings import Settings
from gate.errors import ModelError

pytestmark = pytest.mark.slow


class Execed(Exception):
    """The process would be another one from here on."""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "gate.toml"
    path.write_text('name = "north"\n')
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setattr("gate.log.set_up", lambda settings: None)

    def execv(program: str, arguments: list[str]) -> None:
        assert program == sys.executable == arguments[0]
        raise Execed

    monkeypatch.setattr(os, "execv", execv)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield path
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., None]], list[Settings]]:
    """Have every daemon do something; returns the settings of those that ran."""

    def use(body: Callable[..., None]) -> list[Settings]:
        ran: list[Settings] = []

        class Daemon:
            def __init__(self, settings: Settings, config: Path, left: Sequence[Path]) -> None:
                self.again = self.overdue = False
                ran.append(settings)

            def stop(self, why: str) -> None:
                pass

            def run(self) -> None:
                body(self)

        monkeypatch.setattr("gate.daemon.daemon.Daemon", Daemon)
        return ran

    return use


def again(daemon) -> None:
    daemon.again = True


def test_it_starts_again_when_the_daemon_asks_for_it(config, daemon) -> None:
    daemon(again)
    with pytest.raises(Execed):
        run(config)


def test_not_when_it_was_ended_meanwhile(config, daemon) -> None:
    def ended(daemon) -> None:
        daemon.again = True
        signal.raise_signal(signal.SIGTERM)

    daemon(ended)
    run(config)


def test_systemd_starts_it_itself(config, daemon, monkeypatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    daemon(again)
    run(config)


def test_a_start_that_fails_with_a_version_on_trial_goes_back_at_once(config, daemon) -> None:
    data = config.parent / "var"
    from_hub.begin(data, {"recognition": {"patience": 1.5}}, ())

    def fails(daemon) -> None:
        raise ModelError("the model cannot be loaded")

    ran = daemon(fails)
    with pytest.raises(Execed):
        run(config)
    with pytest.raises(ModelError):  # nothing is on trial any more: a fault as any other
        run(config)
    assert [settings.recognition.patience for settings in ran] == [1.5, 0.6]
    assert from_hub.state_of(data).why == "the model cannot be loaded"


def test_a_version_that_only_ever_crashes_gives_way(config, daemon) -> None:
    data = config.parent / "var"
    from_hub.begin(data, {"recognition": {"patience": 1.5}}, ())
    ran = daemon(lambda daemon: None)  # as if killed: it never came to confirm
    for _ in range(from_hub.STARTS + 1):
        run(config)
    assert [settings.recognition.patience for settings in ran] == [1.5, 1.5, 0.6]
