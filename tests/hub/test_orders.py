"""Orders as boxes get them: signed, and only those that count."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, update

from gate.fleet.signing import order_is_signed
from gate.hub.boxes import Beaten, Boxes
from gate.hub.glance import glance
from gate.hub.orders import Signer, waiting
from gate.hub.receipts import Receipts
from gate.store.store import Store
from gate.store.tables import OrderRow
from gate.store.tables.base import now
from tests.hub.fleet import Fleet, settings


def test_every_gate_gets_its_own_and_only_what_waits(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    sign = Signer(key)
    with Store.open(settings(), tmp_path) as store:
        store.orders.give_all(["north", "south"], "lockdown", "guard")
        late = store.orders.give("north", "open", "guard")
        with store.database.write() as session:
            session.execute(
                update(OrderRow)
                .where(OrderRow.id == late.id)
                .values(expires=now() - timedelta(seconds=1))
            )
        with store.database.read() as session:
            (mine,) = sign(session.scalars(waiting("south")).all())
        assert glance(store, sign).ordered == {
            "north": [{**glance(store, sign).ordered["north"][0]}],
            "south": [mine],
        }
    public = key.public_key().public_bytes_raw()
    assert order_is_signed(public, mine)
    assert not order_is_signed(public, {**mine, "gate": "north"})


def moved(store: Store, by: timedelta) -> None:
    """As if the hub's clock had been set the other way."""
    with store.database.write() as session:
        for row in session.scalars(select(OrderRow)):
            row.at, row.expires = row.at + by, row.expires + by


def beat(store: Store) -> None:
    Boxes(store).seen([Beaten("nobody", {}, 0, 0)])


def test_a_clock_that_is_set_back_makes_no_order_valid_again(tmp_path: Path) -> None:
    with Store.open(settings(), tmp_path) as store:
        store.orders.give("north", "open", "guard")
        moved(store, timedelta(hours=1))  # the clock was set back by an hour
        with store.database.read() as session:
            assert session.scalars(waiting("north")).all() == []
        beat(store)
        moved(store, timedelta(hours=-1))  # the hour is over: a box that comes back now
        with store.database.read() as session:
            assert session.scalars(waiting("north")).all() == []
        store.orders.give("north", "open", "guard")
        moved(store, timedelta(seconds=-30))  # nobody took it for half a minute
        beat(store)
        moved(store, timedelta(seconds=30))  # the clock is set back by as much
        with store.database.read() as session:
            assert session.scalars(waiting("north")).all() == []
        assert [row.result for row in store.orders.latest()] == ["void", "void"]


def test_an_order_obeyed_in_time_and_reported_late_is_done(fleet: Fleet) -> None:
    store = fleet.store
    given = store.orders.give("north", "open", "guard")
    moved(store, timedelta(seconds=-30))
    beat(store)
    Receipts(store, fleet.server.hub.authority).obeyed([("north", {f"{given.id} x": "done"})])
    assert store.orders.latest()[0].result == "done"


def test_reports_of_many_gates_count_each_for_its_own_gate(fleet: Fleet) -> None:
    store = fleet.store
    north, south = store.orders.give_all(["north", "south"], "lockdown", "guard")
    receipts = Receipts(store, fleet.server.hub.authority)
    counts = receipts.obeyed(
        [
            ("north", {f"{north.id} x": "done", f"{south.id} x": "done"}),  # not its order
            ("north", {f"{north.id} x": "failed"}),  # the first result counts
        ]
    )
    assert counts == [2, 1]
    assert [store.orders.latest(gate)[0].result for gate in ("north", "south")] == ["done", ""]
