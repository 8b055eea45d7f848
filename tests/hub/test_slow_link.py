"""Everything is loaded over a link that breaks: what has come stays, and nothing is missed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import delete

from gate.errors import StoreError
from gate.hub import feed as feed_module
from gate.hub.boxes import Boxes
from gate.recognition.face import Template
from gate.replica.join import folder_of
from gate.replica.link import UnreachableError
from gate.replica.loading import take
from gate.replica.replica import Replica
from gate.replica.snapshot import AnewError, Arriving
from gate.store.key_value import JOINED
from gate.store.tables import ChangeRow
from tests.hub.broken_link import Breaking, Broken, Former, Frail, Loading
from tests.hub.fleet import ENCODER, Box, Fleet, Server, vector
from tests.hub.test_guarantees import put_back
from tests.waiting import wait_for

pytestmark = pytest.mark.slow


class Desk:
    """Changes of every kind, drawn at random."""

    def __init__(self, fleet: Fleet, chance: random.Random) -> None:
        self.fleet, self.chance = fleet, chance
        self.made = 0
        self.deleted: list[str] = []

    def enrol(self) -> None:
        self.made += 1
        person = self.fleet.enrol(f"person-{self.made:04}-", self.made)
        self.fleet.store.credentials.add(person, "card", f"{self.made:010}", label="blue")

    def change(self) -> None:
        hub, chance = self.fleet.store, self.chance
        people = hub.people.find(limit=100_000)
        kind = chance.choice(
            ("enrol", "delete", "delete", "block", "card", "number", "face", "rule")
        )
        if kind == "enrol" or len(people) < 3:
            self.enrol()
            return
        person, other = chance.sample(people, 2)
        if kind == "delete":
            hub.people.delete(person.id)
            self.deleted.append(person.name)
        elif kind == "block":
            hub.people.update(person.id, blocked=not person.blocked, blocked_reason="moved")
        elif kind == "card":
            for card in hub.credentials.of(person.id):
                hub.credentials.revoke(card.id, "lost")
        elif kind == "number":  # it goes from hand to hand
            if (holder := hub.people.by_number("7")) is not None:
                hub.people.update(holder.id, number=None)
            hub.people.update(other.id, number="7")
        elif kind == "face":
            self.made += 1
            hub.templates.add(Template(person.id, vector(self.made), ENCODER))
        else:
            hub.rulebook.set_schedule(f"s{chance.randrange(3)}", "mon-fri 08:00-18:00")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of a few people, so that there is something between two."""
    monkeypatch.setattr(feed_module, "PAGE", 4)
    monkeypatch.setattr(feed_module, "_TAIL", 3)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("seed", "kind"), [*((seed, "fleet") for seed in range(5)), (5, "postgresql_fleet")]
)
def test_cut_anywhere_and_changed_meanwhile_it_ends_as_the_register_is(
    seed: int, kind: str, request: pytest.FixtureRequest
) -> None:
    fleet: Fleet = request.getfixturevalue(kind)
    chance = random.Random(seed)
    desk = Desk(fleet, chance)
    for _ in range(24):
        desk.enrol()
    loading = Loading(fleet)
    cuts = 0
    while not loading.receive(chance.randrange(1, 9_000) if cuts < 40 else None):
        cuts += 1
        for _ in range(chance.choice((0, 0, 1, 3))):
            desk.change()
        if chance.random() < 0.1:
            fleet.server.hub.keys.rotate()
        if chance.random() < 0.2:  # a power cut: the end of the file is lost, or something else
            raw = loading.part.read_bytes()
            rest = raw[: len(raw) - chance.randrange(min(len(raw), 400))]
            loading.part.write_bytes(rest + chance.choice((b"", b"\0" * 50, b"\n{}\n")))
    loading.apply()
    assert cuts > 4
    assert loading.agrees
    # nobody who was deleted meanwhile was ever written, not even for a moment
    here = {name for name in desk.deleted if name.encode() in _bytes(loading.box)}
    assert here == set()


def _bytes(box: Box) -> bytes:
    return b"".join(path.read_bytes() for path in box.data.rglob("*") if path.is_file())


@pytest.mark.usefixtures("small")
def test_what_has_come_is_not_sent_again(fleet: Fleet) -> None:
    for number in range(20):
        fleet.enrol(f"p{number}", number)
    loading = Loading(fleet)
    while not loading.receive(5_000):
        assert loading.box.names == set()  # nobody is there before everybody is
    assert loading.people_sent == 20
    loading.apply()
    assert loading.agrees


