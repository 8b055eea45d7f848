"""On a disk without one free byte staff sign in and order the door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from enroll.desk import Desk
from enroll.permissions import Role
from gate.clock import ManualClock
from gate.config.desk import DeskSettings
from gate.events.event import Event
from gate.store.database_errors import DiskFullError
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.enroll.app import app_of
from tests.enroll.conftest import PASSWORD, Browser
from tests.small_disk import mounted
from tests.waiting import PATIENCE


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MB."""
    with mounted(tmp_path / "disk", "32m") as where:
        yield where


def fill(file: Path) -> None:
    with file.open("ab", buffering=0) as target, suppress(OSError):
        while target.write(bytes(4096)):
            pass


def big(number: int) -> Event:
    return Event.make("north", "gate.started", datetime.now(UTC), details={"text": "x" * 2000})


@pytest.mark.slow
def test_sign_in_and_lock_down_on_a_full_disk(disk: Path) -> None:
    with Store.open(StoreSettings(ballast=2), disk) as store:
        desk = Desk(
            DeskSettings(language="en", sign_ins=100, hosts=("desk.test",)),
            store,
            gate="north",
            clock=ManualClock(start=datetime.now(UTC)),
            folder=disk,
            synchronised=lambda: True,
        )
        desk.accounts.create("boss", PASSWORD, Role.MANAGER, "Boss")
        store.writer.record(big(0)).result(PATIENCE)
        fill(disk / "filler")
        # the ballast is used up by events, and they go on coming
        waiting = [store.writer.record(big(n)) for n in range(4000)]
        for _ in range(20):
            fill(disk / "filler")
            with pytest.raises(DiskFullError):
                store.people.create_many([{"name": "x" * 4000} for _ in range(500)])
            if not (disk / "gate.ballast").exists() and store.writer.fault is not None:
                break
        fill(disk / "filler")
        with pytest.raises(DiskFullError):
            store.people.create_many([{"name": "x" * 4000} for _ in range(500)])

        with Browser(
            app_of(desk), base_url="http://desk.test", headers={"accept": "text/html"}
        ) as browser:
            for wrong in range(20):
                data = {"login": "boss", "password": f"guess-{wrong}"}
                assert browser.post("/login", data=data).status_code in (401, 429)
                desk.accounts._limit.right("testclient", "boss")
            for _ in range(5):
                browser.sign_in("boss")
                answer = browser.fill("/live/north/lockdown", reason="fire next door")
                assert answer.status_code == 200
                assert "disk is full" not in answer.text
                taken = store.orders.take("north")
                assert [row.command for row in taken] == ["lockdown"]
                store.orders.done(taken[0].id, "done")
            assert store.audit.verify() == []
        assert len(list(disk.glob("gate-*.reserve"))) >= 4  # the rest is for later
        (disk / "filler").unlink()
        assert [one.result(PATIENCE) for one in waiting]
    assert len(list(disk.glob("gate-*.reserve"))) == 8
