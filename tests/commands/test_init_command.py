"""``gate init`` with simulated devices: asked at a terminal, by flags, and again to change one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from enroll.accounts import Accounts
from gate.clock import SystemClock
from gate.commands.init import PASSWORD, QUESTIONS, init
from gate.config.settings import load
from gate.doctor import Finding, Level
from gate.errors import ConfigurationError
from gate.relay.driver_factory import make_driver
from gate.setup import system
from gate.setup.talk import Terminal
from gate.simulators.card import CardReader
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.port import SimulatedPort
from gate.store.store import Store
from gate.texts.catalogue import catalogue
from tests.waiting import PATIENCE

FIXTURES = Path(__file__).parents[2] / "fixtures"
EMPTY = str(FIXTURES / "recordings" / "empty")
app = typer.Typer()
app.command("init")(init)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(
        "gate.doctor.examine", lambda settings: [Finding("box", Level.OK, settings.name)]
    )
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    return tmp_path / "gate" / "gate.toml"


def run(config: Path, *arguments: str, typed: str | None = None) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        if typed is not None:
            patch.setattr(
                "gate.commands.init.Terminal", lambda language, asks: Terminal(language, True)
            )
        return CliRunner().invoke(app, [*arguments, "--config", str(config)], input=typed)


FLAGS = ("--yes", "--name", "north", "--timezone", "Asia/Shanghai", "--camera", EMPTY)


@pytest.mark.slow
def test_flags_make_configuration_database_keys_and_manager(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD, "correct horse battery")
    done = run(config, *FLAGS, "--label", "东门", "--models", "skip", "--manager", "wang")
    assert done.exit_code == 0, done.output
    settings = load(config)
    assert (settings.name, settings.label, settings.timezone) == ("north", "东门", "Asia/Shanghai")
    assert settings.data == config.parent / "var"  # beside the configuration, wherever we were
    assert not settings.mqtt.enabled
    # the one of the desk and of `gate permit`: a second one would be accepted beside it
    keys = sorted(path.name for path in settings.data.glob("permit*"))
    assert keys == ["permit-key.pem", "permit-key.pub"]
    with Store.open(settings.store, settings.data, create=False) as store:
        accounts = Accounts(store.database, settings.desk, SystemClock())
        assert accounts.sign_in("wang", "correct horse battery") is not None
    assert "correct horse" not in config.read_text()


@pytest.mark.slow
def test_one_answer_is_changed_later_and_nothing_else(config: Path) -> None:
    assert run(config, *FLAGS, "--models", "skip").exit_code == 0
    text = config.read_text().replace("# pixels", "# pixels, measured by Li", 1)
    config.write_text(text)
    done = run(config, "--board", "modbus:192.168.1.200:502", "--set", "relay.modbus.unit=7")
    assert done.exit_code == 0, done.output
    relay = load(config).relay
    assert (relay.driver, relay.modbus.transport, relay.modbus.unit) == ("modbus", "tcp", 7)
    before, after = text.splitlines(), config.read_text().splitlines()
    assert len(before) == len(after)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 3  # driver, transport, unit
    assert "measured by Li" in config.read_text()


@pytest.mark.slow
def test_a_wrong_flag_changes_nothing(config: Path) -> None:
    assert run(config, *FLAGS, "--models", "skip").exit_code == 0
    before = config.read_text()
    for wrong in (
        ("--name", "North Gate"),
        ("--timezone", "Mars/Olympus"),
        ("--board", "banana"),
        ("--board", "lcus:ttyUSB0"),
        ("--reader", "wedge"),
        ("--languages", "zh,xx"),
        ("--set", "relay.driver"),
        ("--set", "relay.drivers=1"),
    ):
        refused = run(config, *wrong)
        assert isinstance(refused.exception, ConfigurationError), wrong
        assert refused.exception.hint
        assert config.read_text() == before
    assert isinstance(run(config, "kitchen").exception, ConfigurationError)


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A board and a reader; one that a busy machine keeps waiting is not taken for a silent one."""
    monkeypatch.setattr("gate.doctor.seek.ANSWER", PATIENCE)
    monkeypatch.setattr("gate.commands.init.CARD_WITHIN", PATIENCE)
    longer = {"timeout": PATIENCE}
    monkeypatch.setattr(
        "gate.setup.trying.make_driver", lambda board: make_driver(board.model_copy(update=longer))
    )
    board, card = ModbusBoard(8, 1), CardReader()
    with SimulatedPort(board) as relay, SimulatedPort(card) as reader:
        yield {"board": board, "relay": relay.path, "card": card, "reader": reader.path}