@pytest.mark.usefixtures("small")
def test_a_hub_put_back_to_the_middle_of_a_load_begins_again(fleet: Fleet, tmp_path: Path) -> None:
    """The number the load began with is known to it, what the box has seen since then is not."""
    people = [fleet.enrol(f"p{number}", number) for number in range(20)]
    loading = Loading(fleet)
    assert not loading.receive(3_000)
    fleet.store.people.update(people[0], blocked=True)
    fleet.store.database.backup(tmp_path / "day-old.db")
    for person in people:
        fleet.store.people.update(person, blocked=True)
    assert not loading.receive(12_000)
    put_back(fleet, tmp_path / "day-old.db")
    fleet.server = Server(fleet.store)
    for _ in range(40):
        fleet.store.people.update(people[1], blocked=True)
        fleet.store.people.update(people[1], blocked=False)
    with pytest.raises(AnewError):
        loading.receive()
    assert loading.receive()
    loading.apply()
    assert loading.agrees


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("why", ["scope", "gap", "another box"])
def test_what_does_not_fit_any_more_is_thrown_away(fleet: Fleet, why: str) -> None:
    for number in range(20):
        fleet.enrol(f"p{number}", number)
    loading = Loading(fleet)
    assert not loading.receive(9_000)
    if why == "scope":
        Boxes(fleet.store).set_gate("north", groups=["staff"])
    elif why == "gap":
        fleet.enrol("late", 99)
        with fleet.store.database.write() as session:
            session.execute(delete(ChangeRow).where(ChangeRow.id < fleet.level()))
    else:
        other = Arriving(loading.part, "another")
        assert not other.begun
        other.close()
        assert loading.receive()
        return
    with pytest.raises(AnewError):
        loading.receive()
    assert not loading.part.exists()
    assert loading.receive()
    loading.apply()
    assert loading.box.names == (set() if why == "scope" else {*_names(fleet)})


def _names(fleet: Fleet) -> Iterator[str]:
    return (person.name for person in fleet.store.people.find(limit=1_000))


@pytest.mark.usefixtures("small")
def test_a_box_shut_out_meanwhile_gets_no_more(fleet: Fleet) -> None:
    for number in range(20):
        fleet.enrol(f"p{number}", number)
    loading = Loading(fleet)
    lines = fleet.server.hub.feed.snapshot(loading.row)
    for _ in range(3):
        next(lines)
    fleet.server.hub.boxes.end(loading.row.id, "revoked", "stolen", "clerk")
    rest = list(lines)
    assert len(rest) < 5
    assert not any(line.startswith(b'{"end"') for line in rest)


def test_a_box_loads_everything_though_no_connection_lasts_for_half_of_it(fleet: Fleet) -> None:
    for number in range(60):
        fleet.enrol(f"p{number}", number)
    link = Breaking(fleet.server.port, 40_000)
    box = fleet.box("north", start=False)
    kept = box.store.key_values.get(JOINED)
    try:
        assert kept is not None
        box.store.key_values.set(JOINED, {**kept, "urls": [f"https://127.0.0.1:{link.port}"]})
        box.start()
        wait_for(lambda: box.replica is not None and box.replica.state.snapshots == 1)
        assert link.connections > 2
        assert box.at == fleet.level()
        assert len(box.names) == 60
        assert not (folder_of(box.data) / "snapshot.part").exists()
        assert box.replica is not None
        assert box.replica.state.loading is None
    finally:
        box.stop()
        link.close()


def of_five(fleet: Fleet, kind: type[Broken]) -> tuple[Broken, Replica]:
    """A box that loads five people over such a link."""
    for number in range(5):
        fleet.enrol(f"p{number}", number)
    loading = Loading(fleet)
    link = kind(loading)
    assert loading.identity is not None
    return link, Replica(loading.box.store, loading.identity, loading.box, connect=lambda _: link)


def test_only_a_link_that_brings_nothing_more_is_waited_for(fleet: Fleet) -> None:
    link, replica = of_five(fleet, Broken)
    link.pieces = 3
    asyncio.run(replica._load())
    assert replica.state.loading == (1, 5)
    link.pieces = 0
    with pytest.raises(UnreachableError):
        asyncio.run(replica._load())
    link.pieces = 4
    asyncio.run(replica._load())
    assert replica.state.loading == (3, 5)


def test_a_hub_that_begins_each_time_is_not_asked_without_a_pause(fleet: Fleet) -> None:
    """One of before: whatever comes, all of it is asked for again."""
    link, replica = of_five(fleet, Former)
    for link.pieces in (3, 4):
        with pytest.raises(UnreachableError):
            asyncio.run(replica._load())


