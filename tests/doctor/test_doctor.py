"""Doctor: every part is fine, or says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from gate import cli
from gate.clock import ManualClock
from gate.config.settings import Settings, build
from gate.devices.serial_port import SerialPort
from gate.doctor import PARTS, Finding, Level, box, examine
from gate.events.event import Event
from gate.integrations.broker import free_port
from gate.recognition.face import Template
from gate.simulators.lcus_board import LcusBoard
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.port import Device, SimulatedPort
from gate.simulators.temperature import ImageSensor, PointSensor
from gate.store.store import Store

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Converted once for all of these tests."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def values(tmp_path: Path, models: Path) -> dict[str, Any]:
    """A box with nothing wrong but what tests break."""
    return {
        "name": "north",
        "data": str(tmp_path / "data"),
        "camera": [{"source": str(FIXTURES / "recordings" / "empty")}],
        "recognition": {"detector": "hog", "encoder": "dlib"},
        "models": {"folder": str(models)},
        "store": {"ballast": 0},
        "mqtt": {"enabled": False},
    }


def look(part: str, values: dict[str, Any]) -> Finding:
    """The worst finding of one part."""
    found = findings(part, build(values))
    return max(found, key=lambda finding: finding.level)


def findings(part: str, settings: Settings) -> list[Finding]:
    only = {part: PARTS[part]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gate.doctor.PARTS", only)
        return list(examine(settings))


def enrol(values: dict[str, Any], encoder: str = "dlib/1", people: int = 1) -> None:
    settings = build(values)
    with Store.open(settings.store, settings.data) as store:
        numbers = store.people.create_many({"name": f"p{n}"} for n in range(people))
        vector = np.eye(1, 128, dtype=np.float32)[0]
        store.templates.add(*(Template(number, vector, encoder) for number in numbers))


def test_a_clock_before_this_software_was_made_is_wrong(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {**values, "timezone": "Asia/Shanghai"}
    assert look("clock", values).level is Level.OK
    assert "CST" in look("clock", values).says
    monkeypatch.setattr(box, "RELEASED", datetime(2999, 1, 1, tzinfo=UTC))
    found = look("clock", values)
    assert found.level is Level.BAD
    assert "set the clock" in found.hint


def test_a_disk_without_room_is_named(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look("disk", values).level is Level.OK
    monkeypatch.setattr(box, "DISK_LOW", 1 << 62)
    found = look("disk", values)
    assert found.level is Level.BAD
    assert "make room" in found.hint


def test_a_camera_that_is_not_there_is_named_with_its_source(values: dict[str, Any]) -> None:
    values["camera"] = [{"name": "street", "source": "/dev/video-nowhere"}]
    found = look("camera", values)
    assert (found.part, found.level) == ("camera street", Level.BAD)
    assert "/dev/video-nowhere: it cannot be opened" in found.says
    assert "[[camera]]" in found.hint


def test_a_recording_for_a_camera_is_pointed_out(values: dict[str, Any]) -> None:
    assert look("camera", values).level is Level.WARN


def test_models_in_use_are_named(values: dict[str, Any]) -> None:
    found = findings("models", build(values))
    assert [(f.part, f.level) for f in found] == [("detector", Level.OK), ("encoder", Level.OK)]
    assert [f.says for f in found] == ["hog", "dlib/1, 128 values"]


def test_a_better_model_that_is_missing_is_offered(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    values["recognition"] = {}
    warned = [f for f in findings("models", build(values)) if f.level is Level.WARN]
    assert [f.part for f in warned] == ["detector", "encoder"]
    assert all("gate models fetch" in f.hint for f in warned)


def test_a_damaged_model_is_bad(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "face_detection_yunet_2023mar.onnx").write_bytes(b"cut off")
    values["models"] = {"folder": str(folder)}
    values["recognition"] = {"detector": "auto", "encoder": "dlib"}
    found = look("models", values)
    assert (found.part, found.level) == ("detector", Level.BAD)
    assert "damaged" in found.says


def test_an_encoder_whose_file_is_missing_is_bad(values: dict[str, Any]) -> None:
    values["recognition"] = {"encoder": "taguchi"}
    found = look("models", values)
    assert found.level is Level.BAD
    assert "taguchi" in found.says


def test_liveness_switched_off_is_pointed_out(values: dict[str, Any]) -> None:
    values["liveness"] = {"mode": "off"}
    found = look("liveness", values)
    assert found.level is Level.WARN
    assert "a photograph opens the door" in found.says


def test_looking_at_a_new_box_makes_neither_database_nor_key(
    values: dict[str, Any], tmp_path: Path
) -> None:
    for part in ("database", "key", "gallery", "calibration", "outbox"):
        assert all(f.level is Level.OK for f in findings(part, build(values)))
    assert not (tmp_path / "data").exists()


def test_a_database_that_is_none_is_bad(values: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "gate.db").write_bytes(b"no database at all " * 100)
    found = look("database", values)
    assert found.level is Level.BAD
    assert "damaged" in found.says
    assert "backup" in found.hint


def test_a_database_of_a_newer_gate_is_bad(values: dict[str, Any]) -> None:
    enrol(values)
    settings = build(values)
    with Store.open(settings.store, settings.data) as store, store.database.connect() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
        connection.commit()
    found = look("database", values)
    assert found.level is Level.BAD
    assert "newer version" in found.says


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "missing"), ("x" * 64, "does not hold a key"), ("00" * 32, "does not belong")],
)
def test_a_wrong_key_is_bad(
    values: dict[str, Any], tmp_path: Path, content: str | None, says: str
) -> None:
    enrol(values)
    assert look("key", values).level is Level.OK
    path = tmp_path / "data" / "gate.key"
    path.unlink()
    if content is not None:
        path.write_text(content)
        path.chmod(0o600)
    found = look("key", values)
    assert found.level is Level.BAD
    assert says in found.says


def test_a_key_others_may_read_is_bad(values: dict[str, Any], tmp_path: Path) -> None:
    enrol(values)
    (tmp_path / "data" / "gate.key").chmod(0o644)
    assert "chmod 600" in look("key", values).hint


def test_faces_of_another_encoder_are_recognised_by_nobody(values: dict[str, Any]) -> None:
    enrol(values, encoder="other/1")
    found = look("gallery", values)
    assert found.level is Level.BAD
    assert "1 of other/1" in found.hint
    enrol(values)
    assert look("gallery", values).level is Level.OK


def test_a_calibration_the_gallery_has_outgrown_is_pointed_out(values: dict[str, Any]) -> None:
    enrol(values, people=2)
    assert "too few" in look("calibration", values).says
    enrol(values, people=60)
    assert look("calibration", values).level is Level.OK
    settings = build(values)
    with Store.open(settings.store, settings.data) as store:
        store.calibrations.add("site", "dlib/1", "v1", b"", {"people": 40})
    found = look("calibration", values)
    assert found.level is Level.WARN
    assert "made for 40 people; 62 are enrolled" in found.says
    assert "gate calibrate" in found.hint


@pytest.mark.parametrize(
    ("threshold", "level", "share"), [(0.25, Level.OK, "4 %"), (0.40, Level.WARN, "42 %")]
)
def test_how_many_residents_one_look_is_too_little_for_is_reported(
    values: dict[str, Any], threshold: float, level: Level, share: str
) -> None:
    enrol(values, people=60)
    settings = build(values)
    figures = {"people": 60, "fpir": 0.01, "threshold": threshold}
    with Store.open(settings.store, settings.data) as store:
        store.calibrations.add("site", "dlib/1", "v1", b"", figures)
    _, found = findings("calibration", settings)
    assert (found.part, found.level) == ("residents", level)
    assert f"about {share} of residents' faces, with dlib/1 at FPIR 1 %" in found.says
    assert ("gate models fetch" in found.hint) == (level is Level.WARN)


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
    found = findings("relay", build(values))
    assert found[0].level is Level.OK
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
    hints = [f.hint for f in findings("relay", build(values))]
    assert any('[relay.lcus] readback = "text"' in hint for hint in hints)


def test_speed_and_address_of_a_modbus_board_are_found_out(values: dict[str, Any]) -> None:
    board = ModbusBoard(unit=3)
    with SimulatedPort(board) as port:
        port.faults.baud = 38400
        values["relay"] = {"driver": "modbus", "port": port.path}
        found = look("relay", values)
        assert found.level is Level.BAD
        assert found.hint.endswith("[relay] baud = 38400, [relay.modbus] unit = 3")
        values["relay"] |= {"baud": 38400, "modbus": {"unit": 3}}
        assert [f.level for f in findings("relay", build(values))] == [Level.OK]
    assert board.board.history == []


def test_a_board_with_a_timer_that_is_not_used_is_pointed_out(values: dict[str, Any]) -> None:
    with SimulatedPort(LcusBoard(variant="AA")) as port:
        values["relay"] = {"driver": "lcus", "port": port.path, "lcus": {"variant": "AA"}}
        assert look("relay", values).level is Level.OK
        values["relay"]["lcus"]["timed_pulse"] = False
        assert "timed_pulse = true" in look("relay", values).hint


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
        found = look("temperature", values)
        assert found.level is Level.BAD
        assert found.hint == "it is heard with [temperature] baud = 115200"
        values["temperature"]["baud"] = 115200
        assert look("temperature", values).level is Level.OK


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


def test_a_broker_that_does_not_answer_is_bad(values: dict[str, Any]) -> None:
    values["mqtt"] = {"port": free_port()}
    found = look("broker", values)
    assert found.level is Level.BAD
    assert "does not answer" in found.says
    assert "[mqtt] host and port" in found.hint


def test_a_full_outbox_is_pointed_out(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    values["mqtt"] = {"port": free_port()}
    settings = build(values)
    clock = ManualClock()
    with Store.open(settings.store, settings.data, receivers=["mqtt"]) as store:
        store.writer.record(Event.make("north", "gate.started", clock.utc())).result(5)
    found = look("outbox", values)
    assert (found.level, found.says) == (Level.OK, "1 events wait for the broker")
    monkeypatch.setattr("gate.doctor.register.FULL", 0.0)
    assert look("outbox", values).level is Level.WARN


def test_the_command_prints_every_part_and_its_status_says_whether_something_is_broken(
    values: dict[str, Any], tmp_path: Path, models: Path
) -> None:
    config = tmp_path / "gate.toml"
    text = (
        f'name = "north"\ndata = "{tmp_path}/data"\n'
        f'[[camera]]\nsource = "{values["camera"][0]["source"]}"\n'
        f'[recognition]\ndetector = "hog"\nencoder = "dlib"\n'
        f'[models]\nfolder = "{models}"\n[mqtt]\nenabled = false\n'
    )
    config.write_text(text)
    run = CliRunner().invoke(cli.app, ["doctor", "--config", str(config)])
    assert run.exit_code == 0, run.output
    for part in ("clock", "disk", "camera main", "encoder", "database", "key", "relay", "broker"):
        assert part in run.output
    config.write_text(text + '[relay]\ndriver = "lcus"\nport = "/dev/tty-nowhere"\n')
    run = CliRunner().invoke(cli.app, ["doctor", "--config", str(config)])
    assert run.exit_code == 1
    assert "fix" in run.output
