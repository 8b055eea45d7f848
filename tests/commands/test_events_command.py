"""``gate events``: list, export, outbox, resend."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gate.commands.events import events, export
from gate.errors import ConfigurationError
from gate.events.event import Event
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.warm import Task


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Any]:
    config = tmp_path / "gate.toml"
    config.write_text(f'name = "north"\ndata = "{tmp_path}/data"\n')
    now = datetime.now(UTC)
    with Store.open(StoreSettings(ballast=0), tmp_path / "data", receivers=("mqtt",)) as store:
        store.events.append(
            [
                Event.make(
                    "north", "passage.denied", now - timedelta(hours=n), reasons=("unknown",)
                )
                for n in range(1200)
            ]
        )
        store.outbox.delivered("north", "mqtt", range(1, 1201))

    def invoke(*arguments: str) -> Any:
        return CliRunner().invoke(events, [*arguments, "--config", str(config)])

    return invoke


@pytest.mark.slow
def test_the_newest_are_shown(run: Callable[..., Any]) -> None:
    shown = run("list", "-n", "3", "--type", "passage.denied").output
    assert shown.count("passage.denied") == 3
    assert "unknown" in shown


@pytest.mark.slow
def test_all_are_exported_once(run: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    assert "1200 events" in run("export", str(file), "--days", "60").output
    assert [json.loads(line)["sequence"] for line in file.open()] == list(range(1, 1201))
    again = run("export", str(file))
    assert isinstance(again.exception, ConfigurationError)


def exports_and_dies(config: Path, to: Path) -> None:
    os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
    export(to, 60.0, config)


@pytest.mark.slow
def test_an_export_that_was_cut_off_does_not_look_whole(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    file = folder / "events.jsonl"
    task = Task(exports_and_dies, tmp_path / "gate.toml", file, out=tmp_path / "out")
    assert task.wait() == -signal.SIGKILL, (tmp_path / "out").read_text()
    assert not file.exists()
    assert "1200 events" in run("export", str(file), "--days", "60").output
    assert list(folder.iterdir()) == [file]


@pytest.mark.slow
def test_some_are_sent_again(run: Callable[..., Any]) -> None:
    assert "nothing waits" in run("outbox").output
    assert "4 events will be sent again" in run("resend", "7", "10").output
    assert "mqtt: 4 of at most 500000 events wait" in run("outbox").output
    assert isinstance(run("resend", "1", "2", "--receiver", "fax").exception, ConfigurationError)


def test_the_schema_is_printed() -> None:
    shown = CliRunner().invoke(events, ["schema"]).output
    assert json.loads(shown)["$id"] == "urn:access-gate:event:1"
