"""``gate try``: each part alone, at simulated devices."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from gate.commands.try_part import try_part
from gate.config.settings import build
from gate.devices.serial_port import SerialPort
from gate.errors import DeviceError
from gate.relay.driver_factory import make_driver
from gate.setup import trying
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.port import SimulatedPort
from tests.waiting import PATIENCE

EMPTY = Path(__file__).parents[2] / "fixtures" / "recordings" / "empty"
pytestmark = pytest.mark.slow
app = typer.Typer()
app.command("try")(try_part)


def attempt(folder: Path, part: str, board: str = "", seconds: str = "1") -> Result:
    config = folder / "gate.toml"
    config.write_text(
        f'name = "north"\n[[camera]]\nsource = "{EMPTY}"\n[recognition]\n'
        f'detector = "hog"\nencoder = "dlib"\n{board}'
    )
    return CliRunner().invoke(app, [part, "--seconds", seconds, "-c", str(config)])


def modbus(port: str) -> str:
    wires = "[relay.inputs]\nexit = { number = 1 }\n"
    return f'[relay]\ndriver = "modbus"\nport = "{port}"\n{wires}'


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A board whose thread a busy machine keeps waiting is no board that is silent."""
    longer = {"timeout": PATIENCE}
    monkeypatch.setattr(
        "gate.setup.trying.make_driver", lambda board: make_driver(board.model_copy(update=longer))
    )


def test_the_camera(tmp_path: Path) -> None:
    assert "the camera sees 640×480 pixels" in attempt(tmp_path, "camera").output


def test_the_lock_clicks_once_and_is_at_rest_again(tmp_path: Path) -> None:
    board = ModbusBoard()
    with SimulatedPort(board) as port:
        done = attempt(tmp_path, "lock", modbus(port.path))
    assert done.exit_code == 0, done.output
    assert "channel 1 was energised for half a second" in done.output
    assert not any(board.board.relays)


class Finger:
    """A Talk at which the exit button is pressed once it was seen at rest; then Ctrl+C."""

    asks = False

    def __init__(self, board: ModbusBoard) -> None:
        self.board = board
        self.said: list[str] = []

    def say(self, text: str, style: str = "", **values: object) -> None:
        self.said.append(text.format(**values))
        if text == "input {name}: off":
            self.board.board.wires[1] = True
        if text == "input {name}: on":
            raise KeyboardInterrupt

    def ask(self, text: str, default: str) -> str:
        return default

    def secret(self, text: str, again: str) -> str:
        return ""

    def sure(self, text: str, default: bool) -> bool:
        return default


def test_inputs_are_shown_and_each_change_of_them() -> None:
    board = ModbusBoard()
    with SimulatedPort(board) as port:
        relay = {"driver": "modbus", "port": port.path, "inputs": {"exit": {"number": 1}}}
        finger = Finger(board)
        with pytest.raises(KeyboardInterrupt):
            trying.inputs(build({"relay": relay}), finger, 3600)
        SerialPort(port.path).open()  # it was let go of
    assert finger.said[1:] == ["input exit: off", "input exit: on"]


def test_a_board_without_inputs_says_where_they_are_named(tmp_path: Path) -> None:
    with SimulatedPort(ModbusBoard()) as port:
        board = modbus(port.path).partition("[relay.inputs]")[0]
        done = attempt(tmp_path, "inputs", board)
    assert done.exit_code == 1
    assert "no input is configured" in done.output


def test_a_device_the_running_gate_has_is_left_to_it(tmp_path: Path) -> None:
    with SimulatedPort(ModbusBoard()) as port:
        holder = os.open(port.path, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(holder, fcntl.LOCK_EX)
        try:
            done = attempt(tmp_path, "lock", modbus(port.path))
        finally:
            os.close(holder)
    assert isinstance(done.exception, DeviceError)
    assert "systemctl stop gate" in done.exception.hint


def test_a_simulated_board_has_no_lock_to_try(tmp_path: Path) -> None:
    done = attempt(tmp_path, "lock")
    assert isinstance(done.exception, DeviceError)
    assert done.exception.what == "the relay board is simulated"


def test_a_reader_at_which_nobody_shows_a_card(tmp_path: Path) -> None:
    assert attempt(tmp_path, "reader", '[[reader]]\nport = "/dev/tty-nowhere"\n').exit_code == 1