@pytest.mark.slow
def test_the_board_is_found_and_clicked_and_a_card_is_read(
    config: Path, devices: dict[str, Any]
) -> None:
    devices["card"].show(2972728, seconds=3600)
    done = run(
        config,
        *FLAGS,
        *("--models", "skip", "--try", "--board", f"find:{devices['relay']}"),
        *("--reader", f"rdm6300:{devices['reader']}"),
    )
    assert done.exit_code == 0, done.output
    assert "the camera sees" in done.output
    assert f"found: modbus:{devices['relay']}" in done.output
    moves = [(channel, on) for _, channel, on in devices["board"].board.history]
    assert (0, True) in moves
    assert moves[-1] == (0, False)
    assert "read: card …728" in done.output
    assert "2972728" not in done.output
    assert load(config).relay.modbus.unit == 1


@pytest.mark.slow
def test_questions_are_asked_again_until_they_are_answered(
    config: Path, devices: dict[str, Any]
) -> None:
    typed = [
        *("zh", "East Gate", "east", "东门", "阳光小区", "Asia/Shanghai", EMPTY),
        *(f"find:{devices['relay']}", "y", "off", "off", "off"),  # click: yes
        *("skip", "li", "123", "123", "li", "correct horse battery", "correct horse battery"),
    ]
    done = run(config, "--languages", "en", typed="\n".join(typed[1:]) + "\n")
    assert done.exit_code == 0, done.output
    settings = load(config)
    assert (settings.name, settings.label) == ("east", "东门")
    assert settings.desk.community == "阳光小区"
    assert "'East Gate' is no answer" in done.output
    assert "shorter than ten" in done.output
    again = run(config, "name", typed="west\n\n\n")
    assert again.exit_code == 0, again.output
    assert load(config).name == "west"
    assert load(config).label == "东门"  # the present answer is the default


@pytest.mark.slow
def test_without_a_terminal_each_default_is_shown_and_what_is_left_to_decide(config: Path) -> None:
    """They were taken silently."""
    done = run(config, "--yes", "--name", "north", "--models", "skip")
    assert done.exit_code == 0, done.output
    shown = done.output.replace("\n", " ")
    assert "taken without asking: relay board: driver:port, simulated, or find: simulated" in shown
    assert "taken without asking: time zone: " in shown
    assert "taken without asking: short name" not in shown  # a flag
    assert "still to be decided by you: --camera, --board" in shown


def test_nobody_is_asked_on_a_box_so_what_has_no_safe_default_is_refused(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gate that starts with the machine and moves no door is no default for a box."""
    monkeypatch.setattr(system, "is_box", lambda path: True)
    done = run(config, "--yes", "--name", "north", "--models", "skip", "--camera", EMPTY)
    assert isinstance(done.exception, ConfigurationError)
    assert done.exception.what.endswith("no safe default: board")
    assert not config.exists()


@pytest.mark.slow
def test_what_doctor_wrote_as_root_is_the_services_at_the_end(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`gate models fetch` could not write to the folder that root had made."""
    done: list[str] = []
    monkeypatch.setattr(system, "is_box", lambda path: True)
    monkeypatch.setattr(system, "make_user", lambda: False)
    monkeypatch.setattr(system, "give_configuration", lambda path: None)
    monkeypatch.setattr(system, "place_units", lambda path: [])
    monkeypatch.setattr(system, "give_data", lambda: done.append("given"))

    def report(*_: object) -> Level:
        done.append("doctor")
        return Level.BAD

    monkeypatch.setattr("gate.commands.init.report", report)
    shown = run(config, *FLAGS, "--board", "simulated", "--models", "skip", "--no-start")
    assert isinstance(shown.exception, SystemExit), shown.output
    assert done == ["given", "doctor", "given"]


def test_everything_it_says_has_its_chinese() -> None:
    known = catalogue("zh")
    assert [q.text for q in QUESTIONS if q.text not in known] == []
    import ast

    root = Path(__file__).parents[2] / "gate"
    said = set()
    for file in (root / "commands" / "init.py", root / "setup" / "trying.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("talk."):
                for text in ast.walk(node.args[0]):
                    if isinstance(text, ast.Constant) and isinstance(text.value, str):
                        said.add(text.value)
    assert len(said) > 15
    assert sorted(said - set(known)) == []


@pytest.mark.slow
def test_the_conversation_is_in_the_language_that_was_chosen(config: Path) -> None:
    done = run(config, *FLAGS, "--languages", "zh,en", "--models", "skip")
    assert "检查结果" in done.output
    assert "检查结果" in run(config, "--label", "西门").output  # as the configuration says
    assert "# 控制门锁的继电器板" in config.read_text("utf-8")


@pytest.mark.parametrize(
    ("says", "count"), [("echo 3", 3), ("echo", 0), ("echo unknown; exit 1", 0), ("exit 1", 0)]
)
def test_how_often_systemd_started_a_service_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, count: int
) -> None:
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\ntest "$4" = gate.service && {says}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert system.restarts("gate.service") == count
