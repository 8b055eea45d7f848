"""Orders of staff and the hold-open schedule: taken at once, obeyed once, never late."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import gate.errors
from gate.access.schedule import parse
from gate.clock import ManualClock
from gate.daemon.deferred_writes import DeferredWrites
from gate.daemon.gallery_worker import GalleryWorker
from gate.daemon.order_worker import OrderWorker
from gate.daemon.orders import Order
from gate.daemon.periodic import Periodic
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.waiting import PATIENCE, wait_for


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0, busy_timeout=PATIENCE), tmp_path) as opened:
        yield opened


def core_of(store: Store, schedule: str = "", zone: str = "UTC") -> Any:
    """As much of a core as the workers need."""
    schedules = {"open": parse(schedule)} if schedule else {}
    context = SimpleNamespace(people={}, rules=SimpleNamespace(schedules=schedules, days={}))
    return SimpleNamespace(
        loop=SimpleNamespace(context=context, refusal=lambda kind, by: ""),
        store=store,
        known=SimpleNamespace(matcher=lambda: None, relearn=lambda: None),
        recogniser=SimpleNamespace(matcher=None),
        settings=SimpleNamespace(
            name="g", access=SimpleNamespace(hold_open="open"), zone=ZoneInfo(zone)
        ),
    )


def clock_at(*when: int) -> ManualClock:
    return ManualClock(start=datetime(*when, tzinfo=UTC))  # type: ignore[arg-type,misc]


@pytest.fixture
def run() -> Iterator[Callable[[Periodic], None]]:
    begun: list[tuple[Periodic, threading.Thread]] = []

    def begin(job: Periodic) -> None:
        thread = threading.Thread(target=job.run, daemon=True)
        begun.append((job, thread))
        thread.start()

    yield begin
    for job, _ in begun:
        job.close()
    for _, thread in begun:
        thread.join(PATIENCE)


@pytest.mark.slow
def test_a_store_that_refuses_the_answer_keeps_no_order_from_the_door(
    store: Store, run: Callable[[Periodic], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    posted: list[Any] = []
    writes = DeferredWrites(store)
    orders = OrderWorker(core_of(store), ManualClock(), posted.append, writes.later)
    really, refused = store.orders.done, []

    def done(order: int, result: str) -> None:
        if not refused:
            refused.append(order)
            raise gate.errors.StoreError("the database is locked by another process")
        really(order, result)

    monkeypatch.setattr(store.orders, "done", done)
    for command in ("normal", "lockdown"):
        store.orders.give("g", command, "li")
    run(orders)
    run(writes)
    wait_for(lambda: {row.result for row in store.orders.latest("g")} == {"done"})
    assert [o.kind for o in posted if isinstance(o, Order)] == ["normal", "lockdown"]
    assert refused


def test_an_order_is_obeyed_while_the_site_is_learnt_again(
    store: Store, run: Callable[[Periodic], None]
) -> None:
    learning, learnt = threading.Event(), threading.Event()
    core = core_of(store)

    def matcher() -> SimpleNamespace:
        learning.set()
        assert learnt.wait(PATIENCE)
        return SimpleNamespace(people=1, encoder="faceplugin/1")

    core.known = SimpleNamespace(matcher=matcher, generation=1)
    posted: list[Any] = []
    run(GalleryWorker(core, lambda status: None))
    run(OrderWorker(core, ManualClock(), posted.append, lambda write: None))
    assert learning.wait(PATIENCE)
    store.orders.give("g", "lockdown", "li")
    wait_for(lambda: posted)
    assert not learnt.is_set()
    learnt.set()
    assert posted == [Order("lockdown", "li")]


def test_an_order_nobody_took_stays_void_when_the_clock_is_set_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    store.orders.give("g", "open", "li")
    for ahead in (30, -45):
        moment = now + timedelta(minutes=ahead)
        monkeypatch.setattr("gate.store.orders.now", lambda moment=moment: moment)
        assert store.orders.take("g") == []


def test_an_order_given_while_the_gate_starts_counts_and_an_old_one_never_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = datetime.now(UTC)
    store.orders.give("g", "lockdown", "li")
    store.orders.void("g")
    assert [row.command for row in store.orders.take("g")] == ["lockdown"]
    store.orders.give("g", "open", "li")
    monkeypatch.setattr("gate.store.orders.now", lambda: given + timedelta(minutes=30))
    store.orders.void("g")
    monkeypatch.setattr("gate.store.orders.now", lambda: given)
    assert store.orders.take("g") == []


def test_a_weekend_is_one_window_and_so_one_order(store: Store) -> None:
    posted: list[Any] = []
    clock = clock_at(2026, 1, 3, 8)
    worker = OrderWorker(core_of(store, "sat-sun 00:00-24:00"), clock, posted.append, print)
    for _ in range(0, 600, 5):
        worker._hold_open()
        clock.advance(5)
    assert [o.kind for o in posted] == ["hold"]
    assert posted[0].seconds == pytest.approx(40 * 3600, abs=60)


@pytest.mark.parametrize("later", [(2026, 1, 8, 2), (2026, 1, 6, 23)])
def test_a_clock_that_is_corrected_ends_the_hold(store: Store, later: tuple[int, ...]) -> None:
    posted: list[Any] = []
    clock = clock_at(2026, 1, 7, 14)  # as the box remembered at its start
    worker = OrderWorker(core_of(store, "mon-fri 08:00-18:00"), clock, posted.append, print)
    worker._hold_open()
    clock.start = datetime(*later, tzinfo=UTC)  # type: ignore[arg-type,misc]
    worker._hold_open()
    worker._hold_open()
    assert [o.kind for o in posted] == ["hold", "hold_ends"]


def test_a_schedule_that_is_changed_or_taken_away_counts_at_once(store: Store) -> None:
    posted: list[Any] = []
    core = core_of(store, "mon-fri 08:00-18:00")
    worker = OrderWorker(core, clock_at(2026, 1, 7, 14), posted.append, print)
    worker._hold_open()
    core.loop.context.rules.schedules = {"open": parse("mon-fri 08:00-20:00")}
    worker._hold_open()
    core.loop.context.rules.schedules = {}
    worker._hold_open()
    worker._hold_open()
    assert [(o.kind, o.seconds / 3600) for o in posted] == [
        ("hold", 4.0), ("hold", 6.0), ("hold_ends", 0.0),
    ]  # fmt: skip


def test_the_schedule_counts_in_the_zone_of_the_site(store: Store) -> None:
    posted: list[Any] = []
    core = core_of(store, "mon-fri 08:00-18:00", "Asia/Shanghai")
    clock = clock_at(2026, 1, 6, 23)  # 07:00 on Wednesday in Shanghai
    worker = OrderWorker(core, clock, posted.append, print)
    worker._hold_open()
    assert posted == []
    clock.advance(3600)
    worker._hold_open()
    assert [(o.kind, o.seconds / 3600) for o in posted] == [("hold", 10.0)]


@pytest.mark.parametrize(
    ("when", "hours"),
    [((2026, 3, 29, 0), 5.0), ((2026, 10, 25, 0), 6.0)],  # Berlin 01:00 and 02:00, to 07:00
)
def test_a_hold_across_daylight_saving_lasts_as_long_as_the_clock_on_the_wall_says(
    store: Store, when: tuple[int, ...], hours: float
) -> None:
    posted: list[Any] = []
    core = core_of(store, "sun 00:00-07:00", "Europe/Berlin")
    OrderWorker(core, clock_at(*when), posted.append, print)._hold_open()
    assert [(o.kind, o.seconds / 3600) for o in posted] == [("hold", hours)]
