"""``gate export``: list, check, key, resend, skip, people."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from typer.testing import CliRunner

from gate.clock import SystemClock
from gate.commands.export import export
from gate.config.settings import Settings, load
from gate.errors import ConfigurationError
from gate.events.event import Event
from gate.exporting.exporter import Exporter
from gate.exporting.signing import read_private
from gate.store.store import Store

NOW = datetime.now(UTC)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A site with two exports: to a folder, and the community example that lacks its codes."""
    file = tmp_path / "gate.toml"
    file.write_text(f"""
name = "north"
data = "{tmp_path}/data"
[store]
ballast = 0
[[export]]
name = "folder"
mapping = "json-lines"
url = "{(tmp_path / "out").as_uri()}"
purposes = ["operation"]
[[export]]
name = "community"
mapping = "community"
url = "https://user:hidden@platform.example/api/?key=hidden"
purposes = ["safety", "residence"]
""")
    return file


@pytest.fixture
def settings(config: Path) -> Settings:
    loaded = load(config)
    names = [each.receiver for each in loaded.export]
    with Store.open(loaded.store, loaded.data, receivers=names) as store:
        person = store.people.create("王芳")
        store.events.append(
            [
                Event.make(
                    "north", "passage.granted", NOW, person=person.ref, method="face",
                    decision="grant",
                )
                for _ in range(5)
            ]
        )  # fmt: skip
    return loaded


@pytest.fixture
def run(config: Path, settings: Settings) -> Callable[..., Any]:
    return lambda *words: CliRunner().invoke(export, [*words, "--config", str(config)])


def deliver(settings: Settings) -> None:
    [folder] = [each for each in settings.export if each.name == "folder"]
    with Store.open(settings.store, settings.data, receivers=[folder.receiver]) as store:
        exporter = Exporter(folder, "north", store, SystemClock())

        async def all_of_it() -> None:
            while await exporter.step():
                pass

        asyncio.run(all_of_it())


@pytest.mark.slow
def test_list_shows_how_far_each_is_and_no_password(
    run: Callable[..., Any], settings: Settings
) -> None:
    assert "never" in run("list").output
    deliver(settings)
    shown = run("list").output
    assert "hidden" not in shown
    assert "platform.example" in shown
    assert "folder: JSON lines" in shown
    assert "0 events wait, 1 people there" in shown


@pytest.mark.slow
def test_check_shows_what_would_leave_and_sends_nothing(
    run: Callable[..., Any], settings: Settings, tmp_path: Path
) -> None:
    answer = run("check", "folder")
    assert answer.exit_code == 0, answer.output
    assert '"method": "face"' in answer.output
    assert "王芳" not in answer.output
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_check_says_what_is_missing(run: Callable[..., Any]) -> None:
    answer = run("check", "community")
    assert isinstance(answer.exception, ConfigurationError)
    assert "records that cannot be sent: passage" in answer.exception.what
    assert "not sent: no value: communityCode" in answer.output
    assert "withheld: personName (consent)" in answer.output


def test_an_export_that_is_not_there(run: Callable[..., Any]) -> None:
    answer = run("check", "none")
    assert isinstance(answer.exception, ConfigurationError)
    assert "folder, community" in answer.exception.hint


def test_a_key_that_signs(tmp_path: Path) -> None:
    file = tmp_path / "sign.pem"
    answer = CliRunner().invoke(export, ["key", str(file)])
    public = serialization.load_pem_public_key(answer.output.encode())
    assert public == read_private(file).public_key()
    assert file.stat().st_mode & 0o777 == 0o600
    again = CliRunner().invoke(export, ["key", str(file)])
    assert isinstance(again.exception, ConfigurationError)


@pytest.mark.slow
def test_resend_skip_and_people_are_in_the_audit(
    run: Callable[..., Any], settings: Settings
) -> None:
    deliver(settings)
    assert "3 events will be sent again" in run("resend", "folder", "2", "4").output
    assert "2 events will not be sent" in run("skip", "folder", "1", "3").output
    assert "had 1 people" in run("people", "folder").output
    with Store.open(settings.store, settings.data) as store:
        waiting = store.outbox.next("north", "export:folder")
        assert [body["sequence"] for body in waiting] == [4]
        actions = {line.action for line in store.audit.lines()}
        assert {"platform.resend", "platform.skip", "platform.people"} <= actions
        assert store.exports.count("north:folder") == 0
    deliver(settings)
    with Store.open(settings.store, settings.data) as store:
        assert store.exports.count("north:folder") == 1
