"""Who belongs to a hub: boxes alone, shut out, replaced, paired, joined; see docs/many-gates.md."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from gate.errors import AccessError, StoreError
from gate.fleet.pairing import new_code
from gate.hub.app import BRINGS
from gate.hub.boxes import Boxes
from gate.recognition.face import Template
from gate.replica.identity import Identity, trusting
from gate.replica.join import folder_of, join, leave, upload
from gate.replica.snapshot import Arriving
from gate.store.store import HUB, Store
from gate.store.tables import BoxRow, PairingCodeRow, PersonRow
from gate.store.tables.base import now
from tests.hub.fleet import ENCODER, Fleet, Server, bodies, fleet_of, record, settings, vector
from tests.waiting import PATIENCE, wait_for

CARD = "0012345678"
pytestmark = pytest.mark.slow


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


def test_a_hub_that_cannot_write_is_not_lost(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its disk is full: what it has is followed, and no beat makes the link come and go."""
    fleet.enrol("李红", 1)
    box = fleet.box("north")
    wait_for(lambda: fleet.server.hub.boxes.all()[0].seen)
    refused: list[object] = []

    def full(some: object) -> list[str]:
        refused.append(some)
        raise StoreError("no room", where=fleet.store.database.where, hint="")

    for reports in (fleet.server.hub.beats, fleet.server.hub.obeyed):
        monkeypatch.setattr(reports, "_write", full)
    fleet.store.orders.give("north", "lockdown", "guard")
    wait_for(lambda: len(refused) > 5)
    fleet.store.people.create("王刚")
    wait_for(lambda: box.names == {"李红", "王刚"})
    assert box.reports == [("link", True), ("lease", True)]
    assert [each[:2] for each in box.orders] == [("lockdown", "guard")]


def test_beyond_its_lease_a_box_forgets_faces_and_keeps_cards(tmp_path: Path) -> None:
    seconds = 2.0
    with fleet_of(tmp_path, lease_days=seconds / 86_400) as fleet:
        person = fleet.enrol("李红", 1)
        fleet.store.credentials.add(person, "card", CARD)
        box = fleet.box("north")
        wait_for(lambda: box.replica and box.replica.contact.lease.limit == pytest.approx(seconds))
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
    with httpx.Client(verify=identity.tls(), trust_env=False, timeout=PATIENCE) as thief:
        for path in ("/snapshot", "/keys", "/feed?after=0"):
            assert thief.get(f"{fleet.server.url}{path}").status_code == 410
    wait_for(lambda: box.store.people.count() == 0)
    wait_for(lambda: ("box", False) in box.reports)
    assert box.store.templates.count() == {}
    fleet.enrol("王刚", 2)
    wait_for(lambda: other.names == {"李红", "王刚"})


def test_a_stolen_box_brings_nobody_in(fleet: Fleet) -> None:
    """What a box brings when it is paired counts at every gate; later its certificate is no leave
    to add people, cards or rules."""
    fleet.store.rulebook.set_allow("household", {"kinds": ["resident"]})
    stolen, other = fleet.box("north"), fleet.box("south")
    with fleet.store.database.write() as session:
        session.execute(update(BoxRow).values(paired=now() - BRINGS))
    thief = stolen.store.people.create("A thief", kind="staff").id
    stolen.store.credentials.add(thief, "card", CARD)
    stolen.store.rulebook.set_allow("everybody", {})
    identity = Identity.of(stolen.store, folder_of(stolen.data))
    assert identity is not None
    with pytest.raises(StoreError, match="may bring no people any more"):
        upload(stolen.store, identity)
    fleet.enrol("李红", 1)
    wait_for(lambda: other.names == {"李红"})
    assert other.store.credentials.find("card", CARD) is None
    assert set(other.store.rulebook.allows()) == {"household"}


def test_without_a_certificate_of_this_hub_nothing_is_said(fleet: Fleet, tmp_path: Path) -> None:
    url = fleet.server.url
    with httpx.Client(
        verify=trusting(fleet.server.hub.authority.pem), trust_env=False, timeout=PATIENCE
    ) as nobody:
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
            httpx.Client(verify=context, trust_env=False, timeout=PATIENCE) as client,
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
        arriving = Arriving(tmp_path / "part", row.id)
        arriving.asked()
        with pytest.raises(StoreError, match="incomplete"):
            _all(arriving, broken)
        arriving.drop()
    assert box.names == set()


def _all(arriving: Arriving, sent: bytes) -> None:
    arriving.write(sent)
    arriving.whole()


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
