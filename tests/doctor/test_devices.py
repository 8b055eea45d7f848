"""Doctor: relay boards, readers and thermometers are fine, or it says what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from serial.tools import list_ports  # type: ignore[import-untyped]
from serial.tools.list_ports_common import ListPortInfo  # type: ignore[import-untyped]

from gate.config.settings import build
from gate.devices.serial_port import SerialPort
from gate.doctor import Finding, Level, seek
from gate.simulators.lcus_board import LcusBoard
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.port import Device, SimulatedPort
from gate.simulators.temperature import ImageSensor, PointSensor
from tests.doctor.looking import findings, found_at_last, level_of, look

pytestmark = pytest.mark.slow


def well(found: list[Finding]) -> bool:
    return level_of(found) is Level.OK


def test_a_simulated_relay_is_pointed_out(values: dict[str, Any]) -> None:
    assert look("relay", values).level is Level.WARN


def test_a_relay_board_that_is_not_there_is_bad(values: dict[str, Any]) -> None:
    values["relay"] = {"driver": "lcus", "port": "/dev/tty-nowhere"}
    found = look("relay", values)
    assert found.level is Level.BAD
    assert found.says == (
        "the serial port cannot be opened: No such file or directory (/dev/tty-nowhere)"
    )


@pytest.fixture
def board(values: dict[str, Any]) -> Iterator[SimulatedPort]:
    with SimulatedPort(LcusBoard(1, readback="text")) as port:
        values["relay"] = {"driver": "lcus", "port": port.path, "lcus": {"readback": "text"}}
        yield port


def test_a_relay_board_at_rest_is_well(values: dict[str, Any], board: SimulatedPort) -> None:
    found = found_at_last("relay", values, lambda found: found[0].level is Level.OK)
    assert "channel 1: at rest" in found[0].says
    assert "stays so" in found[1].says  # no timed pulse


def test_a_relay_board_that_does_not_answer_is_bad(
    values: dict[str, Any], board: SimulatedPort
) -> None:
    board.faults.silence = True
    found = look("relay", values)
    assert found.level is Level.BAD
    assert "did not report the state" in found.says


@pytest.mark.parametrize("wrong", ["none", "bytes"])
def test_how_an_lcus_board_answers_is_found_out(
    values: dict[str, Any], board: SimulatedPort, wrong: str
) -> None:
    values["relay"]["lcus"] = {"readback": wrong}
    right = '[relay.lcus] readback = "text"'
    assert found_at_last("relay", values, lambda found: any(right in each.hint for each in found))


def test_speed_and_address_of_a_modbus_board_are_found_out(values: dict[str, Any]) -> None:
    board = ModbusBoard(unit=3)
    with SimulatedPort(board) as port:
        port.faults.baud = 38400
        values["relay"] = {"driver": "modbus", "port": port.path}
        right = "[relay] baud = 38400, [relay.modbus] unit = 3"
        (found,) = found_at_last("relay", values, lambda found: found[0].hint.endswith(right))
        assert found.level is Level.BAD
        values["relay"] |= {"baud": 38400, "modbus": {"unit": 3}}
        assert len(found_at_last("relay", values, well)) == 1
    assert board.board.history == []


def test_a_board_with_a_timer_that_is_not_used_is_pointed_out(values: dict[str, Any]) -> None:
    with SimulatedPort(LcusBoard(variant="AA")) as port:
        values["relay"] = {"driver": "lcus", "port": port.path, "lcus": {"variant": "AA"}}
        assert found_at_last("relay", values, well)
        values["relay"]["lcus"]["timed_pulse"] = False
        unused = "timed_pulse = true"
        assert found_at_last("relay", values, lambda found: unused in found[-1].hint)


@pytest.mark.parametrize("driver", ["lcus", "modbus"])
def test_a_board_the_running_gate_holds_is_no_fault(values: dict[str, Any], driver: str) -> None:
    device: Device = ModbusBoard() if driver == "modbus" else LcusBoard()
    with SimulatedPort(device) as port:
        values["relay"] = {"driver": driver, "port": port.path}
        holder = SerialPort(port.path)
        holder.open()
        try:
            found = look("relay", values)
        finally:
            holder.close()
    assert found.level is Level.WARN
    assert "in use" in found.says
    assert "stop the gate" in found.hint


def test_a_reader_that_is_not_there_is_named(values: dict[str, Any]) -> None:
    values["reader"] = [{"name": "cards", "port": "/dev/tty-nowhere"}]
    found = look("reader", values)
    assert (found.part, found.level) == ("reader cards", Level.BAD)


def test_a_thermometer_is_looked_at_only_when_used(values: dict[str, Any]) -> None:
    assert findings("temperature", build(values)) == []
    values["temperature"] = {"policy": "record", "port": "/dev/tty-nowhere"}
    assert look("temperature", values).level is Level.BAD


@pytest.mark.parametrize(
    ("driver", "module"), [("mcu9061x", PointSensor()), ("mcu90640", ImageSensor())]
)
def test_the_speed_of_a_thermometer_is_found_out(
    values: dict[str, Any], driver: str, module: Device
) -> None:
    with SimulatedPort(module) as port:
        port.faults.baud = 115200
        values["temperature"] = {"policy": "record", "port": port.path, "driver": driver}
        right = "it is heard with [temperature] baud = 115200"
        (found,) = found_at_last("temperature", values, lambda found: found[0].hint == right)
        assert found.level is Level.BAD
        values["temperature"]["baud"] = 115200
        assert found_at_last("temperature", values, well)


def test_a_device_by_a_name_that_may_change_is_pointed_out(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tty = tmp_path / "ttyUSB0"
    tty.touch()
    lasting, spare = tmp_path / "usb-1a86-port0", tmp_path / "usb-0403-port0"
    lasting.symlink_to(tty)
    kinds = {str(lasting): "1A86:7523 USB Serial", str(spare): "0403:6001 FT232R"}
    monkeypatch.setattr("gate.doctor.seek.serial_ports", lambda: kinds)
    monkeypatch.setattr("gate.doctor.seek.keyboards", lambda: ["/dev/input/by-id/usb-x-event-kbd"])
    values["reader"] = [{"name": "cards", "port": str(tty)}]
    found = findings("ports", build(values))
    assert found[0].level is Level.WARN
    assert found[0].hint == f'set port = "{lasting}"'
    assert [f.says for f in found[1:]] == [
        f"not used: {spare} (0403:6001 FT232R)",
        "types, not used: /dev/input/by-id/usb-x-event-kbd",
    ]
    values["reader"][0]["port"] = str(lasting)
    assert all(f.level is Level.OK for f in findings("ports", build(values)))


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str | None]], None]:
    """Two adapters of one kind with these serial numbers, and the names udev gives them."""
    folders = {name: tmp_path / name for name in ("by-id", "by-path", "gate")}
    monkeypatch.setattr(seek, "BY_ID", folders["by-id"])
    monkeypatch.setattr(seek, "BY_PATH", folders["by-path"])
    monkeypatch.setattr(seek, "OWN", folders["gate"])

    def plug(numbers: list[str | None]) -> None:
        ports = []
        for socket, number in enumerate(numbers):
            tty = tmp_path / f"ttyUSB{socket}"
            tty.touch()
            for folder, name in (
                ("by-id", f"usb-CP2102_{number or 'USB_Serial'}-port0"),
                ("by-path", f"pci-usb-0:{socket}:1.0-port0"),
                ("gate", f"cp210x-pci-usb-0_{socket}"),
                ("gate", f"cp210x-{number}"),
            ):
                folders[folder].mkdir(exist_ok=True)
                link = folders[folder] / name
                link.unlink(missing_ok=True)  # the one plugged in last has it
                link.symlink_to(tty)
            port = ListPortInfo(str(tty))
            port.vid, port.pid, port.serial_number = 0x10C4, 0xEA60, number
            port.description = "CP2102"
            ports.append(port)
        monkeypatch.setattr("gate.doctor.seek.list_ports.comports", lambda: ports)

    return plug


@pytest.mark.parametrize("number", ["0001", None])
def test_two_adapters_with_one_serial_number_are_named_by_their_sockets(
    values: dict[str, Any], plugged: Callable[[list[str | None]], None], number: str | None
) -> None:
    plugged([number, number])
    first, second = (str(seek.BY_PATH / f"pci-usb-0:{n}:1.0-port0") for n in (0, 1))
    assert list(seek.serial_ports()) == [first, second]
    values["relay"] = {"driver": "modbus", "port": first}
    values["reader"] = []
    shared = [seek.BY_ID / f"usb-CP2102_{number or 'USB_Serial'}-port0"]
    shared.append(seek.OWN / f"cp210x-{number}")
    for name in shared:
        values["relay"]["port"] = str(name)
        found = findings("ports", build(values))[0]
        assert found.level is Level.WARN
        assert found.hint == f'set port = "{second}"'
    for lasting in (first, str(seek.OWN / "cp210x-pci-usb-0_1")):
        values["relay"]["port"] = lasting
        assert all(f.level is Level.OK for f in findings("ports", build(values)))


def test_an_adapter_with_a_number_of_its_own_is_named_by_it(
    values: dict[str, Any], plugged: Callable[[list[str | None]], None]
) -> None:
    plugged(["0001", "0002"])
    assert [Path(name).parent for name in seek.serial_ports()] == [seek.BY_ID] * 2
    values["reader"] = []
    for name in (seek.BY_ID / "usb-CP2102_0002-port0", seek.OWN / "cp210x-0002"):
        values["relay"] = {"driver": "modbus", "port": str(name)}
        assert all(f.level is Level.OK for f in findings("ports", build(values)))


def test_the_ports_of_one_adapter_are_named_by_its_number(
    plugged: Callable[[list[str | None]], None],
) -> None:
    plugged(["0001", "0001"])
    for port in list_ports.comports():
        port.location = f"1-4:1.{port.device[-1]}"  # two interfaces in one socket
    assert seek.BY_PATH not in {Path(name).parent for name in seek.serial_ports()}


def test_a_fire_contact_that_is_wired_the_other_way_round_is_pointed_out(
    values: dict[str, Any],
) -> None:
    with SimulatedPort(ModbusBoard()) as port:
        values["relay"] = {
            "driver": "modbus",
            "port": port.path,
            "inputs": {"fire": {"number": 2, "invert": True}},
        }
        fine, wire, fire = found_at_last("relay", values, lambda found: len(found) == 3)
        assert fine.says.endswith("at rest")
        assert (wire.part, wire.says) == ("input fire", "signal")
        assert (fire.level, fire.says.partition(":")[0]) == (Level.WARN, "fire is reported now")
        assert "invert" in fire.hint
        values["relay"]["inputs"]["fire"]["invert"] = False
        _, wire = found_at_last("relay", values, well)
        assert wire.says == "no signal"


def test_inputs_that_are_named_by_mistake_are_pointed_out(values: dict[str, Any]) -> None:
    values["relay"] = {"inputs": {"fire": {"number": 2}, "exit": {"number": 2}}}
    found = look("relay", values)
    assert (found.level, found.says) == (
        Level.BAD,
        "fire and exit name the same input: number 2",
    )
    values["relay"]["inputs"] = {"contact": {"number": 0}, "exit": {"number": 1}}
    unused = findings("relay", build(values))[0]
    assert (unused.level, unused.hint) == (Level.WARN, "set [door] contact = true")
    values["door"] = {"contact": True}
    assert len(findings("relay", build(values))) == 1  # that the board is simulated
    del values["relay"]["inputs"]["contact"]
    found = look("relay", values)
    assert found.level is Level.BAD
    assert found.says.startswith("[door] contact = true, but no contact")


def test_a_port_that_is_not_there_is_said_so(values: dict[str, Any], tmp_path: Path) -> None:
    values["relay"] = {"driver": "modbus", "port": str(tmp_path / "ttyUSB9")}
    assert look("relay", values).says.startswith(
        "the serial port cannot be opened: No such file or directory"
    )


def test_two_devices_at_one_port_are_pointed_out(values: dict[str, Any], tmp_path: Path) -> None:
    tty = tmp_path / "ttyUSB0"
    tty.touch()
    lasting = tmp_path / "usb-1a86-port0"
    lasting.symlink_to(tty)
    values["relay"] = {"driver": "modbus", "port": str(tty)}
    values["reader"] = [{"name": "cards", "port": str(lasting)}]
    found = look("ports", values)
    assert found.level is Level.BAD
    assert found.says == f"[[reader]] cards and [relay] name the same port: {lasting}"
    # a board in the network has no port
    values["relay"]["modbus"] = {"transport": "tcp"}
    assert all(f.level is not Level.BAD for f in findings("ports", build(values)))


def test_a_board_in_the_network_that_is_not_there_cannot_be_reached(values: dict[str, Any]) -> None:
    modbus = {"transport": "tcp", "host": "127.0.0.1", "tcp_port": 9}
    values["relay"] = {"driver": "modbus", "modbus": modbus}
    assert look("relay", values).says == ("the Modbus relay board cannot be reached (127.0.0.1:9)")


def test_a_board_that_is_held_leaves_no_line_of_the_library(
    values: dict[str, Any], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a log, as in a command, Python prints what nobody handles."""
    monkeypatch.setattr(logging.getLogger("pymodbus.logging"), "propagate", False)
    with SimulatedPort(ModbusBoard()) as port:
        values["relay"] = {"driver": "modbus", "port": port.path}
        holder = SerialPort(port.path)
        holder.open()
        try:
            assert "in use" in look("relay", values).says
        finally:
            holder.close()
    assert capfd.readouterr().err == ""
