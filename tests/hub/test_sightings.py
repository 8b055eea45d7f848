"""Where people are and how often permits were used is known at every gate soon after."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.access.antipassback import Place
from gate.access.permit import key_id
from gate.access.settings import PermitSettings
from gate.errors import StoreError
from gate.hub.boxes import Boxes
from gate.hub.sightings import Sightings, checked
from gate.replica.sightings import Sightings as OwnSightings
from gate.services import presence
from gate.services.permits import Issued, PermitBook
from gate.store.credentials import USES
from gate.store.store import Store
from gate.store.tables import BoxRow
from gate.store.tables.base import now
from tests.hub.fleet import Box, Fleet, settings
from tests.waiting import wait_for

KEY = Ed25519PrivateKey.generate()


def book(store: Store) -> PermitBook:
    public = KEY.public_key()
    return PermitBook(store, {key_id(public): public}, PermitSettings())


def issued(fleet: Fleet, person: int, uses: int) -> Issued:
    return book(fleet.store).issue(
        KEY, person, now(), now() + timedelta(days=1), now=now(), uses=uses
    )


def permit(fleet: Fleet, person: int, uses: int) -> str:
    return issued(fleet, person, uses).permit.serial


def used(box: Box, serial: str) -> int:
    row = box.store.credentials.permit(serial)
    return row.uses if row else -1


def two_boxes(store: Store) -> list[BoxRow]:
    boxes = Boxes(store)
    return [
        boxes.admit(code.split("-")[0], gate, b"", b"", now() + timedelta(days=1))
        for gate in ("a", "b")
        for code in [boxes.new_code(gate, "clerk")]
    ]


def local(box: Box, ref: str) -> int:
    row = box.store.people.by_ref(ref)
    assert row is not None
    return row.id


@pytest.mark.slow
def test_a_permit_issued_or_revoked_at_the_hub_is_so_at_every_gate(fleet: Fleet) -> None:
    """Also of somebody the gates have had for long."""
    visitor = fleet.store.people.create("a visitor", kind="visitor").id
    boxes = [fleet.box("north"), fleet.box("south")]
    wait_for(fleet.agreed)
    given = issued(fleet, visitor, 0)
    wait_for(fleet.agreed)

    def problems() -> set[str]:
        gates = [book(box.store).look_up(given.text, box.gate, now()) for box in boxes]
        return {credential.problem for _, credential in gates}

    assert problems() == {""}
    book(fleet.store).revoke(given.permit.serial, "thrown out")
    wait_for(lambda: problems() == {"permit_revoked"})


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["fleet", pytest.param("postgresql_fleet", marks=pytest.mark.soak)]
)
def test_a_passage_at_one_gate_is_known_at_the_others(
    kind: str, request: pytest.FixtureRequest
) -> None:
    fleet: Fleet = request.getfixturevalue(kind)
    fleet.enrol("another", 2)
    person = fleet.store.people.get(fleet.enrol("李红", 1))
    assert person is not None
    fleet.store.people.delete(1)  # numbers differ between the registers
    north, south = fleet.box("north"), fleet.box("south")
    mine, theirs = local(north, person.ref), local(south, person.ref)
    presence.save(north.store, mine, Place(inside=True, at=1000.0))
    wait_for(lambda: presence.load(south.store) == {theirs: Place(True, 1000.0)})
    # the newer one counts, wherever it comes from
    presence.save(south.store, theirs, Place(inside=False, at=2000.0))
    wait_for(lambda: presence.load(north.store) == {mine: Place(False, 2000.0)})
    late = fleet.box("east")  # and who joins later has them all
    wait_for(lambda: presence.load(late.store) == {local(late, person.ref): Place(False, 2000.0)})
    fleet.store.people.delete(person.id)
    wait_for(lambda: presence.load(south.store) == {})


@pytest.mark.slow
def test_uses_of_a_permit_are_counted_over_all_gates(fleet: Fleet) -> None:
    visitor = fleet.enrol("visitor", 1)
    serial = permit(fleet, visitor, 4)
    north, south = fleet.box("north"), fleet.box("south")
    assert north.store.credentials.use_permit(serial)
    wait_for(lambda: used(south, serial) == 1)
    # each counts for itself while the hub is away
    fleet.server.stop()
    assert north.store.credentials.use_permit(serial)
    assert south.store.credentials.use_permit(serial)
    assert (used(north, serial), used(south, serial)) == (2, 2)
    fleet.restart_hub()
    wait_for(lambda: used(north, serial) == used(south, serial) == 3)
    # a restart sends them again and changes nothing
    north.stop()
    north.start()
    assert south.store.credentials.use_permit(serial)
    wait_for(lambda: used(north, serial) == 4)
    assert not north.store.credentials.use_permit(serial)
    row = fleet.store.credentials.permit(serial)
    assert row is not None
    assert row.uses == 4


@pytest.mark.slow
def test_what_comes_twice_or_late_changes_nothing(tmp_path: Path) -> None:
    with Store.open(settings(), tmp_path) as store:
        ref = store.people.create("李红").ref
        a, b = two_boxes(store)
        hub = Sightings(store)
        hub.take(a, 1, [(ref, True, 50.0)], [("s", 2)])
        hub.take(a, 1, [(ref, True, 50.0)], [("s", 2)])
        first = hub.after(b, 1, 0)
        assert first == {"n": 2, "places": [[ref, True, 50.0]], "uses": [("s", 2)]}
        assert hub.after(b, 1, 2) is None
        hub.take(b, 1, [(ref, False, 40.0), ("f" * 32, True, 1.0)], [("s", 1)])  # older; nobody
        assert hub.after(a, 1, 2) == {"n": 3, "places": [], "uses": [("s", 1)]}
        # a box put back from a backup has another epoch: what it used before still counts
        assert hub.after(a, 2, 2) == {"n": 3, "places": [], "uses": [("s", 3)]}
        # a hub that has lost numbers begins again
        again = hub.after(b, 1, 99)
        assert again is not None
        assert again["places"] == [[ref, True, 50.0]]
        places, uses = checked([[ref, 1, "7"]], [["s", "3"]])
        assert (places, uses) == ([(ref, True, 7.0)], [("s", 3)])


def test_a_box_sends_its_own_and_only_what_is_new(tmp_path: Path) -> None:
    with Store.open(settings(), tmp_path) as store:
        person = store.people.create("李红")
        own = OwnSightings(store)
        assert own.news() is None
        presence.save(store, person.id, Place(inside=True, at=10.0))
        news = own.news()
        assert news is not None
        assert news["places"] == [[person.ref, True, 10.0]]
        assert own.news() == news  # the hub did not get it
        own.sent(news)
        assert own.news() is None
        # another gate's word is not sent back, and an older one not taken
        own.apply({"n": 1, "places": [[person.ref, False, 20.0]], "uses": []})
        assert presence.load(store) == {person.id: Place(False, 20.0)}
        own.apply({"n": 2, "places": [[person.ref, True, 15.0]], "uses": []})
        assert presence.load(store) == {person.id: Place(False, 20.0)}
        assert own.news() is None
        assert own.n == 2


def test_a_box_whose_clock_is_ahead_does_not_fix_where_people_are(tmp_path: Path) -> None:
    """A passage "in 2037" would be the newest for ten years, and unknown everywhere until then."""
    with Store.open(settings(), tmp_path) as store:
        person = store.people.create("李红")
        north, south = two_boxes(store)
        hub, own = Sightings(store), OwnSightings(store)
        before = now().timestamp()
        hub.take(north, 1, [(person.ref, True, before + 3e8)], [])
        given = hub.after(south, 1, 0)
        assert given is not None
        [[_, inside, at]] = given["places"]
        assert inside
        assert before <= at <= now().timestamp()
        hub.take(south, 1, [(person.ref, False, now().timestamp())], [])
        given = hub.after(north, 1, 1)
        assert given is not None
        # the box itself, whose clock is right again
        presence.save(store, person.id, Place(inside=True, at=before + 3e8))
        assert own.news() is None
        own.apply(given)
        assert not presence.load(store)[person.id].inside


@pytest.mark.parametrize(
    ("places", "uses"),
    [
        ([["a" * 32, True, float("nan")]], []),
        ([["a" * 32, True, float("inf")]], []),
        ([], [["0123456789abcdef", -1]]),
        ([], [["0123456789abcdef", 2**70]]),
    ],
)
def test_no_box_takes_uses_of_a_permit_back(places: list[object], uses: list[object]) -> None:
    with pytest.raises(StoreError, match="no report of places and uses"):
        checked(places, uses)


def test_a_box_says_again_what_a_hub_has_lost(fleet: Fleet) -> None:
    store = fleet.alone("north").store
    own = OwnSightings(store)
    store.key_values.set(f"{USES}{own.epoch()}:aa", {"n": 2})
    news = own.news()
    assert news is not None
    own.sent(news)
    nothing: dict[str, list[list[object]]] = {"places": [], "uses": []}
    own.apply({"n": 7, **nothing})
    assert own.news() is None
    own.apply({"n": 3, **nothing})  # a number of before: the hub was put back
    again = own.news()
    assert again is not None
    assert again["uses"] == [["aa", 2]]
    assert own.n == 3
