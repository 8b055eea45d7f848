"""Keys and commands over a real broker, from the command line to the door."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from gate.clock import SystemClock
from gate.commands.keys import keys, make
from gate.config.settings import load
from gate.errors import BrokerError
from gate.integrations.broker import Broker
from gate.integrations.command_receiver import CommandReceiver
from gate.integrations.publisher import Publisher
from gate.integrations.settings import CommandSettings, MqttSettings
from gate.integrations.signed_command import Command
from gate.store.store import Store
from tests.warm import Task


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Any]:
    config = tmp_path / "gate.toml"
    config.write_text(f'name = "north"\ndata = "{tmp_path}/data"\n[store]\nballast = 0\n')

    def invoke(*arguments: str) -> Any:
        return CliRunner().invoke(keys, [*arguments, "--config", str(config)])

    return invoke


@pytest.mark.slow
def test_keys_are_made_shown_and_revoked(run: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "desk.pem"
    made = run("make", "desk", "--command", "open", "--to", str(file))
    assert made.exit_code == 0, made.output
    assert file.stat().st_mode & 0o777 == 0o600
    assert "desk" in run("list").output
    assert run("make", "desk", "--command", "open", "--to", f"{file}2").exit_code == 1
    assert not Path(f"{file}2").exists()
    assert "revoked" in run("revoke", "desk").output
    assert run("revoke", "nobody").exit_code == 1
    assert run("make", "x", "--command", "explode").exit_code == 1


def makes_and_dies(config: Path, commits: int) -> None:
    """Killed before the transaction of that number."""
    commit, count = Session.commit, 0

    def counted(session: Session) -> None:
        nonlocal count
        count += 1
        if count > commits:
            os.kill(os.getpid(), signal.SIGKILL)
        commit(session)

    load(config)
    Session.commit = counted  # type: ignore[method-assign,assignment]
    make("desk", ["open"], None, config)


def test_a_key_is_made_with_its_line_in_the_audit_or_the_next_attempt_finishes_it(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    config, data = tmp_path / "gate.toml", tmp_path / "data"
    file = data / "keys" / "desk.pem"
    commits = 0
    while True:
        Store.open(load(config).store, data).close()
        task = Task(makes_and_dies, config, commits, out=tmp_path / "out")
        status = task.wait()
        commits += 1
        with Store.open(load(config).store, data) as store:
            made = len(store.command_keys.list())
            assert made == len([row for row in store.audit.lines() if row.action == "key.make"])
        if made:
            break
        assert status == -signal.SIGKILL, (tmp_path / "out").read_text()
    assert commits > 1  # it was killed with the key's file there and nothing in the register
    assert file.is_file()
    assert run("make", "desk", "--command", "open").exit_code == 1  # as ever: it is in use
    assert file.is_file()


def test_a_private_key_goes_into_the_data_folder_and_not_where_the_command_is_run(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "project"
    here.mkdir()
    monkeypatch.chdir(here)
    assert run("make", "desk", "--command", "open").exit_code == 0
    file = tmp_path / "data" / "keys" / "desk.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o077 == 0
    assert not list(here.iterdir())
    outside = run("make", "../../desk", "--command", "open")
    assert (outside.exit_code, "file" in str(outside.exception)) == (1, True)


@pytest.mark.slow
def test_a_command_goes_from_the_shell_to_the_door_and_back(
    run: Callable[..., Any],
    broker: Broker,
    listener: Any,
    tmp_path: Path,
    eventually: Callable[..., None],
) -> None:
    config = tmp_path / "gate.toml"
    config.write_text(
        config.read_text()
        + f'[mqtt]\nport = {broker.port}\n[advanced]\nmqtt.protocol = "{broker.protocol}"\n'
    )
    settings = load(config)
    file = tmp_path / "desk.pem"
    run("make", "desk", "--command", "open", "--command", "hold", "--to", str(file))
    moved: list[Command] = []

    def door(command: Command) -> str:
        moved.append(command)
        return ""

    with Store.open(settings.store, settings.data, receivers=("mqtt",)) as store:
        commands = CommandReceiver(CommandSettings(), "north", store, SystemClock(), door)
        publisher = Publisher(settings.mqtt, "north", store, on_message=commands.received)
        publisher.start()
        commands.start(publisher.link)
        # the gate says so after it has asked for its commands, which are kept for nobody else
        eventually(lambda: listener.last("gate/north/status") == b"online")
        done = run("send", "open", "--key", str(file))
        assert done.exit_code == 0, done.output
        assert "result=done" in done.output
        assert "result=done" in run("send", "hold", "--key", str(file), "--minutes", "1").output
        refused = run("send", "lockdown", "--key", str(file))
        assert refused.exit_code == 1
        assert "reason=not_entitled" in refused.output
        run("revoke", "desk")
        assert "reason=revoked_key" in run("send", "open", "--key", str(file)).output
        assert [command.name for command in moved] == ["open", "hold"]
        assert len(store.events.search(types=["command.accepted", "command.refused"])) == 4
        assert store.audit.verify() == []
        commands.stop()
        publisher.stop()


@pytest.mark.slow
def test_a_gate_that_is_not_there_is_named(
    run: Callable[..., Any], broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gate.integrations.command_client import ask

    settings = MqttSettings.model_validate({"port": broker.port, "protocol": broker.protocol})
    with pytest.raises(BrokerError, match="does not answer"):
        ask(settings, "nowhere", b"{}", timeout=1)


def test_git_ignores_private_keys_wherever_they_were_made() -> None:
    ignored = (Path(__file__).parents[2] / ".gitignore").read_text("utf-8").split()
    assert {"*.pem", "*.key"} <= set(ignored)