def test_a_full_disk_ends_nothing_and_what_has_come_stays(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, replica = of_five(fleet, Broken)
    link.pieces = 3
    asyncio.run(replica._load())
    asked = Arriving.asked

    def full(arriving: Arriving) -> dict[str, object]:
        position = asked(arriving)
        arriving._file.close()
        arriving._file = Path("/dev/full").open("r+b")  # noqa: SIM115
        return position

    with monkeypatch.context() as disk:
        disk.setattr(Arriving, "asked", full)
        with pytest.raises(StoreError, match="cannot be kept"):
            asyncio.run(replica._load())
    link.pieces = 4
    asyncio.run(replica._load())
    assert replica.state.loading == (3, 5)


def test_a_file_that_cannot_be_opened_is_said(fleet: Fleet) -> None:
    loading = Loading(fleet)
    loading.part.mkdir()
    with pytest.raises(StoreError, match="cannot be kept"):
        Arriving(loading.part, loading.row.id)


def test_what_an_earlier_version_has_left_is_readable_by_nobody_else(fleet: Fleet) -> None:
    loading = Loading(fleet)
    loading.part.touch()
    loading.part.chmod(0o644)
    Arriving(loading.part, loading.row.id).close()
    assert loading.part.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("why", ["gone", "damaged"])
def test_a_file_that_is_spoilt_before_it_is_applied_is_asked_for_again(
    fleet: Fleet, why: str
) -> None:
    """Of a line that is missing nobody knows whose block it was; the end of a lease in this very
    moment takes the whole file."""
    fleet.enrol("李红", 1)
    loading = Loading(fleet)
    assert loading.receive()
    if why == "gone":
        loading.part.unlink()
    else:
        raw = loading.part.read_bytes()
        assert raw.count("李红".encode()) == 1
        loading.part.write_bytes(raw.replace("李红".encode(), "李江".encode()))
    arriving = Arriving(loading.part.with_name("another"), loading.row.id)
    with pytest.raises(StoreError, match="incomplete"):
        take(loading.box.store, loading.applier, arriving, loading.part)
    assert loading.box.names == set()
    assert loading.applier.cursor is None
    assert loading.receive()
    loading.apply()
    assert loading.agrees


def test_a_deletion_while_everything_is_loaded_ends_in_a_receipt(fleet: Fleet) -> None:
    for number in range(5):
        fleet.enrol(f"person-{number:04}-", number)
    loading = Loading(fleet)
    assert not loading.receive(4_000)
    gone = next(
        person
        for person in fleet.store.people.find()
        if person.name.encode() in loading.part.read_bytes()
    )
    fleet.store.people.delete(gone.id)
    assert loading.receive()
    loading.apply()
    assert loading.applier.pending() == [gone.ref]
    assert gone.name.encode() not in _bytes(loading.box)


def test_changes_come_in_portions_a_link_can_pass(fleet: Fleet) -> None:
    loading = Loading(fleet)
    fleet.enrol("first", 1)
    assert loading.receive()
    loading.apply()
    for number in range(100):
        fleet.store.people.create(f"p{number}")
    link = Frail(loading, 40)
    assert loading.identity is not None
    replica = Replica(loading.box.store, loading.identity, loading.box, connect=lambda _: link)

    async def follow() -> None:
        for _ in range(30):
            with suppress(UnreachableError):
                await replica._follow()

    asyncio.run(follow())
    assert link.asked[:5] == [500, 250, 125, 62, 31]
    assert loading.agrees
    link.passes = 500
    asyncio.run(follow())
    assert link.asked[-1] == 500
    link.passes = 0
    asyncio.run(follow())
    assert link.asked[-1] == 8


def test_a_file_that_is_no_answer_is_refused(fleet: Fleet) -> None:
    loading = Loading(fleet)
    arriving = Arriving(loading.part, loading.row.id)
    arriving.asked()
    with pytest.raises(StoreError, match="incomplete"):
        arriving.write(b"<html>\n")
    assert not loading.part.exists()


def test_what_a_hub_of_before_has_sent_is_not_gone_on_with(fleet: Fleet) -> None:
    """It sends everybody in another order, so nobody can tell who is missing."""
    for number in range(5):
        fleet.enrol(f"p{number}", number)
    loading = Loading(fleet)
    lines = list(fleet.server.hub.feed.snapshot(loading.row))
    before = [lines[0].replace(b'"resumed":false,', b""), *lines[2:-1]]
    assert before[0] != lines[0]
    arriving = Arriving(loading.part, loading.row.id)
    arriving.asked()
    arriving.write(b"".join(before[:3]))
    arriving.close()
    again = Arriving(loading.part, loading.row.id)
    assert again.asked() == {}
    again.write(b"".join(before))
    end = hashlib.sha256(b"".join(before)).hexdigest()
    again.write(json.dumps({"end": len(before) - 1, "sha256": end}).encode() + b"\n")
    again.whole()
    assert again.done == 5
    loading.apply()
    assert loading.agrees
