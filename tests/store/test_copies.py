"""Plain copies of the register do not outlive what needed them, whatever ended it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.store.copies import working_folder
from gate.store.settings import StoreSettings
from gate.store.store import Store

NAME = "Zacharias Unverwechselbar"
# a program that copies the register as backups and updates do, and stays until it is killed
COPIES = """
import sys, time
from pathlib import Path
from gate.store.copies import working_folder
from gate.store.settings import StoreSettings
from gate.store.store import Store
data = Path(sys.argv[1])
with Store.open(StoreSettings(ballast=0), data) as store:
    with working_folder(data, sys.argv[2]) as folder:
        store.database.backup(folder / "gate.db")
        print("copied", flush=True)
        time.sleep(600)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0), tmp_path) as opened:
        yield opened


def found_in(data: Path) -> list[str]:
    """The files in which the name still is."""
    files = [path for path in data.rglob("*") if path.is_file()]
    return [path.name for path in files if NAME.encode() in path.read_bytes()]


@pytest.mark.parametrize("purpose", ["backup-", "update-"])
def test_the_copy_of_a_killed_program_goes_with_the_next_deletion(
    store: Store, tmp_path: Path, purpose: str
) -> None:
    person = store.people.create(NAME).id
    program = subprocess.Popen(
        [sys.executable, "-c", COPIES, str(tmp_path), purpose], stdout=subprocess.PIPE, text=True
    )
    try:
        assert program.stdout is not None
        assert program.stdout.readline() == "copied\n"
        # in use it stays, and the deletion does not claim that nothing is left
        assert not store.people.delete(person)
        assert len(list(tmp_path.glob(f"{purpose}*"))) == 1
    finally:
        program.send_signal(signal.SIGKILL)
        program.wait(60)
        assert program.stdout is not None
        program.stdout.close()
    assert found_in(tmp_path)
    assert store.tidy()
    assert not found_in(tmp_path)
    assert not list(tmp_path.glob(f"{purpose}*"))


def test_the_register_that_an_earlier_version_kept_goes_a_day_after_its_update(
    store: Store, tmp_path: Path
) -> None:
    person = store.people.create(NAME).id
    kept = tmp_path / "before-update.tmp"
    store.database.backup(kept)
    assert not store.people.delete(person)  # that update may still be running
    assert kept.exists()
    old = time.time() - 2 * 86_400
    os.utime(kept, (old, old))
    assert store.tidy()
    assert not found_in(tmp_path)


def test_a_folder_is_gone_after_its_use(tmp_path: Path) -> None:
    def fails() -> None:
        with working_folder(tmp_path, "backup-") as folder:
            (folder / "gate.db").write_text(NAME)
            assert folder.stat().st_mode & 0o777 == 0o700
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert not list(tmp_path.iterdir())


def test_the_next_copy_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    left = tmp_path / "backup-killed.tmp"
    left.mkdir()
    (left / "gate.db").write_text(NAME)
    with working_folder(tmp_path, "update-") as used:
        assert not left.exists()
        with working_folder(tmp_path, "backup-"):
            assert used.exists()  # one in use stays


def test_a_folder_that_would_not_be_found_again_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="left behind"), working_folder(tmp_path, "else-"):
        pass
