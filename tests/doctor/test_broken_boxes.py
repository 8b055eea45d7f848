"""Ten boxes, each broken by a script: doctor finds what is wrong, and its hint, carried out, helps.

The hint is carried out as it is written: keys it names are set in the configuration, commands it
names are run. Where it asks for hands (a cable, a file from the safe), the test has them.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gate import cli
from gate.config.settings import load
from gate.doctor import PARTS, Finding, Level, examine
from gate.setup.document import Document
from gate.simulators.lcus_board import LcusBoard
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.port import SimulatedPort
from gate.simulators.temperature import PointSensor
from gate.store.store import Store
from tests.waiting import eventually, wait_for

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parents[2] / "fixtures"
SETS = re.compile(r"(?:\[([a-z.]+)\] )?([a-z_]+) = (\"[^\"]*\"|[\w.]+)")
COMMAND = re.compile(r"`gate ([^`]+)`")


class Box:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "gate.toml"
        camera = FIXTURES / "recordings" / "empty"
        self.config.write_text(
            f'name = "north"\ndata = "data"\ntimezone = "Asia/Shanghai"\n'
            f'[[camera]]\nsource = "{camera}"\n[recognition]\ndetector = "hog"\nencoder = "dlib"\n'
            "[store]\nballast = 0\n[mqtt]\nenabled = false\n"
        )
        settings = load(self.config)
        with Store.open(settings.store, settings.data) as store:
            store.people.create("李红")
        self.data = settings.data
        self.devices = ExitStack()

    def set(self, key: str, value: Any) -> None:
        document = Document.open(self.config)
        document.set(key, value)
        document.save()

    def plug(self, device: Any) -> SimulatedPort:
        return self.devices.enter_context(SimulatedPort(device))

    def look(self, part: str) -> Finding:
        """The worst finding of ``part``."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("gate.doctor.PARTS", {part: PARTS[part]})
            return max(examine(load(self.config)), key=lambda found: found.level)

    def follow(self, hint: str) -> None:
        """Carry out the hint as it is written."""
        if hint.startswith("chmod "):
            subprocess.run(shlex.split(hint), check=True)
            return
        section = ""
        for named, key, value in SETS.findall(hint):
            section = named or section
            read = tomllib.loads(f"value = {value}")["value"]
            self.set(f"{section}.{key}" if section else key, read)
        for words in COMMAND.findall(hint):
            words = words.replace("FOLDER", str(self.folder / "elsewhere"))
            done = CliRunner().invoke(cli.app, [*shlex.split(words), "-c", str(self.config)])
            assert done.exit_code == 0, done.output


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    monkeypatch.setenv("GATE_BACKUP_PASSPHRASE", "four words nobody guesses")
    made = Box(tmp_path)
    with made.devices:
        yield made


def readable_key(box: Box) -> None:
    (box.data / "gate.key").chmod(0o644)


def no_backup(box: Box) -> None:
    assert not list(box.folder.rglob("*.gatebackup"))


def no_zone(box: Box) -> None:
    box.set("timezone", "")


def wrong_address(box: Box) -> None:
    port = box.plug(ModbusBoard(unit=3))
    port.faults.baud = 38400
    box.set("relay.driver", "modbus")
    box.set("relay.port", str(port.path))


def wrong_answer(box: Box) -> None:
    port = box.plug(LcusBoard(1, readback="text"))
    box.set("relay.driver", "lcus")
    box.set("relay.port", str(port.path))
    box.set("relay.lcus.readback", "bytes")


def wrong_speed(box: Box) -> None:
    port = box.plug(PointSensor())
    port.faults.baud = 115200
    box.set("temperature.policy", "record")
    box.set("temperature.port", str(port.path))


@pytest.mark.parametrize(
    ("part", "broken", "hint"),
    [
        ("key", readable_key, "chmod "),
        ("backup", no_backup, "`gate backup"),
        ("clock", no_zone, "timezone = "),
        ("relay", wrong_address, "[relay] baud = 38400, [relay.modbus] unit = 3"),
        ("relay", wrong_answer, '[relay.lcus] readback = "text"'),
        ("temperature", wrong_speed, "[temperature] baud = 115200"),
    ],
)
def test_the_hint_is_carried_out_as_written_and_all_is_well(
    box: Box,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
    broken: Callable[[Box], None],
    hint: str,
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    broken(box)

    def hinted() -> Finding | None:
        """A busy machine may keep a simulated device from answering in time: look again."""
        found = box.look(part)
        return found if hint in found.hint else None

    found = wait_for(hinted)
    assert found is not None
    assert found.level is not Level.OK, found
    box.follow(found.hint)

    def well() -> bool:
        after = box.look(part)
        # a board without a timer stays worth a look for that
        return after.level is Level.OK or "timed pulse" in after.says

    assert eventually(well), box.look(part)


def test_a_key_that_is_missing_comes_back_from_the_safe(box: Box) -> None:
    safe = box.folder / "safe.key"
    shutil.move(box.data / "gate.key", safe)
    found = box.look("key")
    assert found.level is Level.BAD
    assert "put it back" in found.hint
    shutil.copy(safe, box.data / "gate.key")
    assert box.look("key").level is Level.OK


def test_a_key_of_another_box_is_found_out(box: Box) -> None:
    right = (box.data / "gate.key").read_text()
    (box.data / "gate.key").write_text("ab" * 32)
    found = box.look("key")
    assert found.level is Level.BAD
    assert "made together with the database" in found.hint
    (box.data / "gate.key").write_text(right)
    assert box.look("key").level is Level.OK


def test_a_cut_database_is_found_out_and_restored(box: Box) -> None:
    assert "backup" in box.look("backup").hint
    box.follow(box.look("backup").hint)
    (file,) = box.folder.rglob("*.gatebackup")
    database = box.data / "gate.db"
    content = bytearray(database.read_bytes())
    content[4096 * 3 : 4096 * 9] = bytes(4096 * 6)
    database.write_bytes(content)
    found = box.look("database")
    assert found.level is Level.BAD
    assert "backup" in found.hint or "restore" in found.hint, found
    done = CliRunner().invoke(
        cli.app, ["restore", str(file), "--replace", "-c", str(box.config)], input="\n"
    )
    assert done.exit_code == 0, done.output
    assert box.look("database").level is Level.OK


def test_an_unplugged_camera_is_named_and_plugged_in_again(box: Box, tmp_path: Path) -> None:
    box.set("mqtt.enabled", False)
    there_is_none = Path("/dev/video77"), "plug it in"
    for camera, hint in (there_is_none, (tmp_path / "camera", "/dev/video0")):
        document = Document.open(box.config)
        document.first_of("camera", {"source": str(camera)})
        document.save()
        found = box.look("camera")
        assert found.level is Level.BAD
        assert str(camera) in found.says
        assert hint in found.hint
    shutil.copytree(FIXTURES / "recordings" / "empty", camera)
    assert box.look("camera").level is not Level.BAD
