"""Records as they travel: all of a person that a gate needs, and nothing else.

No telephone number and no note of the staff leaves the register they are in.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gate.fleet.scope import Scope
from gate.fleet.sealing import open_template, seal_template
from gate.services.gallery_sync import KIND
from gate.store.engine import pieces
from gate.store.places import with_place
from gate.store.store import Store
from gate.store.tables import (
    BuildingRow,
    CalibrationRow,
    ConsentRow,
    CredentialRow,
    HouseholdRow,
    PermitRow,
    PersonRow,
    TemplateRow,
    UnitRow,
)
from gate.store.vault import DestroyedError

PERSON = (
    *("ref", "number", "name", "kind", "birth_year", "birth_date", "locale", "active", "blocked"),
    *("blocked_reason", "valid_from", "valid_until", "groups", "extended_unlock", "face_alone"),
)
CREDENTIAL = ("kind", "label", "duress", "valid_from", "valid_until", "revoked", "revoked_reason")
PERMIT = (
    *("id", "issued_by", "valid_from", "valid_until", "gates", "uses_allowed", "uses"),
    *("revoked", "revoked_reason"),
)
CONSENT = ("purpose", "answer", "text_version", "language", "asked_by", "guardian", "at")
BLOCKED, ENDED = "blocked", "ended"  # of a person, in ``blocked_of``
_TIMES = ("valid_from", "valid_until", "revoked", "at")

Record = dict[str, Any]


class Records:
    """Reads within the session it is given; any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # every box of a community asks for the same templates within a second
        self._seal = lru_cache(4096)(self._sealed)

    def of(
        self, session: Session, people: Iterable[int], scope: Scope, epoch: int, key: bytes
    ) -> tuple[list[Record], list[str]]:
        """The records of those who belong on the box, and the pseudonyms of those who do not."""
        records: list[Record] = []
        outside: list[str] = []
        for some in pieces(people, 500):
            inside: dict[int, Record] = {}
            for row, place in self._people(session, some):
                if scope.holds(place[0] if place else "", row.groups):
                    inside[row.id] = {**_columns(row, (*PERSON, "updated")), "place": place}
                else:
                    outside.append(row.ref)
            self._fill(session, inside, epoch, key)
            records += inside.values()
        return records, outside

    def _people(
        self, session: Session, people: Sequence[int]
    ) -> list[tuple[PersonRow, list[Any] | None]]:
        query = (
            with_place(select(PersonRow, HouseholdRow, UnitRow.name, BuildingRow.name))
            .where(PersonRow.id.in_(people))
            .order_by(PersonRow.id)
        )
        return [
            (row, [building, unit, home.label, home.permits] if home is not None else None)
            for row, home, unit, building in session.execute(query)
        ]

    def _fill(self, session: Session, inside: dict[int, Record], epoch: int, key: bytes) -> None:
        found: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        people = list(inside)
        for card in session.scalars(_theirs(CredentialRow, people)):
            value = {**_columns(card, CREDENTIAL), "hash": base64_text(card.hash)}
            found[card.person_id]["credentials"].append(value)
        for permit in session.scalars(_theirs(PermitRow, people)):
            found[permit.person_id]["permits"].append(_columns(permit, PERMIT))
        newest: dict[tuple[int, str], ConsentRow] = {}
        for consent in session.scalars(_theirs(ConsentRow, people)):
            newest[consent.person_id, consent.purpose] = consent
        for (person, _), consent in sorted(newest.items()):
            found[person]["consents"].append(_columns(consent, CONSENT))
        for row in session.scalars(_theirs(TemplateRow, people)):
            ref = inside[row.person_id]["ref"]
            try:
                sealed = self._seal(row.id, row.vector, row.person_id, row.encoder, ref, epoch, key)
            except DestroyedError:  # a register put back from a backup
                continue
            found[row.person_id]["templates"].append(
                {
                    "id": f"{row.id} {row.created.isoformat()}",
                    "encoder": row.encoder,
                    "quality": row.quality,
                    "label": row.label,
                    "epoch": epoch,
                    "sealed": sealed,
                }
            )
        for person, record in inside.items():
            for part in ("credentials", "permits", "consents", "templates"):
                record[part] = found[person][part]

    def _sealed(
        self, row: int, vector: bytes, person: int, encoder: str, ref: str, epoch: int, key: bytes
    ) -> str:
        plain = self._store.vault.unseal(vector, person, encoder)
        return base64_text(seal_template(plain, key, epoch, ref, encoder))

    def rules(self) -> Record:
        """Schedules, holidays and who may pass, whole."""
        book = self._store.rulebook
        return {
            "schedules": book.schedules(),
            "holidays": [[f"{row.day}", row.counts_as, row.name] for row in book.holidays()],
            "allows": book.allows(),
        }

    def calibrations(self, session: Session, gate: str) -> list[Record]:
        """Those in use, of each encoder the gate's own where the worker has made one."""
        rows = session.scalars(
            select(CalibrationRow)
            .where(CalibrationRow.active, CalibrationRow.kind.in_([KIND, f"{KIND}:{gate}"]))
            .order_by(CalibrationRow.kind)
        )
        best = {row.encoder: row for row in rows}  # "site:north" sorts after "site"
        return [
            {
                "encoder": row.encoder,
                "version": row.version,
                "body": base64_text(row.body),
                "figures": row.figures,
            }
            for row in best.values()
        ]


