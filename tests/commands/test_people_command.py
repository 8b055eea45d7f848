"""``gate people export``: the table is whole or not there, and only its owner reads it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from gate.commands.people import export
from gate.config.settings import load
from gate.store.store import Store
from tests.warm import Task

pytestmark = pytest.mark.slow


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "gate.toml"
    file.write_text(f'name = "north"\ndata = "{tmp_path}/data"\n[store]\nballast = 0\n')
    with Store.open(load(file).store, tmp_path / "data") as store:
        store.people.create("李红")
    return file


def exports(config: Path, to: Path, dies: bool) -> None:
    if dies:
        os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
    export(to, config)


def test_an_export_that_is_cut_off_leaves_the_table_of_before(config: Path, tmp_path: Path) -> None:
    out, folder = tmp_path / "out", tmp_path / "stick"
    folder.mkdir()
    file = folder / "people.csv"
    assert Task(exports, config, file, False, out=out).wait() == 0, out.read_text()
    whole = file.read_bytes()
    assert "李红".encode() in whole
    assert file.stat().st_mode & 0o777 == 0o600
    with Store.open(load(config).store, tmp_path / "data") as store:
        store.people.create("王刚")
    assert Task(exports, config, file, True, out=out).wait() == -signal.SIGKILL, out.read_text()
    assert file.read_bytes() == whole
    assert Task(exports, config, file, False, out=out).wait() == 0, out.read_text()
    assert "王刚".encode() in file.read_bytes()
    assert list(folder.iterdir()) == [file]


def test_it_may_be_written_to_a_pipe(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    task = Task(exports, config, pipe, False, out=out)
    assert "李红" in pipe.read_text(encoding="utf-8")
    assert task.wait() == 0, out.read_text()
    assert pipe.is_fifo()
