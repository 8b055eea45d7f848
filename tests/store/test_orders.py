"""Orders go from the desk to a gate once, or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from gate.store.orders import Orders
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import OrderRow
from gate.store.tables.base import now


@pytest.fixture
def orders(tmp_path):
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        yield Orders(store.database)


def test_an_order_is_taken_once_by_its_gate(orders):
    given = orders.give("north", "open", "li", reason="parcel")
    assert orders.take("south") == []
    assert [(row.id, row.command, row.ordered_by) for row in orders.take("north")] == [
        (given.id, "open", "li")
    ]
    assert orders.take("north") == []


def test_an_old_order_is_void(orders):
    given = orders.give("north", "open", "li")
    with orders._database.write() as session:
        session.get_one(OrderRow, given.id).expires -= timedelta(seconds=11)
    assert orders.take("north") == []


@pytest.mark.slow
def test_what_became_of_it_is_kept(orders):
    given = orders.give("north", "lockdown", "li")
    orders.take("north")
    orders.done(given.id, "done")
    assert orders.latest("north")[0].result == "done"


def test_only_known_commands(orders):
    with pytest.raises(ValueError, match="no such command"):
        orders.give("north", "explode", "li")


def expire(orders, seconds):
    with orders._database.write() as session:
        for row in session.query(OrderRow):
            row.at -= timedelta(seconds=seconds)
            row.expires -= timedelta(seconds=seconds)


def test_a_lock_down_waits_for_a_gate_that_was_away_for_a_while(orders):
    orders.give("north", "open", "li")
    orders.give("north", "lockdown", "li")
    expire(orders, 60)
    assert [row.command for row in orders.take("north")] == ["lockdown"]
    orders.give("north", "lockdown", "li")
    expire(orders, 601)
    assert orders.take("north") == []


@pytest.mark.parametrize(
    ("command", "ahead", "counts"),
    [
        ("open", timedelta(seconds=5), True),
        ("open", timedelta(minutes=9), False),  # a clock set back makes no opening valid again
        ("lockdown", timedelta(minutes=9), True),
        ("lockdown", timedelta(minutes=30), False),
    ],
)
def test_a_desk_whose_clock_is_ahead_locks_and_does_not_open(orders, command, ahead, counts):
    given = orders.give("north", command, "li")
    with orders._database.write() as session:
        row = session.get_one(OrderRow, given.id)
        row.at, row.expires = row.at + ahead, row.expires + ahead
    orders.void("north")
    with orders._database.read() as session:
        assert session.get_one(OrderRow, given.id).result == ("" if counts else "void")
    assert len(orders.take("north")) == counts


def test_a_lock_down_that_was_lifted_does_not_come_late(orders):
    orders.give_all(["north", "south"], "lockdown", "li")
    orders.give("north", "normal", "li")
    expire(orders, 60)  # the gate was away meanwhile
    assert orders.take("north") == []
    assert [row.command for row in orders.take("south")] == ["lockdown"]


def test_a_lock_down_with_an_end_is_void_from_then_on(orders):
    given = orders.give("north", "lockdown", "li", until=now() + timedelta(seconds=30))
    assert given.expires == given.until
    expire(orders, 31)
    assert orders.take("north") == []


@pytest.mark.slow
def test_lock_downs_of_all_gates_at_one_moment_do_not_wait_for_each_other(postgresql, tmp_path):
    names = [f"gate-{n}" for n in range(30)]
    settings = StoreSettings.model_validate({"url": postgresql, "ballast": 0})
    with Store.open(settings, tmp_path) as store, ThreadPoolExecutor(12) as pool:
        several = Orders(store.database)
        for _ in range(3):
            turns = [
                pool.submit(several.give_all, names[::step], command, "li")
                for step in (1, -1)
                for command in ("lockdown", "normal", "lockdown")
            ]
            assert all(len(turn.result(60)) == 30 for turn in turns)
