"""A camera's password is shown nowhere."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.camera.capture import Capture
from gate.camera.settings import CameraSettings, masked
from gate.commands.config import config as command
from gate.config.settings import load
from gate.errors import ConfigurationError

ADDRESS = "rtsp://admin:s3cret@127.0.0.1:9/stream1?user=a&password=s3cret#x"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (ADDRESS, "rtsp://admin:***@127.0.0.1:9/stream1?user=a&password=***#x"),
        ("http://:s3cret@cam/", "http://:***@cam/"),
        ("http://cam/video?PWD=s3cret", "http://cam/video?PWD=***"),
        ("rtsp://admin:p:a@ss@cam/1", "rtsp://admin:***@cam/1"),
        ("rtsp://cam:554/1", "rtsp://cam:554/1"),
        ("rtsp://cam:554/1@2", "rtsp://cam:***@2"),  # it might be a password
        ("rtsp://admin:12/3@cam/1", "rtsp://admin:***@cam/1"),
        ("rtsp://a@b.cn:s3cret@cam/1", "rtsp://a@b.cn:***@cam/1"),
        ("rtsp://ad/min:s3cret@cam/1", "rtsp://ad/min:***@cam/1"),
        ("rtsp://admin:s3\ncret@cam/1", "rtsp://admin:***@cam/1"),
        ("rtsp:/admin:s3cret@cam/1", "rtsp:/admin:***@cam/1"),
        ("admin:s3:cret@cam/1", "admin:***@cam/1"),
        ("/etc/gate/admin:s3cret@cam/1", "/etc/gate/admin:***@cam/1"),
        ("cam/video?pwd=s3cret", "cam/video?pwd=***"),
        ("rtsp://admin@cam:554/1", "rtsp://admin@cam:554/1"),
        ("rtsp://[fe80::1]:554/1", "rtsp://[fe80::1]:554/1"),
        ("/dev/v4l/by-path/pci-0000:00:14.0", "/dev/v4l/by-path/pci-0000:00:14.0"),
        ("rtsp://admin:12#3@cam/1", "rtsp://admin:***@cam/1"),
        ("rtsp://admin:a/b?c@cam/1", "rtsp://admin:***@cam/1"),
        ("/dev/video0", "/dev/video0"),
    ],
)
def test_an_address_is_shown_without_its_password(source: str, shown: str) -> None:
    assert masked(source) == shown


def test_config_show_hides_it_and_the_settings_have_it(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(f'data = "{tmp_path}"\n[[camera]]\nsource = "{ADDRESS}"\n')
    answer = CliRunner().invoke(command, ["show", "--config", str(file)])
    assert answer.exit_code == 0
    assert "s3cret" not in answer.output
    assert "admin" in answer.output
    assert load(file).camera[0].source == ADDRESS


def test_the_capture_process_has_it_neither_in_its_arguments_nor_its_environment() -> None:
    capture = Capture(CameraSettings(source=ADDRESS))
    capture.open()
    try:
        end = time.monotonic() + 60
        found = ""
        while "gate.camera.worker" not in found and time.monotonic() < end:
            found = subprocess.run(["ps", "axeww"], capture_output=True, text=True).stdout
        assert "gate.camera.worker" in found
        assert "s3cret" not in found
    finally:
        capture.close()


@pytest.mark.parametrize(
    "written",
    [
        'camera = "{}"',
        '[[camera]]\nname = "{}"',
        '[[camera]]\nsource_file = "{}"',
        '[[camera]]\nsuorce = "{}"',
        '[[camera]]\nsource = ["{}"]',
    ],
)
def test_an_address_in_a_wrong_place_is_named_without_its_password(
    tmp_path: Path, written: str
) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(written.format("rtsp://admin:12/s3cret@cam/1"))
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    assert "s3cret" not in f"{caught.value.what} {caught.value.where} {caught.value.hint}"


def test_the_source_may_be_a_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_text('[[camera]]\nsource_file = "camera.txt"\n')
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(file)
    (tmp_path / "camera.txt").write_text(ADDRESS + "\n")
    assert load(file).camera[0].source == ADDRESS
    (tmp_path / "camera.txt").write_text("one\ntwo\n")
    with pytest.raises(ConfigurationError, match="one line"):
        load(file)
