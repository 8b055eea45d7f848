"""``gate enroll FOLDER``: photographs of many people, gone on with after any interruption."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.commands import enroll_table
from gate.importing.run import NICENESS
from gate.store.store import Store
from tests.commands.enroll.quick import Camera, Run

pytestmark = pytest.mark.slow


def test_a_folder_is_enrolled_and_says_which_lines_have_no_face(
    gate: Run, folder: Path, camera: Camera, store: Callable[[], Store]
) -> None:
    done = gate("enroll", str(folder))
    assert done.exit_code == 1
    assert "59 enrolled, 1 no usable face" in done.output
    assert "line 4, P2: 2.png: no face in it" in done.output
    with store() as opened:
        assert opened.people.count() == 60
        assert opened.templates.count() == {"play/1": 59}
    again = gate("enroll", str(folder))
    assert again.exit_code == 0
    assert "imported already" in again.output
    assert camera.seen == 60


def test_what_was_broken_off_is_gone_on_with(
    gate: Run, folder: Path, camera: Camera, store: Callable[[], Store]
) -> None:
    camera.breaks_at = 40
    assert gate("enroll", str(folder)).exit_code != 0
    with store() as opened:
        kept = opened.people.count()
    # photographs are looked at ahead: the first batch may not have been written yet
    assert kept in (0, 25), "the batches that were done, no half one"
    before = camera.seen
    done = gate("enroll", str(folder))
    assert "59 enrolled, 1 no usable face" in done.output
    assert camera.seen - before == 60 - kept, "nobody is looked at twice who is in the register"
    with store() as opened:
        assert opened.people.count() == 60


def test_ctrl_c_ends_with_the_batch_in_hand_and_the_same_command_goes_on(
    gate: Run, folder: Path, camera: Camera, store: Callable[[], Store]
) -> None:
    camera.interrupted_at = 10
    stopped = gate("enroll", str(folder))
    assert stopped.exit_code == 130
    assert "stopped after 25 of 60; the same command goes on" in stopped.output
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with store() as opened:
        assert opened.people.count() == 25
    before = camera.seen
    assert "59 enrolled, 1 no usable face" in gate("enroll", str(folder)).output
    assert camera.seen - before == 35
    with store() as opened:
        assert sorted(row.name for row in opened.people.find(limit=100)) == sorted(
            f"P{number}" for number in range(60)
        )


def test_a_second_ctrl_c_does_as_ever() -> None:
    with enroll_table._interrupted() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_the_photographs_may_lie_in_one_zip(gate: Run, folder: Path, camera: Camera) -> None:
    with zipfile.ZipFile(folder / "photos.zip", "w") as packed:
        for photo in folder.glob("*.png"):
            packed.write(photo, f"people/{photo.name}")
            photo.unlink()
    assert "59 enrolled, 1 no usable face" in gate("enroll", str(folder)).output


def test_who_looks_alike_is_reported_at_the_end(
    gate: Run, folder: Path, camera: Camera, store: Callable[[], Store]
) -> None:
    shutil.copy(folder / "7.png", folder / "8.png")
    done = gate("enroll", str(folder)).output
    assert "2 resemble somebody; look at them on the desk's page" in done
    with store() as opened:
        one, other = (opened.people.by_number(number) for number in ("7", "8"))
        assert one is not None
        assert other is not None
    assert f"line 9, P7: #{other.id}: perhaps the same person" in done
    assert f"line 10, P8: #{one.id}: perhaps the same person" in done


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priorities of their own")
def test_a_gate_on_the_same_machine_comes_before_an_import(
    gate: Run, folder: Path, camera: Camera
) -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    gate("enroll", str(folder))
    assert camera.nice == {max(before, NICENESS)}
    assert os.getpriority(os.PRIO_PROCESS, 0) == before, "the program itself stays as it is"
