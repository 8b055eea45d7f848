"""Applies what the hub sends to the box's own register: whole records, as often as they come."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from gate.errors import StoreError
from gate.fleet.records import PERSON, template_row, values
from gate.fleet.sealing import unwrap
from gate.fleet.signing import erasure_is_signed
from gate.replica import blocked
from gate.replica.configuration import keep_wish
from gate.replica.identity import Identity
from gate.replica.newcomers import BLOCKED, FACES, Change, Record, add, unknown
from gate.services.gallery_sync import KIND
from gate.store.changes import RULES, touch
from gate.store.database_errors import ConflictError
from gate.store.engine import pieces
from gate.store.store import Store
from gate.store.tables import (
    ConsentRow,
    CredentialRow,
    ErasureRow,
    HolidayRow,
    KeyValueRow,
    PermitRow,
    PersonRow,
    ReplicaRow,
    RuleRow,
    ScheduleRow,
    TemplateRow,
)

CURSOR, PENDING = "hub.cursor", "hub.receipts"
STOPPED = "changes of the hub"  # where, of the error of what was only put off
_READ, _WRITTEN = 100, 8  # people compared at once, and written in one transaction
_NEW = 50  # people who are new here, written in one transaction
_PAUSE = 0.02  # seconds between two: events, orders and claims are written in between


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the box has applied the feed. ``scope`` is that of its gate, as it has it."""

    n: int
    mark: str
    scope: int


