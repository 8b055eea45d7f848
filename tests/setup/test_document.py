"""Values of the configuration change; comments and everything else stay."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gate.config.reference import as_toml
from gate.errors import ConfigurationError
from gate.setup.document import Document

TEXT = """# our gate
name = "north"  # by the river
[relay]
# the blue board
driver = "lcus"
port = "/dev/ttyUSB0"

[[camera]]
name = "one"   # left
source = "/dev/video0"
[[camera]]
name = "two"
source = "/dev/video1"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(TEXT)
    return path


def test_only_the_value_changes(file: Path) -> None:
    document = Document.open(file)
    document.set("relay.port", "/dev/ttyUSB3")
    assert document.save()
    assert file.read_text() == TEXT.replace("/dev/ttyUSB0", "/dev/ttyUSB3")


def test_a_missing_section_and_a_key_of_the_file_itself(file: Path) -> None:
    document = Document.open(file)
    document.set("relay.modbus.unit", 3)
    document.set("timezone", "Asia/Shanghai")
    document.set("screen.languages", ("en", "zh"))
    document.save()
    settings = Document.open(file).settings
    assert settings.relay.modbus.unit == 3
    assert settings.timezone == "Asia/Shanghai"
    assert settings.screen.languages == ("en", "zh")
    for comment in ("# our gate", "# by the river", "# the blue board", "# left"):
        assert comment in file.read_text()


def test_the_first_of_several_changes_and_the_others_stay(file: Path) -> None:
    document = Document.open(file)
    document.first_of("camera", {"source": "rtsp://camera/main"})
    document.first_of("reader", {"name": "door", "driver": "rdm6300", "port": "/dev/ttyUSB9"})
    document.save()
    settings = Document.open(file).settings
    assert [c.source for c in settings.camera] == ["rtsp://camera/main", "/dev/video1"]
    assert [r.port for r in settings.reader] == ["/dev/ttyUSB9"]
    document.without("reader")
    document.save()
    assert Document.open(file).settings.reader == ()


def test_inputs_are_replaced_as_a_whole(file: Path) -> None:
    document = Document.open(file)
    document.set("relay.driver", "modbus")
    document.set("relay.inputs", {"fire": {"number": 2, "invert": True}, "exit": {"number": 1}})
    document.save()
    document = Document.open(file)
    document.set("relay.inputs", {"contact": {"number": 0}})
    document.save()
    assert set(Document.open(file).settings.relay.inputs) == {"contact"}


def test_a_mistake_leaves_the_file_as_it_was(file: Path) -> None:
    document = Document.open(file)
    document.set("relay.driver", "banana")
    with pytest.raises(ConfigurationError, match="relay.driver"):
        document.save()
    assert file.read_text() == TEXT


@pytest.mark.slow
def test_a_new_file_has_every_key_and_is_not_for_everybody(tmp_path: Path) -> None:
    path = tmp_path / "etc" / "gate.toml"
    document = Document.open(path)
    assert document.text == as_toml()
    document.set("name", "east")
    assert document.save()
    assert not document.save()  # nothing more to write
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.read_text() == as_toml().replace('name = "gate-1"', 'name = "east"', 1)
    document.drop("name")
    document.save()
    assert Document.open(path).settings.name == "gate-1"


def test_a_file_that_is_no_toml_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text("name = north")
    with pytest.raises(ConfigurationError, match="TOML"):
        Document.open(path)


def test_what_was_written_is_on_the_disk_before_it_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(TEXT)
    flushed: list[int] = []
    rename = Path.replace

    def renamed(self: Path, target: Path) -> Path:
        assert flushed == [self.stat().st_size]
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", lambda handle: flushed.append(os.fstat(handle).st_size))
    monkeypatch.setattr(Path, "replace", renamed)
    document = Document.open(path)
    document.set("name", "east")
    assert document.save()
    assert len(flushed) == 2  # the folder too: the new name
