"""What is changed at the hub is on every box soon after, and nothing else is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import delete, func, select, update

from gate.hub.boxes import Boxes
from gate.hub.keys import CommunityKeys
from gate.recognition.face import Template
from gate.replica.identity import Identity
from gate.replica.join import folder_of
from gate.replica.sightings import Sightings as OwnSightings
from gate.store.credentials import USES
from gate.store.engine import CONNECTIONS
from gate.store.tables import ChangeRow, ErasureRow, GateRow, SightingRow, TemplateKeyRow
from tests.hub.fleet import ENCODER, Fleet, lose_changes, vector
from tests.waiting import wait_for

CARD = "0012345678"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fleet", "postgresql_fleet"])
def test_people_faces_cards_rules_and_orders_reach_the_boxes(
    kind: str, request: pytest.FixtureRequest
) -> None:
    fleet: Fleet = request.getfixturevalue(kind)
    hub = fleet.store
    early = fleet.enrol("李红", 1, number="7")
    hub.credentials.add(early, "card", CARD)
    north, south = fleet.box("north"), fleet.box("south")
    late = fleet.enrol("王刚", 2)
    hub.rulebook.set_schedule("office", "mon-fri 08:00-18:00")
    home = hub.places.household("3", "0402")
    hub.people.update(late, household_id=home.id)
    wait_for(fleet.agreed)
    for box in (north, south):
        assert box.names == {"李红", "王刚"}
        found = box.store.credentials.find("card", CARD)
        assert found is not None
        assert found.person.name == "李红"
        rows = box.store.templates.load(ENCODER)
        assert rows.vectors.tolist() == [vector(1).tolist(), vector(2).tolist()]
        assert box.store.rulebook.schedules() == {"office": "mon-fri 08:00-18:00"}
        row = box.store.people.by_ref(hub.people.get(late).ref)  # type: ignore[union-attr]
        assert row is not None
        assert box.store.places.address(row.household_id or 0) == ("3", "0402", "")
    hub.people.update(late, blocked=True, blocked_reason="moved")
    hub.orders.give("south", "lockdown", "guard")
    wait_for(lambda: south.orders)
    wait_for(fleet.agreed)
    assert [order[:2] for order in south.orders] == [("lockdown", "guard")]
    assert north.orders == []
    blocked = north.store.people.register()
    assert [p.blocked for p in blocked.values() if p.name == "王刚"] == ["moved"]
    wait_for(lambda: hub.orders.latest("south")[0].result == "done")
    hub.people.delete(early)
    wait_for(fleet.agreed)
    assert north.names == south.names == {"王刚"}
    assert north.store.credentials.find("card", CARD) is None


@pytest.mark.slow
def test_a_box_holds_nobody_out_of_its_scope(fleet: Fleet) -> None:
    hub = fleet.store
    homes = {name: hub.places.household(name, "1").id for name in ("A", "B")}
    inside = fleet.enrol("inside", 1, household_id=homes["A"])
    outside = fleet.enrol("outside", 2, household_id=homes["B"])
    hub.people.create("cleaner", groups=["staff"])
    Boxes(hub).set_gate("north", buildings=["A"], groups=["staff"])
    box = fleet.box("north")
    assert box.names == {"inside", "cleaner"}
    # who moves in is there, who moves out is gone, bytes and all
    hub.people.update(outside, household_id=homes["A"])
    wait_for(fleet.agreed)
    assert box.names == {"inside", "outside", "cleaner"}
    hub.people.update(inside, household_id=homes["B"])
    wait_for(fleet.agreed)
    assert box.names == {"outside", "cleaner"}
    # a new scope of the gate
    Boxes(hub).set_gate("north", buildings=["B"], groups=[])
    wait_for(lambda: box.names == {"inside"})
    files = [path.read_bytes() for path in box.data.rglob("*") if path.is_file()]
    assert not any(b"outside" in content or b"cleaner" in content for content in files)


@pytest.mark.slow
def test_number_and_card_that_change_hands_do_so_on_the_box(fleet: Fleet) -> None:
    hub = fleet.store
    first = fleet.enrol("first", 1)
    second = fleet.enrol("second", 2, number="7")
    card = hub.credentials.add(second, "card", CARD)
    box = fleet.box("north")
    hub.people.update(second, number=None)
    hub.credentials.remove(card.id)
    hub.people.update(first, number="7")
    hub.credentials.add(first, "card", CARD)
    wait_for(fleet.agreed)
    found = box.store.credentials.find("card", CARD)
    assert found is not None
    assert found.person.name == "first"
    assert box.store.people.by_number("7").name == "first"  # type: ignore[union-attr]


@pytest.mark.slow
def test_keys_are_rotated_while_everything_runs(fleet: Fleet) -> None:
    box = fleet.box("north")
    for number in range(12):
        person = fleet.store.people.create(f"p{number}").id
        if number % 3 == 0:
            fleet.server.hub.keys.rotate()
        fleet.store.templates.add(Template(person, vector(number), ENCODER))
    wait_for(fleet.agreed)
    assert len(box.store.templates.load(ENCODER).people) == 12


@pytest.mark.slow
def test_a_box_long_away_loads_everything(fleet: Fleet) -> None:
    box = fleet.box("north")
    fleet.enrol("early", 1)
    wait_for(fleet.agreed)
    box.stop()
    fleet.enrol("late", 2)
    for n in range(3):
        fleet.enrol(f"p{n}", n + 3)
    with fleet.store.database.write() as session:
        session.execute(delete(ChangeRow).where(ChangeRow.id < fleet.level()))
    box.start()
    wait_for(lambda: box.replica is not None and box.replica.state.snapshots == 1)
    assert len(box.names) == 5


@pytest.mark.slow
def test_more_boxes_than_connections_ask_at_one_moment(fleet: Fleet) -> None:
    """Each once held a connection while it waited for another: all stood still until time-outs."""
    box = fleet.box("north")
    row = fleet.server.hub.boxes.all()[0]
    fleet.enrol("李红", 1)
    fleet.store.rulebook.set_schedule("office", "mon-fri 08:00-18:00")
    wait_for(fleet.agreed)
    identity = Identity.of(box.store, folder_of(box.data))
    assert identity is not None
    start = fleet.store.changes.generation()
    url = f"{fleet.server.url}/feed?after=0&scope={row.scope}&wait=0"
    with ThreadPoolExecutor(3 * CONNECTIONS) as pool:
        limits = httpx.Limits(max_connections=3 * CONNECTIONS)
        with httpx.Client(
            verify=identity.tls(), trust_env=False, timeout=60, limits=limits
        ) as client:
            for _ in range(3):
                fleet.store.people.create("another")  # the page has to be read again
                answers = list(pool.map(lambda _: client.get(url), range(3 * CONNECTIONS)))
                assert {answer.status_code for answer in answers} == {200}
                assert len({answer.json()["n"] for answer in answers}) == 1
    assert fleet.store.changes.generation() == start + 3


def test_a_deletion_without_a_number_is_not_told_with_each_change_of_the_rules(
    fleet: Fleet,
) -> None:
    """Of a register that was put back: the number is somebody else's by now."""
    fleet.box("north", start=False)
    row = fleet.server.hub.boxes.all()[0]
    with fleet.store.database.write() as session:
        session.add(ErasureRow(ref="a" * 32, person_id=0))
        scope = session.get_one(GateRow, "north").scope
    fleet.store.rulebook.set_schedule("office", "mon-fri 08:00-18:00")
    answer = fleet.server.hub.feed.after(row, 0, "", scope)
    assert answer is not None
    assert "rules" in answer
    assert answer["gone"] == []


