"""Joining, leaving, shutting out and new keys, killed at each step: nobody is lost, nothing old
counts on, and the same command once more finishes it. See docs/many-gates.md."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gate import files
from gate.errors import StoreError
from gate.hub.boxes import Boxes, shut_out
from gate.hub.keys import CommunityKeys
from gate.replica import join as joining
from gate.replica.identity import Identity
from gate.replica.join import folder_of, join, leave
from gate.store.key_value import JOINED
from gate.store.store import HUB, Store
from gate.store.tables import TemplateKeyRow
from tests.hub.fleet import Box, Fleet, settings
from tests.killed import killed_before
from tests.waiting import wait_for
from tests.warm import Task

pytestmark = pytest.mark.slow
NAMES = {"李红", "王刚", "张伟"}


def dies(step: int) -> None:
    """This process is killed before the step of that number: a word to the hub, a file put in
    place, or a transaction."""
    counted = killed_before(step)
    httpx.Client.post = counted(httpx.Client.post)  # type: ignore[method-assign]
    files.replace = counted(files.replace)
    shutil.rmtree = counted(shutil.rmtree)  # type: ignore[assignment]
    Path.replace = counted(Path.replace)  # type: ignore[method-assign,assignment]
    Session.commit = counted(Session.commit)  # type: ignore[method-assign]


def joins(data: Path, url: str, code: str, step: int) -> None:
    joining._PAGE = 1  # each person is a message of their own
    store = Store.open(settings(), data)
    dies(step)
    join(store, data, "north", (url,), code)


def leaves(data: Path, step: int) -> None:
    store = Store.open(settings(), data)
    dies(step)
    leave(store, data)


def shuts_out(folder: Path, url: str, step: int) -> None:
    store = Store.open(settings(url), folder)
    dies(step)
    shut_out(store, "north", "stolen", "guard")


def killed(task: Task) -> bool:
    """False: it had ended before it came to the step."""
    status = task.wait()
    assert status in (0, -signal.SIGKILL)
    return status != 0


def runs(box: Box) -> None:
    """As the gate does: it follows its hub if it belongs to one. Until it has all that is there."""
    if Identity.of(box.store, folder_of(box.data)) is not None:
        box.start()
        wait_for(lambda: box.at >= 0)
        box.stop()


@pytest.mark.parametrize("step", range(17))
def test_a_join_that_is_killed_loses_nobody_and_is_done_again(
    fleet: Fleet, tmp_path: Path, step: int
) -> None:
    box = fleet.alone("north")
    for name in NAMES:
        box.store.people.create(name)
    box.store.close()
    code = Boxes(fleet.store).new_code("north", "clerk")
    task = Task(joins, box.data, fleet.server.url, code, step, out=tmp_path / "out")
    cut = killed(task)
    assert cut == (step < 16), (tmp_path / "out").read_text()
    box.store = Store.open(settings(), box.data)
    runs(box)
    assert box.names == NAMES  # whoever had not been brought yet is not deleted here
    if cut:
        assert Identity.of(box.store, folder_of(box.data)) is None
        fleet.join(box)
    runs(box)
    assert box.names == NAMES
    assert {row.name for row in fleet.store.people.find()} == NAMES
    assert [row.gate for row in fleet.server.hub.boxes.all()] == ["north"]
    assert not list(folder_of(box.data).glob("*.new"))


@pytest.mark.parametrize("step", range(5))
def test_a_box_that_is_killed_while_it_leaves_keeps_its_people_and_no_key(
    fleet: Fleet, tmp_path: Path, step: int
) -> None:
    for name in NAMES:
        fleet.enrol(name)
    box = fleet.box("north")  # it runs meanwhile
    cut = killed(Task(leaves, box.data, step, out=tmp_path / "out"))
    assert cut == (step < 4), (tmp_path / "out").read_text()
    if step > 1:
        wait_for(lambda: box.replica is not None and box.replica.state.shut_out != "")
        assert box._thread is not None
        box._thread.join()
        assert HUB not in box.store.events.receivers
    box.stop()
    assert box.names == NAMES
    if box.store.key_values.get(JOINED):
        leave(box.store, box.data)
    assert not folder_of(box.data).exists()
    assert box.store.key_values.get(JOINED) is None
    assert box.names == NAMES
    assert fleet.server.hub.boxes.all() == []
    with pytest.raises(StoreError, match="belongs to no hub"):
        leave(box.store, box.data)


def test_a_gate_that_runs_notices_that_it_has_left_though_its_hub_was_not_told(
    fleet: Fleet,
) -> None:
    fleet.enrol("李红", 1)
    box = fleet.box("north")
    assert box._thread is not None
    leave(box.store, box.data, ask=False)
    own = box.store.people.create("王刚").id
    fleet.enrol("张伟", 2)  # the box hears of it at once
    box._thread.join()
    assert box.names == {"李红", "王刚"}
    assert box.store.people.get(own) is not None
    assert box.at == -1


@pytest.mark.parametrize("step", range(4))
def test_a_box_is_shut_out_with_new_keys_or_not_at_all(
    fleet: Fleet, tmp_path: Path, step: int
) -> None:
    fleet.box("north", start=False)
    before, _ = CommunityKeys(fleet.store).current()
    killed(Task(shuts_out, fleet.folder / "hub", fleet.url, step, out=tmp_path / "out"))
    active = fleet.server.hub.boxes.all()
    epoch, _ = CommunityKeys(fleet.store).current()
    assert (len(active), epoch) in ((1, before), (0, before + 1))
    if active:  # it was said to be there still: once more
        assert shut_out(fleet.store, "north", "stolen", "guard") == before + 1
    with fleet.store.database.read() as session:
        assert session.scalars(select(TemplateKeyRow.epoch)).all() == [before + 1]
