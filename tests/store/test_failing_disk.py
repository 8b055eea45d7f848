"""What is said of a disk or card that fails, which the system then mounts read-only."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from gate.errors import StoreError
from gate.store.database_errors import translate
from gate.store.engine import Database
from gate.texts.terminal import reworded


def test_a_write_that_the_disk_refuses_names_the_disk(tmp_path: Path) -> None:
    cause = sqlite3.OperationalError("disk I/O error")
    error = translate(OperationalError("COMMIT", {}, cause), f"sqlite:///{tmp_path}/gate.db")
    assert "dmesg" in error.hint
    assert reworded(error.what, "zh").startswith("无法写入磁盘：")


@pytest.mark.parametrize(
    ("code", "hint"), [(errno.EROFS, "dmesg"), (errno.EIO, "dmesg"), (errno.EACCES, "owner")]
)
def test_a_database_that_cannot_be_opened_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, hint: str
) -> None:
    def touch(path: Path, mode: int) -> None:
        raise OSError(code, "it does not work", str(path))

    monkeypatch.setattr(Path, "touch", touch)
    with pytest.raises(StoreError, match="cannot be created or opened") as caught:
        Database(f"sqlite:///{tmp_path}/gate.db")
    assert hint in caught.value.hint
