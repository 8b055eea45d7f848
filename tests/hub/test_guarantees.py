"""Guarantees of docs/many-gates.md for events, orders and deletions, and attempts to break them."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from gate.errors import StoreError
from gate.events.event import Event
from gate.hub.intake import Intake
from gate.hub.receipts import Receipts
from gate.replica.identity import Identity
from gate.replica.join import folder_of, leave
from gate.replica.replica import POLL
from gate.store.store import HUB, Store
from gate.store.tables.base import now
from tests.hub.fleet import Fleet, Server, bodies, fleet_of, record, settings
from tests.waiting import PATIENCE, wait_for

pytestmark = pytest.mark.slow


def more_than(store: Store, count: int) -> bool:
    return len(bodies(store, "north")) > count


# ------------------------------------------------------------ events


def test_every_event_is_at_the_hub_once_and_in_order_although_the_hub_dies(fleet: Fleet) -> None:
    box = fleet.box("north")
    stopping = threading.Event()

    def records() -> None:
        while not stopping.is_set():
            record(box, 20)

    thread = threading.Thread(target=records)
    thread.start()
    for _ in range(3):
        before = len(bodies(fleet.store, "north"))
        wait_for(partial(more_than, fleet.store, before + 40))
        fleet.restart_hub()
    stopping.set()
    thread.join(PATIENCE)
    wait_for(lambda: box.store.outbox.waiting("north", HUB) == 0)
    there = bodies(fleet.store, "north")
    mine = bodies(box.store, "north")
    assert [body["id"] for body in there] == [body["id"] for body in mine]


def test_messages_that_come_twice_late_or_with_a_gap_change_nothing(tmp_path: Path) -> None:
    with Store.open(settings(), tmp_path) as store:
        intake = Intake(store)
        events = [
            Event.make("north", "door.opened", datetime.now(UTC)).numbered(n, 5).body()
            for n in range(1, 11)
        ]
        assert intake.take("north", 5, 1, events[:3]).last == 3
        assert intake.take("north", 5, 1, events[:3]).new == 0  # once more
        assert intake.take("north", 5, 1, events[5:7]).last == 3  # a gap: nothing is taken
        assert intake.take("north", 5, 1, events[2:6]).last == 6  # overlapping
        assert intake.take("north", 5, 9, events[8:]).last == 10  # 7 and 8 were given up
        assert [body["sequence"] for body in bodies(store, "north")] == [1, 2, 3, 4, 5, 6, 9, 10]
        # this hub has less than the box has delivered: it takes nothing and asks
        later = Event.make("north", "door.closed", datetime.now(UTC)).numbered(20, 5).body()
        taken = intake.take("north", 5, 20, [later], skip=False)
        assert (taken.last, taken.lost) == (10, True)
        assert intake.take("north", 7, 20, [{**later, "epoch": 7}], skip=False).lost
        # a box put back from a backup gives numbers again, in another epoch
        again = Event.make("north", "door.closed", datetime.now(UTC)).numbered(4, 6).body()
        assert intake.take("north", 6, 4, [again]).last == 4
        assert bodies(store, "north")[-1]["epoch"] == 6
        with pytest.raises(StoreError, match="no event of this gate"):
            intake.take("south", 5, 1, events)


def test_two_hubs_that_get_the_same_events_write_them_once(tmp_path: Path, postgresql: str) -> None:
    stores = [Store.open(settings(postgresql), tmp_path) for _ in range(4)]
    events = [
        Event.make("north", "door.opened", datetime.now(UTC)).numbered(n, 5).body()
        for n in range(1, 401)
    ]
    together = threading.Barrier(4)
    faults: list[StoreError] = []

    def take(store: Store) -> None:
        together.wait(30)
        for start in range(0, 400, 20):
            while True:
                try:
                    Intake(store).take("north", 5, 1, events[start : start + 20])
                    break
                except StoreError as error:  # the very first row may be made by another
                    faults.append(error)

    threads = [threading.Thread(target=take, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [body["sequence"] for body in bodies(stores[0], "north")] == list(range(1, 401))
    assert len(faults) <= 4
    for store in stores:
        store.close()


# ------------------------------------------------------------ orders


def test_a_lock_down_reaches_every_box_at_once(postgresql_fleet: Fleet) -> None:
    fleet = postgresql_fleet
    boxes = [fleet.box(f"gate-{n}") for n in range(4)]
    began = time.monotonic()
    for box in boxes:
        fleet.store.orders.give(box.gate, "lockdown", "guard")
    wait_for(lambda: all(box.orders for box in boxes))
    # orders of one click: measured by `python -m benchmarks.many_gates`; here with room for load,
    # and less than the boxes would wait if nothing woke them
    assert max(box.orders[0][3] for box in boxes) - began < POLL - 5
    wait_for(lambda: all(row.result == "done" for row in fleet.store.orders.latest()))
    assert [len(box.orders) for box in boxes] == [1] * 4  # none was obeyed twice


def test_an_order_without_the_hubs_signature_is_not_obeyed(fleet: Fleet) -> None:
    box = fleet.box("north")
    assert box.replica is not None
    order = {
        "id": "1 x",
        "gate": "north",
        "command": "open",
        "until": None,
        "by": "thief",
        "reason": "",
        "expires": (now() + timedelta(seconds=9)).isoformat(),
    }
    forged = {**order, "signature": "00" * 64}
    assert box.replica._orders.obey([forged], box.replica._identity, now()) == {
        "1 x": "bad_signature"
    }
    fleet.store.orders.give("north", "open", "guard")
    wait_for(lambda: box.orders)
    assert [each[:2] for each in box.orders] == [("open", "guard")]


# ------------------------------------------------------------ deletion


def test_a_deletion_is_proved_by_receipts_once_the_matcher_has_let_go(fleet: Fleet) -> None:
    person = fleet.enrol("李红", 1)
    boxes = [fleet.box(gate) for gate in ("a", "b", "c")]
    boxes[1].holds = True
    boxes[2].stop()
    fleet.store.people.delete(person)
    receipts = Receipts(fleet.store, fleet.server.hub.authority)
    wait_for(lambda: receipts.state()[0].done == 1)
    assert [gate for gate, _ in receipts.state()[0].missing] == ["b", "c"]
    boxes[1].holds = False
    fleet.enrol("another", 2)  # with the next answer of the feed
    wait_for(lambda: receipts.state()[0].done == 2)
    boxes[2].start()
    wait_for(lambda: receipts.state()[0].done == 3)
    assert receipts.state()[0].missing == ()
    for box in boxes:
        content = b"".join(path.read_bytes() for path in box.data.rglob("*") if path.is_file())
        assert "李红".encode() not in content


def test_a_receipt_that_another_box_signed_is_refused(fleet: Fleet) -> None:
    a, b = fleet.box("a", start=False), fleet.box("b", start=False)
    identity = Identity.of(b.store, folder_of(b.data))
    assert identity is not None
    forged = identity.signed_erasure("0" * 32, now().isoformat())
    rows = {row.gate: row for row in fleet.server.hub.boxes.all()}
    with pytest.raises(StoreError, match="not signed by this box"):
        fleet.server.hub.receipts.erased(rows[a.gate], [forged])


def put_back(fleet: Fleet, backup: Path) -> None:
    """The hub stops, and its register is that of the backup; ``fleet.server`` is to be started."""
    fleet.server.stop()
    fleet.store.close()
    for path in (fleet.folder / "hub").glob("gate.db*"):
        path.unlink()
    backup.rename(fleet.folder / "hub" / "gate.db")
    fleet.store = Store.open(settings(), fleet.folder / "hub")


def test_a_hub_put_back_from_an_old_backup_brings_nobody_back(tmp_path: Path) -> None:
    with fleet_of(tmp_path) as fleet:
        gone = fleet.enrol("gone", 1)
        fleet.enrol("stays", 2)
        lost = fleet.store.people.create("lost a card").id
        card = fleet.store.credentials.add(lost, "card", "0012345678").id
        away, barred, pardoned = (
            fleet.store.people.create(name, blocked=name == "pardoned").id
            for name in ("moved out", "barred", "pardoned")
        )
        boxes = [fleet.box(gate) for gate in ("a", "b")]
        record(boxes[0], 10)
        wait_for(lambda: len(bodies(fleet.store, "a")) == 10)
        fleet.store.database.backup(tmp_path / "day-old.db")
        record(boxes[0], 10)
        fleet.store.people.delete(gone)
        fleet.store.credentials.revoke(card, "lost")
        fleet.store.people.update(away, active=False)
        fleet.store.people.update(barred, blocked=True, blocked_reason="a fight")
        fleet.store.people.update(pardoned, blocked=False, blocked_reason="")
        wait_for(lambda: not any(box.store.people.count() == 6 for box in boxes))
        wait_for(fleet.agreed)
        wait_for(lambda: len(bodies(fleet.store, "a")) == 20)
        wait_for(lambda: not boxes[0].store.outbox.waiting("a", HUB))
        # the hub goes on with the backup, and numbers are given again to other changes
        put_back(fleet, tmp_path / "day-old.db")
        assert fleet.store.people.count() == 6
        for n in range(3):
            fleet.enrol(f"new {n}", 10 + n)
        fleet.server = Server(fleet.store, fleet.server.port)
        names = {"stays", "lost a card", "new 0", "new 1", "new 2"}
        names |= {"moved out", "barred", "pardoned"}
        wait_for(lambda: {row.name for row in fleet.store.people.find()} == names)
        wait_for(lambda: all(box.names == names for box in boxes))
        wait_for(fleet.agreed)
        # what was blocked stays blocked, for the hub signed that
        for store in (fleet.store, *(box.store for box in boxes)):
            found = store.credentials.find("card", "0012345678")
            assert found is not None
            assert found.credential.revoked is not None
            states = {row.name: (row.active, row.blocked) for row in store.people.find()}
            assert states["moved out"] == (False, False)
            assert states["barred"] == (True, True)
            assert states["stays"] == (True, False)
            # no box can lift a block, not even one that was lifted
            assert states["pardoned"] == (True, True)
        # both prove the deletion to the hub that has forgotten their receipts
        receipts = Receipts(fleet.store, fleet.server.hub.authority)
        wait_for(lambda: [(each.done, each.missing) for each in receipts.state()] == [(2, ())])
        # with the next event the hub asks for those it has lost
        record(boxes[0], 1)
        wait_for(lambda: len(bodies(fleet.store, "a")) == 21)
        assert [body["sequence"] for body in bodies(fleet.store, "a")] == list(range(1, 22))


def test_a_hub_that_was_away_beyond_the_lease_brings_nobody_back(tmp_path: Path) -> None:
    """Then the box loads everything, and no number shows that the hub has another history."""
    seconds = 2.0
    with fleet_of(tmp_path, lease_days=seconds / 86_400) as fleet:
        gone = fleet.enrol("gone", 1)
        fleet.enrol("stays", 2)
        box = fleet.box("north")
        wait_for(lambda: box.replica and box.replica.contact.lease.limit == pytest.approx(seconds))
        fleet.store.database.backup(tmp_path / "day-old.db")
        fleet.store.people.delete(gone)
        wait_for(lambda: Receipts(fleet.store, fleet.server.hub.authority).state()[0].done == 1)
        put_back(fleet, tmp_path / "day-old.db")
        wait_for(lambda: box.replica and box.replica.contact.lease.over)
        wait_for(lambda: box.store.key_values.get("hub.cursor") is None)
        fleet.server = Server(fleet.store, fleet.server.port, lease_days=seconds / 86_400)
        wait_for(lambda: box.at >= 0)
        assert (box.names, fleet.store.people.count()) == ({"stays"}, 1)


def test_a_box_of_another_hub_before_shows_only_the_proofs_of_this_one(tmp_path: Path) -> None:
    with fleet_of(tmp_path / "first") as first, fleet_of(tmp_path / "second") as second:
        person = first.enrol("gone", 1)
        box = first.box("north")
        first.store.people.delete(person)
        wait_for(lambda: box.names == set())
        box.stop()
        leave(box.store, box.data)
        second.enrol("stays", 2)
        second.join(box)
        box.start()
        wait_for(lambda: box.names == {"stays"})


def test_a_card_given_anew_is_not_blocked_by_what_a_box_remembers(fleet: Fleet) -> None:
    person = fleet.store.people.create("found the card again").id
    cards = fleet.store.credentials
    cards.revoke(cards.add(person, "card", "0012345678").id, "lost")
    box = fleet.box("north")
    box.stop()
    cards.add(person, "card", "0012345678")
    box.store.key_values.forget("hub.cursor")  # as after its lease
    box.start()
    wait_for(lambda: box.at >= 0)
    for store in (fleet.store, box.store):
        found = store.credentials.find("card", "0012345678")
        assert found is not None
        assert found.credential.revoked is None


def test_a_block_that_was_lifted_is_not_set_again_by_what_a_box_remembers(fleet: Fleet) -> None:
    barred = fleet.store.people.create("barred", blocked=True).id
    moved = fleet.store.people.create("moved out", active=False).id
    box = fleet.box("north")
    box.stop()
    fleet.store.people.update(barred, blocked=False)
    fleet.store.people.update(moved, active=True)
    box.store.key_values.forget("hub.cursor")  # as after its lease
    box.start()
    wait_for(lambda: box.at >= 0)
    for store in (fleet.store, box.store):
        assert {(row.active, row.blocked) for row in store.people.find()} == {(True, False)}


def test_a_box_cannot_have_people_deleted_by_claiming_it(fleet: Fleet) -> None:
    person = fleet.enrol("李红", 1)
    ref = fleet.store.people.get(person).ref  # type: ignore[union-attr]
    box = fleet.box("north", start=False)
    row = fleet.server.hub.boxes.all()[0]
    with pytest.raises(StoreError, match="not this hub's"):
        fleet.server.hub.receipts.delete_again(row, {ref: "00" * 64})
    with pytest.raises(StoreError, match="not this hub's"):
        fleet.server.hub.receipts.block_again(row, {ref: {"card AAAA 2026-01-01": "00" * 64}})
    assert fleet.store.people.count() == 1
    assert box.gate == "north"
