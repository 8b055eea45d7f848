"""A USB camera that comes back under another number is found again, and no other one for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.camera.lasting import LastingName, lasting


class Box:
    """A /dev with cameras and the links udev makes."""

    def __init__(self, dev: Path) -> None:
        self.dev = dev
        self.folders = dev / "by-path", dev / "by-id"
        for folder in self.folders:
            folder.mkdir()

    def plug(self, number: int, *, socket: str, model: str) -> None:
        device = self.dev / f"video{number}"
        device.touch()
        for folder, name in zip(self.folders, (socket, model), strict=True):
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(device)

    def unplug(self, number: int) -> None:
        (self.dev / f"video{number}").unlink()

    def name(self, number: int) -> str:
        return str(self.dev / f"video{number}")


@pytest.fixture
def box(tmp_path: Path) -> Box:
    made = Box(tmp_path)
    made.plug(0, socket="usb-1", model="webcam")
    return made


@pytest.mark.parametrize("socket", ["usb-1", "usb-2"], ids=["same socket", "another socket"])
def test_a_camera_plugged_in_again_is_found_under_its_new_number(box: Box, socket: str) -> None:
    source = LastingName(box.name(0), box.folders)
    assert source.now() == box.name(0)
    box.unplug(0)
    assert source.now() == box.name(0)
    box.plug(1, socket=socket, model="webcam")
    assert source.now() == box.name(1)
    box.unplug(1)
    box.plug(2, socket=socket, model="webcam")
    assert source.now() == box.name(2)
    box.plug(0, socket="usb-1", model="webcam")
    assert source.now() == box.name(0)


def test_another_camera_of_the_same_kind_is_not_taken_for_it(box: Box) -> None:
    box.plug(2, socket="usb-2", model="another")
    source = LastingName(box.name(0), box.folders)
    assert source.now() == box.name(0)
    box.unplug(0)
    box.plug(2, socket="usb-2", model="webcam")  # udev gives it the name both have
    assert source.now() == box.name(0)


@pytest.mark.parametrize("source", ["rtsp://10.0.0.1/a", "/dev/v4l/by-id/usb-cam", "film.mp4"])
def test_any_other_source_is_opened_as_it_is_written(source: str) -> None:
    assert LastingName(source).now() == source


def test_the_links_of_a_device(box: Box, tmp_path: Path) -> None:
    box.plug(1, socket="usb-2", model="another")
    found = lasting(box.name(0), box.folders)
    assert found == [tmp_path / "by-path" / "usb-1", tmp_path / "by-id" / "webcam"]
    assert lasting(box.name(7), box.folders) == []
    assert lasting(box.name(0), (tmp_path / "none",)) == []
