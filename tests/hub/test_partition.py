"""Gates cut off from their hub and from each other, at random but the same each time.

The test delivers the messages itself: no sockets, no threads, no waiting. A link is cut before a
message, or after it was obeyed and before the answer came; a box is stopped between two
transactions. Two clerks edit people at two desks, from forms that may be old by now.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gate.config.hub import HubSettings
from gate.errors import StoreError
from gate.hub.app import Hub
from gate.replica import apply
from gate.replica.apply import Applier
from gate.replica.identity import Identity, new_signing_key
from gate.replica.loading import take
from gate.replica.sightings import Sightings
from gate.replica.snapshot import Arriving
from gate.store.people import ChangedError
from gate.store.store import Store
from gate.store.tables import PermitRow
from gate.store.tables.base import now
from tests.hub.fleet import settings

pytestmark = pytest.mark.slow
GATES, PEOPLE, STEPS, ALLOWED = ("a", "b", "c"), 6, 120, 5
FIELDS = ("name", "blocked", "active", "note")
Form = tuple[str, dict[str, Any]]  # when the record had last changed, and what it said


class CutError(Exception):
    """The link is gone."""


@dataclass
class Away:
    """A box, and what has reached it of its hub."""

    gate: str
    store: Store
    applier: Applier
    sightings: Sightings
    row: Any
    used: int = 0  # times the permit opened here
    cut: Callable[[], None] = field(default=lambda: None)

    @property
    def n(self) -> int:
        cursor = self.applier.cursor
        return cursor.n if cursor else -1


class Town:
    """A hub with its register, boxes without a network, and what the register should say."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.folder = folder
        self.store = Store.open(settings(), folder / "hub")
        self.hub = Hub(self.store, HubSettings())
        self.said: dict[int, dict[str, Any]] = {}  # person → what the last edit left
        self.forms: dict[tuple[str, int], Form] = {}  # by clerk and person, as they were opened
        self.barred: dict[str, int] = {}  # pseudonym → the change with which the block came
        self.gone: dict[str, int] = {}  # pseudonym → the change with which they were deleted
        self.refs: dict[int, str] = {}
        for number in range(PEOPLE):
            self.enrol(f"P{number}")
        guest = self.store.people.create("guest", kind="visitor").id
        with self.store.database.write() as session:
            until = now() + timedelta(days=1)
            session.add(
                PermitRow(
                    id="aa" * 8,
                    person_id=guest,
                    valid_from=now(),
                    valid_until=until,
                    uses_allowed=ALLOWED,
                    issued_by="li",
                )
            )
        self.store.people.update(guest)
        self.boxes = [self._box(gate) for gate in GATES]

    def _box(self, gate: str) -> Away:
        store = Store.open(settings(), self.folder / gate)
        signing, public = new_signing_key()
        sealing = X25519PrivateKey.generate()
        sealed_for = sealing.public_key().public_bytes_raw()
        code = self.hub.boxes.new_code(gate, "li")
        ends = now() + timedelta(days=90)
        row = self.hub.boxes.admit(code.split("-")[0], gate, public, sealed_for, ends)
        order_key = self.hub.authority.order_key
        identity = Identity(
            self.folder / gate, row.id, gate, ("https://hub",), order_key, signing, sealing
        )
        joined = {"box": row.id, "gate": gate, "urls": ["https://hub"], "orders": order_key.hex()}
        store.key_values.set("hub.joined", joined)
        return Away(gate, store, Applier(store, identity), Sightings(store), row)

    def close(self) -> None:
        for box in self.boxes:
            box.store.close()
        self.store.close()

    # ------------------------------------------------------------ clerks

    def enrol(self, name: str) -> None:
        made = self.store.people.create(name)
        self.store.credentials.add(made.id, "card", f"{made.id:08d}")
        self.refs[made.id] = made.ref
        self.said[made.id] = {part: getattr(made, part) for part in FIELDS}

    def open_form(self, clerk: str, person: int) -> None:
        row = self.store.people.get(person)
        assert row is not None
        shown = {part: getattr(row, part) for part in FIELDS}
        self.forms[clerk, person] = row.updated.isoformat(), shown

    def send_form(self, clerk: str, person: int) -> None:
        """All of it, as a page does: with one thing changed, and the rest as it was shown."""
        seen, shown = self.forms.pop((clerk, person))
        part = self.chance.choice(FIELDS)
        other = f"{clerk} {self.chance.random():.6f}" if part in ("name", "note") else None
        wanted = {**shown, part: not shown[part] if other is None else other}
        try:
            self.store.people.update(person, seen=seen, **wanted)
        except ChangedError:
            return
        except StoreError:
            assert self.refs[person] in self.gone
            return
        assert self.said[person] == shown, "somebody's edit was lost silently"
        self.said[person] = wanted
        self.note(person)

    def note(self, person: int) -> None:
        ref, says = self.refs[person], self.said[person]
        if says["blocked"] or not says["active"]:
            self.barred.setdefault(ref, self.store.changes.generation())
        else:
            self.barred.pop(ref, None)

    def delete(self, person: int) -> None:
        self.store.people.delete(person)
        self.said.pop(person)
        self.barred.pop(self.refs[person], None)
        self.gone[self.refs[person]] = self.store.changes.generation()

    # ------------------------------------------------------------ boxes

    def use(self, box: Away) -> None:
        box.used += box.store.credentials.use_permit("aa" * 8)

    def talk(self, box: Away) -> None:
        """All that a box and its hub have to say to each other, as far as the link holds."""
        self._share(box)
        cursor = box.applier.cursor
        if cursor is None:
            self._load(box)
            return
        box.cut()
        answer = self.hub.feed.after(box.row, cursor.n, cursor.mark, cursor.scope, most=64)
        box.cut()
        if answer is not None and "snapshot" in answer:
            box.applier.move(None)
        elif answer is not None and answer["n"] != cursor.n:
            box.applier.answer(answer, cursor.scope)
        if pending := box.applier.pending():
            box.cut()
            receipts = [
                box.applier._identity.signed_erasure(ref, now().isoformat()) for ref in pending
            ]
            self.hub.receipts.erased(box.row, receipts)
            box.cut()
            box.applier.confirmed(pending)

    def _load(self, box: Away) -> None:
        arriving = Arriving(self.folder / f"{box.gate}.part", box.row.id)
        try:
            arriving.asked()
            for chunk in self.hub.feed.snapshot(box.row):
                box.cut()
                arriving.write(chunk)
            take(box.store, box.applier, arriving, arriving.whole())
        finally:
            arriving.drop()
            arriving.close()

    def _share(self, box: Away) -> None:
        if (news := box.sightings.news()) is not None:
            box.cut()
            self.hub.sightings.take(box.row, news["epoch"], news["places"], news["uses"])
            box.cut()
            box.sightings.sent(news)
        box.cut()
        others = self.hub.sightings.after(box.row, box.sightings.epoch(), box.sightings.n)
        if others is not None:
            box.cut()
            box.sightings.apply(others)

    # ------------------------------------------------------------ what must hold

    def check(self, box: Away) -> None:
        there = {row.ref: row for row in box.store.people.find(limit=1000)}
        for ref, at in self.gone.items():
            assert box.n < at or ref not in there, "somebody deleted is back"
        for ref, at in self.barred.items():
            if box.n >= at and ref in there:
                row = there[ref]
                assert row.blocked or not row.active, "a block that arrived is gone"
                found = box.store.credentials.find("card", f"{self.number(ref):08d}")
                assert found is not None
                assert found.person.blocked or not found.person.active

    def number(self, ref: str) -> int:
        return next(person for person, each in self.refs.items() if each == ref)

    def same(self, box: Away) -> bool:
        hub = {(row.ref, row.name, row.blocked, row.active) for row in self.people(self.store)}
        return hub == {
            (row.ref, row.name, row.blocked, row.active) for row in self.people(box.store)
        }

    @staticmethod
    def people(store: Store) -> list[Any]:
        return list(store.people.find(limit=1000))


