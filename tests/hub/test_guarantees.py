"""Each guarantee of docs/many-gates.md, with somebody trying to break it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from gate.errors import AccessError, StoreError
from gate.events.event import Event
from gate.fleet.pairing import new_code
from gate.hub.boxes import Boxes
from gate.hub.intake import Intake
from gate.hub.receipts import Receipts
from gate.recognition.face import Template
from gate.replica.identity import Identity, trusting
from gate.replica.join import folder_of, join, leave
from gate.replica.snapshot import Arriving
from gate.store.store import HUB, Store
from gate.store.tables import EventRow, PairingCodeRow, PersonRow
from gate.store.tables.base import now
from tests.hub.fleet import ENCODER, Box, Fleet, Server, fleet_of, settings, vector
from tests.waiting import wait_for

CARD = "0012345678"
pytestmark = pytest.mark.slow


def record(box: Box, count: int, kind: str = "passage.granted") -> None:
    """Events of the box, on its disk when this returns."""
    made = [Event.make(box.gate, kind, datetime.now(UTC)) for _ in range(count)]
    for future in [box.store.writer.record(event) for event in made]:
        future.result(30)


def bodies(store: Store, gate: str) -> list[dict[str, Any]]:
    query = select(EventRow.body).where(EventRow.gate == gate).order_by(EventRow.sequence)
    with store.database.read() as session:
        return list(session.scalars(query))


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
    thread.join(30)
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


def test_a_lock_down_reaches_every_box_within_two_seconds(postgresql_fleet: Fleet) -> None:
    fleet = postgresql_fleet
    boxes = [fleet.box(f"gate-{n}") for n in range(4)]
    began = time.monotonic()
    for box in boxes:
        fleet.store.orders.give(box.gate, "lockdown", "guard")
    wait_for(lambda: all(box.orders for box in boxes))
    # orders of one click: measured by `python -m benchmarks.many_gates`; here with room for load
    assert max(box.orders[0][3] for box in boxes) - began < 10
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


def test_a_hub_put_back_from_an_old_backup_brings_nobody_back(tmp_path: Path) -> None:
    with fleet_of(tmp_path) as fleet:
        gone = fleet.enrol("gone", 1)
        fleet.enrol("stays", 2)
        boxes = [fleet.box(gate) for gate in ("a", "b")]
        record(boxes[0], 10)
        wait_for(lambda: len(bodies(fleet.store, "a")) == 10)
        fleet.store.database.backup(tmp_path / "day-old.db")
        record(boxes[0], 10)
        fleet.store.people.delete(gone)
        wait_for(lambda: not any(box.store.people.count() == 2 for box in boxes))
        wait_for(lambda: len(bodies(fleet.store, "a")) == 20)
        wait_for(lambda: not boxes[0].store.outbox.waiting("a", HUB))
        # the hub goes on with the backup, and numbers are given again to other changes
        fleet.server.stop()
        fleet.store.close()
        for path in (tmp_path / "hub").glob("gate.db*"):
            path.unlink()
        (tmp_path / "day-old.db").rename(tmp_path / "hub" / "gate.db")
        fleet.store = Store.open(settings(), tmp_path / "hub")
        assert fleet.store.people.count() == 2
        for n in range(3):
            fleet.enrol(f"new {n}", 10 + n)
        fleet.server = Server(fleet.store, fleet.server.port)
        names = {"stays", "new 0", "new 1", "new 2"}
        wait_for(lambda: {row.name for row in fleet.store.people.find()} == names)
        wait_for(lambda: all(box.names == names for box in boxes))
        wait_for(fleet.agreed)
        # both prove the deletion to the hub that has forgotten their receipts
        receipts = Receipts(fleet.store, fleet.server.hub.authority)
        wait_for(lambda: [(each.done, each.missing) for each in receipts.state()] == [(2, ())])
        # with the next event the hub asks for those it has lost
        record(boxes[0], 1)
        wait_for(lambda: len(bodies(fleet.store, "a")) == 21)
        assert [body["sequence"] for body in bodies(fleet.store, "a")] == list(range(1, 22))


def test_a_box_cannot_have_people_deleted_by_claiming_it(fleet: Fleet) -> None:
    person = fleet.enrol("李红", 1)
    ref = fleet.store.people.get(person).ref  # type: ignore[union-attr]
    box = fleet.box("north", start=False)
    row = fleet.server.hub.boxes.all()[0]
    with pytest.raises(StoreError, match="not this hub's"):
        fleet.server.hub.receipts.delete_again(row, {ref: "00" * 64})
    assert fleet.store.people.count() == 1
    assert box.gate == "north"


# ------------------------------------------------------------ a box that is away, stolen, replaced


def test_a_box_without_its_hub_restarts_and_keeps_people_and_events(fleet: Fleet) -> None:
    person = fleet.enrol("李红", 1)
    fleet.store.credentials.add(person, "card", CARD)
    box = fleet.box("north")
    fleet.server.stop()
    wait_for(lambda: ("link", False) in box.reports)
    box.stop()
    box.store.close()
    box.store = Store.open(settings(), box.data)
    box.start()
    assert box.names == {"李红"}
    assert box.store.credentials.find("card", CARD) is not None
    record(box, 700)
    assert box.store.outbox.waiting("north", HUB) == 700
    fleet.server = Server(fleet.store, fleet.server.port)
    wait_for(lambda: len(bodies(fleet.store, "north")) == 700)


def test_beyond_its_lease_a_box_forgets_faces_and_keeps_cards(tmp_path: Path) -> None:
    seconds = 2.0
    with fleet_of(tmp_path, lease_days=seconds / 86_400) as fleet:
        person = fleet.enrol("李红", 1)
        fleet.store.credentials.add(person, "card", CARD)
        box = fleet.box("north")
        wait_for(lambda: box.replica and box.replica._lease.limit == pytest.approx(seconds))
        fleet.server.stop()
        wait_for(lambda: ("lease", False) in box.reports)
        assert box.store.templates.count() == {}
        assert box.store.credentials.find("card", CARD) is not None
        # switching it off and on does not help a thief
        box.stop()
        box.start()
        assert box.store.templates.count() == {}
        fleet.server = Server(fleet.store, fleet.server.port, lease_days=seconds / 86_400)
        wait_for(lambda: box.store.templates.count() == {ENCODER: 1})
        assert box.store.templates.load(ENCODER).vectors[0].tolist() == vector(1).tolist()


def test_a_revoked_box_is_shut_out_with_its_next_word_and_empties_itself(fleet: Fleet) -> None:
    fleet.enrol("李红", 1)
    box, other = fleet.box("north"), fleet.box("south")
    row = next(row for row in fleet.server.hub.boxes.all() if row.gate == "north")
    assert fleet.server.hub.boxes.end(row.id, "revoked", "stolen", "guard")
    identity = Identity.of(box.store, folder_of(box.data))
    assert identity is not None
    with httpx.Client(verify=identity.tls(), trust_env=False) as thief:
        for path in ("/snapshot", "/keys", "/feed?after=0"):
            assert thief.get(f"{fleet.server.url}{path}").status_code == 410
    wait_for(lambda: box.store.people.count() == 0)
    wait_for(lambda: ("box", False) in box.reports)
    assert box.store.templates.count() == {}
    fleet.enrol("王刚", 2)
    wait_for(lambda: other.names == {"李红", "王刚"})


def test_without_a_certificate_of_this_hub_nothing_is_said(fleet: Fleet, tmp_path: Path) -> None:
    url = fleet.server.url
    with httpx.Client(verify=trusting(fleet.server.hub.authority.pem), trust_env=False) as nobody:
        for path in ("/snapshot", "/keys", "/feed?after=0"):
            assert nobody.get(f"{url}{path}").status_code == 401
        assert nobody.post(f"{url}/beat", json={}).status_code == 401
        assert nobody.post(f"{url}/pair", content=b"{").status_code == 422
    with fleet_of(tmp_path / "other") as elsewhere:
        stranger = elsewhere.box("north", start=False)
        identity = Identity.of(stranger.store, folder_of(stranger.data))
        assert identity is not None
        context = trusting(fleet.server.hub.authority.pem)
        context.load_cert_chain(
            folder_of(stranger.data) / "box.crt", folder_of(stranger.data) / "box.key"
        )
        with (
            httpx.Client(verify=context, trust_env=False) as client,
            pytest.raises(httpx.HTTPError),
        ):
            client.get(f"{url}/keys")


def test_a_replaced_box_no_longer_counts_and_the_new_one_has_everything(fleet: Fleet) -> None:
    fleet.enrol("李红", 1)
    old = fleet.box("north")
    fresh = fleet.box("north")
    assert fresh.names == {"李红"}
    wait_for(lambda: old.store.people.count() == 0)
    assert [row.state for row in fleet.server.hub.boxes.all(active=False)] == ["active", "revoked"]


# ------------------------------------------------------------ pairing


def test_a_code_works_once_for_its_gate_and_for_ten_minutes(fleet: Fleet) -> None:
    boxes = Boxes(fleet.store)
    first, second = fleet.alone("north"), fleet.alone("north")
    url = (fleet.server.url,)
    code = boxes.new_code("north", "clerk")
    wrong = fleet.alone("south")
    with pytest.raises(StoreError, match="the code is for the gate north"):
        join(wrong.store, wrong.data, "south", url, code)
    join(first.store, first.data, "north", url, code.lower().replace("-", " "))
    with pytest.raises(StoreError, match="does not count"):
        join(second.store, second.data, "north", url, code)
    late = boxes.new_code("north", "clerk")
    with fleet.store.database.write() as session:
        session.execute(update(PairingCodeRow).values(expires=now() - timedelta(seconds=1)))
    with pytest.raises(StoreError, match="does not count"):
        join(second.store, second.data, "north", url, late)
    with pytest.raises(AccessError, match="no pairing code"):
        join(second.store, second.data, "north", url, "ABCD")
    with pytest.raises(StoreError, match="does not count"):
        join(second.store, second.data, "north", url, new_code())
    with pytest.raises(StoreError, match="belongs to a hub already"):
        join(first.store, first.data, "north", url, late)


def test_five_wrong_guesses_make_a_code_void(fleet: Fleet) -> None:
    boxes = Boxes(fleet.store)
    code = boxes.new_code("north", "clerk")
    box = fleet.alone("north")
    guess = code[:4] + "-2222-2222-2222"
    for _ in range(5):
        with pytest.raises(StoreError, match="does not count"):
            join(box.store, box.data, "north", (fleet.server.url,), guess)
    with pytest.raises(StoreError, match="does not count"):
        join(box.store, box.data, "north", (fleet.server.url,), code)


# ------------------------------------------------------------ joining and leaving


def test_boxes_that_were_alone_join_without_enrolling_anybody_again(fleet: Fleet) -> None:
    """Two boxes with people, cards and rules of their own; one person was enrolled at both."""
    a, b = fleet.alone("a"), fleet.alone("b")
    for box, name, card in ((a, "李红", "111"), (b, "王刚", "222")):
        person = box.store.people.create(name, number=card).id
        box.store.templates.add(Template(person, vector(int(card)), ENCODER))
        box.store.credentials.add(person, "card", card)
        both = box.store.people.create("张伟", number="7").id
        box.store.templates.add(Template(both, vector(7), ENCODER))
    b.store.rulebook.set_schedule("office", "mon-fri 08:00-18:00")
    for box in (a, b):
        fleet.join(box)
        box.start()
    wait_for(fleet.agreed)
    assert fleet.store.people.count() == 3
    for box in (a, b):
        assert sorted(row.name for row in box.store.people.find()) == ["张伟", "李红", "王刚"]
        assert box.store.templates.count() == {ENCODER: 3}
        for card, name in (("111", "李红"), ("222", "王刚")):
            found = box.store.credentials.find("card", card)
            assert found is not None
            assert found.person.name == name
        assert box.store.rulebook.schedules() == {"office": "mon-fri 08:00-18:00"}
    # a card given out at the hub, with the hub's key, is found everywhere
    fleet.store.credentials.add(fleet.store.people.by_number("7").id, "card", "333")  # type: ignore[union-attr]
    wait_for(fleet.agreed)
    assert a.store.credentials.find("card", "333") is not None
    # and one of them leaves again, with everybody
    a.stop()
    assert leave(a.store, a.data)
    assert a.store.people.count() == 3
    assert a.store.credentials.find("card", "222") is not None
    assert [row.gate for row in fleet.server.hub.boxes.all()] == ["b"]
    with pytest.raises(StoreError, match="belongs to no hub"):
        leave(a.store, a.data)


def test_whoever_was_deleted_at_the_hub_is_not_brought_back_by_a_box(fleet: Fleet) -> None:
    box = fleet.alone("a")
    ref = box.store.people.create("李红").ref
    person = fleet.store.people.create("李红", ref=ref).id
    fleet.store.people.delete(person)
    fleet.join(box)
    assert fleet.store.people.count() == 0


# ------------------------------------------------------------ a box killed, a snapshot cut off


def test_a_snapshot_cut_off_is_not_used(fleet: Fleet, tmp_path: Path) -> None:
    fleet.enrol("李红", 1)
    box = fleet.box("north", start=False)
    row = fleet.server.hub.boxes.all()[0]
    whole = b"".join(fleet.server.hub.feed.snapshot(row))
    for broken in (whole[:-20], whole[: len(whole) // 2], whole.replace(b"resident", b"visitor ")):
        arriving = Arriving(tmp_path / "part")
        arriving.write(broken)
        with pytest.raises(StoreError, match="incomplete"):
            arriving.whole()
    assert box.names == set()


def test_two_hubs_behind_two_addresses_one_dies(postgresql_fleet: Fleet) -> None:
    fleet = postgresql_fleet
    second_store = Store.open(settings(fleet.url), fleet.folder / "hub")
    second = Server(second_store)
    box = fleet.box("north", urls=(fleet.server.url, second.url))
    fleet.server.stop()
    fleet.enrol("李红", 1)
    wait_for(lambda: box.names == {"李红"})
    second.stop()
    second_store.close()
    with fleet.store.database.read() as session:
        assert session.scalar(select(PersonRow.name)) == "李红"
