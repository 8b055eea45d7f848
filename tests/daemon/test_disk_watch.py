"""A run from memory ends once the disk can be written again, and not before."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from gate.commands.run import _Run
from gate.config.settings import build
from gate.daemon import daemon as daemons
from gate.daemon.disk_watch import LOOKS, DiskWatch
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.gate_process import PLAIN
from tests.small_disk import mounted
from tests.waiting import wait_for

EMPTY = str(Path(__file__).parents[2] / "fixtures" / "recordings" / "empty")


def test_the_gate_starts_again_when_the_disk_could_be_written_often_enough() -> None:
    looks: Iterator[str] = iter(["broken", *[""] * (LOOKS - 1), "broken", *[""] * LOOKS])
    reasons: list[str] = []
    DiskWatch(lambda: next(looks), reasons.append, every=0.0).run()
    assert reasons == ["the disk can be written again"]
    assert next(looks, "all looked at") == "all looked at"


def test_one_that_is_closed_looks_no_more() -> None:
    watch = DiskWatch(lambda: "", lambda why: pytest.fail(why), every=3600.0)
    watch.close()
    watch.run()


@pytest.mark.slow
def test_a_gate_leaves_memory_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemons, "DiskWatch", partial(DiskWatch, every=0.05))
    with mounted(tmp_path / "disk", "16m") as disk, mounted(tmp_path / "memory", "32m") as memory:
        monkeypatch.setenv("RUNTIME_DIRECTORY", str(memory))
        with Store.open(StoreSettings(ballast=0), disk) as store:
            store.people.create("Li")
        values = {**PLAIN, "data": str(disk), "camera": [{"source": EMPTY}]}
        run = _Run(build(values), tmp_path / "gate.toml")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        thread = threading.Thread(target=run.serve, args=("Read-only file system",))
        thread.start()
        try:
            wait_for(lambda: list(memory.glob("*/copy/gate.db")))
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
            wait_for(lambda: not thread.is_alive())
        finally:
            if run.daemon is not None:
                run.daemon.stop()
            thread.join()
        assert run.again
        assert not list(memory.glob("*/copy"))
