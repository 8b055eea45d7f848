"""Orders as boxes get them: signed, and only those that count."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from gate.fleet.signing import order_is_signed
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