def blocked_of(record: Record) -> list[str]:
    """The revoked cards, PINs and permits of a record, each as one text: kind, digest (base64) or
    number, and since when. For somebody who is blocked or has moved out: ``person``, which of the
    two, and when the register last changed anything about them."""
    cards = [(c["kind"], c["hash"], c["revoked"]) for c in record["credentials"]]
    permits = [("permit", permit["id"], permit["revoked"]) for permit in record["permits"]]
    found = [f"{kind} {name} {since}" for kind, name, since in [*cards, *permits] if since]
    states = ((BLOCKED, record["blocked"]), (ENDED, not record["active"]))
    return found + [f"person {state} {record['updated']}" for state, out in states if out]


def values(record: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Columns from JSON values: times and days are read again. Raises KeyError, ValueError."""
    found: dict[str, Any] = {}
    for name in names:
        value = record[name]
        if value is not None and name in _TIMES:
            value = datetime.fromisoformat(value)
        elif value is not None and name == "birth_date":
            value = date.fromisoformat(value)
        found[name] = value
    return found


def template_row(
    store: Store, person: PersonRow, ref: str, face: Mapping[str, Any], epoch: int, key: bytes
) -> TemplateRow:
    """A row of ``template_values``; raises as that does."""
    return TemplateRow(**template_values(store, person.id, ref, face, epoch, key))


def template_values(
    store: Store, person: int, ref: str, face: Mapping[str, Any], epoch: int, key: bytes
) -> dict[str, Any]:
    """Columns of a template that arrived, sealed for this register. ``ref``: whose it was when it
    was sent.

    Raises StoreError when it cannot be opened, KeyError and ValueError for what is none.
    """
    encoder = face["encoder"]
    vector = open_template(base64.b64decode(face["sealed"]), key, epoch, ref, encoder)
    return {
        "person_id": person,
        "encoder": encoder,
        "vector": store.vault.seal(vector, person, encoder),
        "quality": face["quality"],
        "label": face["label"],
    }


def base64_text(raw: bytes) -> str:
    """Base64, as everything binary travels."""
    return base64.b64encode(raw).decode()


def _theirs(table: Any, people: Sequence[int]) -> Any:
    key = table.id if table is not PermitRow else table.created
    return select(table).where(table.person_id.in_(people)).order_by(key)


def _columns(row: Any, names: Iterable[str]) -> Record:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value  # a datetime is one too
