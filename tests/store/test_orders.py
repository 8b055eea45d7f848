"""Orders go from the desk to a gate once, or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.store.orders import Orders
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import OrderRow


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
