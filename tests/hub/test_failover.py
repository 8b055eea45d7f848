"""A PostgreSQL server is swapped for a standby that lacks the last transactions, under a hub that
runs on: gates go on from what they have, and hub and boxes agree afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.postgresql import Server
from tests.hub.fleet import Fleet, bodies, fleet_of, record
from tests.postgresql import server_or_skip
from tests.waiting import wait_for

pytestmark = pytest.mark.slow
CARD = "0012345678"


@pytest.fixture
def server() -> Iterator[Server]:
    made = server_or_skip()
    try:
        yield made.start()
    finally:
        made.close()


@pytest.fixture
def fleet(tmp_path: Path, server: Server) -> Iterator[Fleet]:
    with fleet_of(tmp_path, server.database()) as made:
        yield made


def test_a_standby_that_lacks_the_last_transactions_takes_the_place_of_its_server(
    fleet: Fleet, server: Server
) -> None:
    stays = fleet.enrol("stays", 1)
    fleet.store.credentials.add(stays, "card", CARD)
    gone, barred = fleet.enrol("gone", 2), fleet.enrol("barred", 3)
    boxes = [fleet.box(gate) for gate in ("a", "b")]
    record(boxes[0], 5)
    wait_for(lambda: len(bodies(fleet.store, "a")) == 5)
    wait_for(fleet.agreed)
    server.stop()
    standby = server.folder / "standby"
    shutil.copytree(server.folder / "data", standby, symlinks=True)
    server.start()
    # what the standby will never have
    fleet.store.people.delete(gone)
    fleet.store.people.update(barred, blocked=True)
    fleet.enrol("lost", 4)
    record(boxes[0], 5)
    wait_for(lambda: all(box.names == {"stays", "barred", "lost"} for box in boxes))
    wait_for(fleet.agreed)
    wait_for(lambda: len(bodies(fleet.store, "a")) == 10)
    server.stop()
    for box in boxes:  # without hub and server
        found = box.store.credentials.find("card", CARD)
        assert found is not None
        assert found.person.name == "stays"
    record(boxes[0], 5)
    shutil.rmtree(server.folder / "data")
    standby.rename(server.folder / "data")
    if server._as_user():
        for path in [server.folder / "data", *(server.folder / "data").rglob("*")]:
            shutil.chown(path, server._user)
    server.start()
    fleet.enrol("new", 5)
    names = {"stays", "barred", "new"}
    wait_for(lambda: {row.name for row in fleet.store.people.find()} == names)
    wait_for(lambda: all(box.names == names for box in boxes))
    wait_for(fleet.agreed)
    for store in (fleet.store, *(box.store for box in boxes)):
        assert [row.name for row in store.people.find() if row.blocked] == ["barred"]
    wait_for(lambda: len(bodies(fleet.store, "a")) == 15)
    assert [body["sequence"] for body in bodies(fleet.store, "a")] == list(range(1, 16))