@contextmanager
def town(folder: Path, seed: int) -> Iterator[Town]:
    made = Town(folder, seed)
    try:
        yield made
    finally:
        made.close()


def cut_after(messages: int) -> Callable[[], None]:
    left = messages

    def cut() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise CutError

    return cut


def step(here: Town) -> None:
    chance, clerk = here.chance, here.chance.choice(("li", "wang"))
    box = chance.choice(here.boxes)
    kind = chance.choices(
        ("open", "send", "enrol", "delete", "use", "talk", "cut", "stop"), (5, 5, 1, 1, 2, 4, 5, 3)
    )[0]
    open_forms = [person for who, person in here.forms if who == clerk and person in here.said]
    if kind == "open":
        here.open_form(clerk, chance.choice(sorted(here.said)))
    elif kind == "send" and open_forms:
        here.send_form(clerk, chance.choice(sorted(open_forms)))
    elif kind == "enrol":
        here.enrol(f"new {chance.random():.6f}")
    elif kind == "delete" and len(here.said) > 2:
        here.delete(chance.choice(sorted(here.said)))
    elif kind == "use":
        here.use(box)
    elif kind in ("talk", "cut", "stop"):
        speak(here, box, kind)


def speak(here: Town, box: Away, kind: str) -> None:
    """``cut``: the link breaks after some messages; ``stop``: the box, after some transactions."""
    pause, left = box.applier._pause, here.chance.randrange(3)

    def stopped() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise StoreError("the box is being stopped", where=apply.STOPPED, hint="")

    box.cut = cut_after(here.chance.randrange(6)) if kind == "cut" else lambda: None
    if kind == "stop":
        box.applier._pause = stopped  # type: ignore[method-assign]
    try:
        here.talk(box)
    except CutError:
        pass
    except StoreError as error:
        if error.where != apply.STOPPED:
            raise
    finally:
        box.applier._pause = pause  # type: ignore[method-assign]
        box.cut = lambda: None


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_cut_off_no_block_no_deletion_and_no_edit_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(apply, "_PAUSE", 0.0)
    with town(tmp_path, seed) as here:
        for _ in range(STEPS):
            step(here)
            for box in here.boxes:
                here.check(box)
        total = sum(box.used for box in here.boxes)
        assert total <= ALLOWED * len(here.boxes)  # docs/many-gates.md, *Across gates*
        for _ in range(12):  # all links are whole again; each answer has at most 64 changes
            for box in here.boxes:
                here.talk(box)
        for box in here.boxes:
            here.check(box)
            assert here.same(box)
            assert box.n == here.store.changes.generation()
            permit = box.store.credentials.permit("aa" * 8)
            assert permit is not None
            assert permit.uses == total
            if total >= ALLOWED:
                assert not box.store.credentials.use_permit("aa" * 8)
        for person, says in here.said.items():
            row = here.store.people.get(person)
            assert {part: getattr(row, part) for part in FIELDS} == says
        missing = [each.missing for each in here.hub.receipts.state(1000)]
        assert not any(missing), missing