class Applier:
    """One thread at a time. Raises StoreError; what was applied before stays, and may come again.

    Every transaction is small: the gate writes its events in between.
    """

    def __init__(self, store: Store, identity: Identity) -> None:
        self._store = store
        self._identity = identity
        self._keys: dict[int, bytes] = {}  # of the community, by epoch: in memory only
        self._stopping = threading.Event()

    def stop(self) -> None:
        """By any thread: whatever is being applied ends after the transaction it is in."""
        self._stopping.set()

    @property
    def cursor(self) -> Cursor | None:
        """None: everything has to be loaded."""
        kept = self._store.key_values.get(CURSOR)
        return Cursor(kept["n"], kept["mark"], kept["scope"]) if kept else None

    def move(self, cursor: Cursor | None) -> None:
        if cursor is None:
            self._store.key_values.forget(CURSOR)
        else:
            value = {"n": cursor.n, "mark": cursor.mark, "scope": cursor.scope}
            self._store.key_values.set(CURSOR, value)

    def answer(self, answer: Mapping[str, Any], scope: int) -> None:
        """One answer of the feed; the cursor moves last, so what is cut short comes once more."""
        if answer.get("records"):
            self.take_keys(answer["keys"])
        self.gone(answer.get("gone", ()))
        self.records(answer.get("records", ()))
        if "rules" in answer:
            self.rules(answer["rules"])
        if "calibrations" in answer:
            self.calibrations(answer["calibrations"])
        if "configuration" in answer:
            self.configuration(answer["configuration"])
        self.move(Cursor(answer["n"], answer["mark"], scope))

    def take_keys(self, *given: Mapping[str, Any]) -> None:
        """Open what is wrapped for this box; keys of before are forgotten."""
        sealing = self._identity.sealing
        opened: dict[int, bytes] = {}
        for keys in given:
            epoch = int(keys["epoch"])
            if (known := opened.get(epoch) or self._keys.get(epoch)) is None:
                known = unwrap(base64.b64decode(keys["template"]), sealing, f"template {epoch}")
            opened[epoch] = known
            self._store.card_keys.adopt(
                unwrap(base64.b64decode(each), sealing, "card") for each in keys["cards"]
            )
        self._keys = opened

    def records(self, records: Iterable[Record]) -> int:
        """Add and change people; what is as it was before is left alone. How many changed."""
        changed = 0
        for some in pieces(records, _READ):
            new, others = self._fresh(some)
            for fresh in pieces(new, _NEW):
                with self._store.database.write() as session:
                    add(self._store, session, fresh, self._keys)
                    blocked.note(session, [change.record for change in fresh])
                self._pause()
            for fresh in pieces(others, _WRITTEN):
                with self._store.database.write() as session:
                    for change in fresh:
                        self._person(session, change)
                self._pause()
            changed += len(new) + len(others)
        return changed

    def _fresh(self, records: Sequence[Record]) -> tuple[list[Change], list[Change]]:
        """Those who are new here, and others that differ from what was applied last; found out
        before anything is locked."""
        found = {record["ref"]: _change(record) for record in records}
        keys = [key for ref in found for key in (ref, ref + FACES)]
        with self._store.database.read() as session:
            rows = session.scalars(select(ReplicaRow).where(ReplicaRow.ref.in_(keys)))
            known = {row.ref: row.digest for row in rows}
            new = unknown(session, list(found.values()))
        return [change for change in found.values() if change.ref in new], [
            change
            for change in found.values()
            if change.ref not in new
            and (
                known.get(change.ref) != change.plain
                or known.get(change.ref + FACES) != change.faces
            )
        ]

    def gone(self, items: Sequence[Mapping[str, str]]) -> None:
        """Delete people. Whoever was erased gets a receipt once nothing is left (``pending``)."""
        there, items = self._to_go(items)
        for some in pieces(items, _WRITTEN):
            with self._store.database.write() as session:
                pending = _pending(session)
                for item in some:
                    self._gone(session, item["ref"], item.get("proof", ""))
                    if "proof" in item:
                        pending.append(item["ref"])
                session.merge(KeyValueRow(key=PENDING, value={"refs": sorted(set(pending))}))
            self._pause()
        if there:
            self._store.database.wipe()

    def _to_go(self, items: Sequence[Mapping[str, str]]) -> tuple[bool, list[Mapping[str, str]]]:
        """Whether anything of anybody is here, and whom something is to be done about: of a
        district's changes nearly all are of people who were never on this box."""
        found: list[Mapping[str, str]] = []
        there = False
        for some in pieces(items):
            refs = [item["ref"] for item in some]
            keys = [key for ref in refs for key in (ref, ref + FACES)]
            with self._store.database.read() as session:
                here = set(session.scalars(select(PersonRow.ref).where(PersonRow.ref.in_(refs))))
                noted = session.scalars(select(ReplicaRow.ref).where(ReplicaRow.ref.in_(keys)))
                here |= {key.removesuffix(FACES) for key in noted}
            there |= bool(here)
            found += [item for item in some if item["ref"] in here or "proof" in item]
        return there, found

    def _pause(self) -> None:
        if self._stopping.wait(_PAUSE):
            raise StoreError(
                "the box is being stopped",
                where=STOPPED,
                hint="nothing: what is missing comes again at the next start",
            )

    def pending(self) -> list[str]:
        """Erased people for whom the hub has no receipt yet."""
        with self._store.database.read() as session:
            return _pending(session)

    def confirmed(self, refs: Iterable[str]) -> None:
        """The hub has their receipts."""
        done = set(refs)
        with self._store.database.write() as session:
            rest = [ref for ref in _pending(session) if ref not in done]
            session.merge(KeyValueRow(key=PENDING, value={"refs": rest}))

    def proofs(self) -> dict[str, str]:
        """Everybody the hub has ever had erased here, with its own signature; not those of a hub
        this box belonged to before, which this one would refuse."""
        with self._store.database.read() as session:
            rows = session.scalars(select(ErasureRow).where(ErasureRow.proof != "")).all()
        public = self._identity.orders
        return {row.ref: row.proof for row in rows if erasure_is_signed(public, row.ref, row.proof)}

    def blocked(self) -> dict[str, Mapping[str, str]]:
        """The same of cards and permits it has blocked, by whose they are."""
        with self._store.database.read() as session:
            return blocked.noted(session, self._identity.orders)

    def keep_only(self, refs: set[str]) -> int:
        """Everybody else leaves this box: they are not in the snapshot. How many."""
        with self._store.database.read() as session:
            there = session.scalars(select(PersonRow.ref)).all()
        others = [{"ref": ref} for ref in there if ref not in refs]
        self.gone(others)
        return len(others)

    def forget_faces(self) -> int:
        """The lease is over: no template is left, and all are asked for again. How many went."""
        with self._store.database.write() as session:
            people = session.scalars(select(TemplateRow.person_id).distinct()).all()
            session.execute(delete(TemplateRow))
            session.execute(delete(ReplicaRow).where(ReplicaRow.ref.like(f"%{FACES}")))
            session.execute(delete(KeyValueRow).where(KeyValueRow.key == CURSOR))
            touch(session, *people)
        self._keys.clear()
        self._store.database.wipe()
        return len(people)

    def forget_everything(self) -> None:
        """The hub has shut this box out: nobody's data stays on it. What was being applied has been
        stopped, and has ended."""
        self._stopping.clear()
        self.keep_only(set())
        self.forget_faces()

    def rules(self, rules: Record) -> None:
        """Put schedules, days and rules in the place of those that are there."""
        with self._store.database.write() as session:
            for table in (ScheduleRow, HolidayRow, RuleRow):
                session.execute(delete(table))
            for name, text in rules["schedules"].items():
                session.add(ScheduleRow(name=name, text=text))
            for day, counts_as, name in rules["holidays"]:
                session.add(HolidayRow(day=date.fromisoformat(day), counts_as=counts_as, name=name))
            for name, body in rules["allows"].items():
                session.add(RuleRow(name=name, body=body))
            touch(session, RULES)

    def configuration(self, values: Record) -> None:
        """Keep what the hub wants set; ``gate.replica.configuration`` acts on it."""
        keep_wish(self._store.key_values, values)

    def calibrations(self, rows: Iterable[Record]) -> None:
        """Use what the hub has learnt."""
        for row in rows:
            used = self._store.calibrations.active(KIND, row["encoder"])
            if used is not None and used.version == row["version"]:
                continue
            if self._store.calibrations.activate(KIND, row["encoder"], row["version"]):
                continue
            body = base64.b64decode(row["body"])
            try:
                self._store.calibrations.add(
                    KIND, row["encoder"], row["version"], body, dict(row["figures"])
                )
            except ConflictError:  # the gate learnt the very same in this moment
                continue

    def _person(self, session: Session, change: Change) -> None:
        record, ref = change.record, change.ref
        row = session.scalar(select(PersonRow).where(PersonRow.ref == ref))
        new = row is None
        if row is None:
            row = PersonRow(ref=ref, name=record["name"])
            session.add(row)
            session.flush()
        if _note(session, ref, change.plain) or new:
            self._plain(session, row, record)
        if _note(session, ref + FACES, change.faces) or new:
            self._faces(session, row, record["templates"])
        touch(session, row.id)

    def _plain(self, session: Session, row: PersonRow, record: Record) -> None:
        if record["number"]:  # it may have been somebody else's until now
            session.execute(
                update(PersonRow)
                .where(PersonRow.number == record["number"], PersonRow.id != row.id)
                .values(number=None)
            )
        for name, value in values(record, PERSON).items():
            setattr(row, name, value)
        row.household_id = None
        if record["place"]:
            building, unit, label, permits = record["place"]
            home = self._store.places.household_in(session, building, unit, label)
            home.permits, row.household_id = permits, home.id
        session.execute(delete(CredentialRow).where(CredentialRow.person_id == row.id))
        for card in record["credentials"]:
            digest = base64.b64decode(card["hash"])
            # one that was given to somebody else meanwhile is theirs
            session.execute(
                delete(CredentialRow).where(
                    CredentialRow.kind == card["kind"], CredentialRow.hash == digest
                )
            )
            names = [name for name in card if name != "hash"]
            session.add(CredentialRow(person_id=row.id, hash=digest, **values(card, names)))
            session.flush()
        self._permits(session, row, record["permits"])
        blocked.note(session, [record])
        session.execute(delete(ConsentRow).where(ConsentRow.person_id == row.id))
        for consent in record["consents"]:
            session.add(ConsentRow(person_id=row.id, **values(consent, consent)))

    def _permits(self, session: Session, row: PersonRow, permits: Sequence[Record]) -> None:
        there = {
            permit.id: permit
            for permit in session.scalars(select(PermitRow).where(PermitRow.person_id == row.id))
        }
        for record in permits:
            permit = there.pop(record["id"], None)
            uses = max(record["uses"], permit.uses if permit else 0)
            fields = {**values(record, record), "uses": uses}
            session.merge(PermitRow(person_id=row.id, household_id=row.household_id, **fields))
        for permit in there.values():
            session.delete(permit)

    def _faces(self, session: Session, row: PersonRow, faces: Sequence[Record]) -> None:
        session.execute(delete(TemplateRow).where(TemplateRow.person_id == row.id))
        for face in faces:
            epoch = int(face["epoch"])
            key = self._keys.get(epoch, b"\0" * 32)  # one that opens nothing
            session.add(template_row(self._store, row, row.ref, face, epoch, key))

    def _gone(self, session: Session, ref: str, proof: str) -> None:
        row = session.scalar(select(PersonRow).where(PersonRow.ref == ref))
        number = row.id if row else 0
        if row is not None:
            self._store.people.delete_in(session, row.id, erased=False)
        kept = [ref, ref + FACES, ref + BLOCKED]
        session.execute(delete(ReplicaRow).where(ReplicaRow.ref.in_(kept)))
        if proof:
            session.merge(ErasureRow(ref=ref, person_id=number, proof=proof))


def _change(record: Record) -> Change:
    plain = {name: value for name, value in record.items() if name != "templates"}
    faces = [
        {name: value for name, value in face.items() if name not in ("sealed", "epoch")}
        for face in record["templates"]
    ]
    return Change(record["ref"], record, _digest(plain), _digest(faces))


def _digest(value: Any) -> bytes:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()


def _note(session: Session, key: str, digest: bytes) -> bool:
    """Whether it differs from what was applied last; it is the last from now on."""
    known = session.get(ReplicaRow, key)
    if known is not None and known.digest == digest:
        return False
    session.merge(ReplicaRow(ref=key, digest=digest))
    return True


def _pending(session: Session) -> list[str]:
    row = session.get(KeyValueRow, PENDING)
    return list(row.value["refs"]) if row else []