def sightings(fleet: Fleet) -> int:
    with fleet.store.database.read() as session:
        return session.scalar(select(func.count()).select_from(SightingRow)) or 0


def test_a_server_that_lacks_the_last_changes_gives_their_numbers_to_others(fleet: Fleet) -> None:
    """Failover under a running hub: no box is told what is no longer so."""
    fleet.enrol("stays", 1)
    north, south = fleet.box("north"), fleet.box("south")
    wait_for(fleet.agreed)
    north.stop()
    before = fleet.level()
    fleet.enrol("lost", 2)
    wait_for(fleet.agreed)  # the hub has read these changes, and still has them in memory
    assert south.names == {"stays", "lost"}
    south.store.key_values.set(f"{USES}{OwnSightings(south.store).epoch()}:aa", {"n": 2})
    wait_for(lambda: sightings(fleet) == 1)
    count = fleet.level() - before
    lose_changes(fleet.store, before)
    with fleet.store.database.write() as session:
        session.execute(delete(SightingRow))
    fleet.enrol("new", 3)
    assert fleet.level() - before == count
    row = next(row for row in fleet.server.hub.boxes.all() if row.gate == "north")
    cursor = north.replica._applier.cursor  # type: ignore[union-attr]
    assert cursor is not None
    answer = fleet.server.hub.feed.after(row, cursor.n, cursor.mark, cursor.scope)
    assert answer is not None
    assert {record["name"] for record in answer["records"]} == {"new"}
    north.start()
    for box in (north, south):  # the one that had them loads everything
        wait_for(lambda box=box: box.names == {"stays", "new"})  # type: ignore[misc]
    wait_for(lambda: sightings(fleet) == 1)  # and says once more what was used there


def test_a_key_of_the_same_epoch_by_another_server_is_read_again(fleet: Fleet) -> None:
    keys = CommunityKeys(fleet.store)
    epoch, first = keys.current()
    another = fleet.store.vault.keep(bytes(32), f"template_key {epoch}")
    with fleet.store.database.write() as session:
        session.execute(update(TemplateKeyRow).values(sealed=another))
    assert keys.current() == (epoch, bytes(32)) != (epoch, first)


def test_nothing_sealed_under_that_key_is_given_again(fleet: Fleet) -> None:
    fleet.enrol("李红", 1)
    fleet.box("north", start=False)
    row = fleet.server.hub.boxes.all()[0]
    with fleet.store.database.read() as session:
        scope = session.get_one(GateRow, "north").scope

    def templates() -> list[object]:
        answer = fleet.server.hub.feed.after(row, 0, "", scope)
        assert answer is not None
        return [template for record in answer["records"] for template in record["templates"]]

    before = templates()
    assert before == templates() != []  # read once
    epoch, _ = CommunityKeys(fleet.store).current()
    another = fleet.store.vault.keep(bytes(32), f"template_key {epoch}")
    with fleet.store.database.write() as session:
        session.execute(update(TemplateKeyRow).values(sealed=another))
    assert templates() != before
