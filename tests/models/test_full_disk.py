"""A model never takes the last room of a disk, on which events of the door are written too."""

from __future__ import annotations

import errno
import io
import shutil
from pathlib import Path
from typing import Any

import pytest

from gate import files
from gate.errors import ModelError
from gate.models import download, install
from gate.texts.terminal import reworded
from tests.models.model_server import ModelServer
from tests.models.test_install import CONTENT, fetch, offered


def test_a_model_that_does_not_fit_is_refused_before_it_takes_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=files.MARGIN))
    with (
        ModelServer(CONTENT).running() as server,
        pytest.raises(ModelError, match="MB needed") as caught,
    ):
        fetch(offered(server.address), tmp_path / "models")
    assert server.asked == []
    said = reworded(caught.value.what, "zh")
    assert said.startswith("无法写入模型：磁盘空间不足：需要 ")
    assert not [path for path in (tmp_path / "models").rglob("*") if path.is_file()]
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "thing.onnx").write_bytes(CONTENT)
    with pytest.raises(ModelError, match="MB needed"):
        install.copy(offered(), stick, tmp_path / "models")


class Nearly(io.BytesIO):
    """What a file is on a disk that is nearly full: a write takes less than it was given."""

    def write(self, content: Any) -> int:
        return super().write(bytes(content)[:1000])


def test_a_disk_that_takes_a_part_of_a_write_gets_the_rest_too() -> None:
    file = Nearly()
    download._write_all(file, CONTENT)  # type: ignore[arg-type]
    assert file.getvalue() == CONTENT


def test_a_disk_that_is_full_all_the_same_keeps_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: object, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download, "_write_all", full)
    with (
        ModelServer(CONTENT).running() as server,
        pytest.raises(ModelError, match="cannot be written: No space left"),
    ):
        fetch(offered(server.address), tmp_path / "models")
    assert not [path for path in (tmp_path / "models").rglob("*") if path.is_file()]
