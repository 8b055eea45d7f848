"""The audit: who did or looked at what, each line chained to the one before by a keyed hash."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gate.store.engine import Database
from gate.store.heads import Head, at_commit, raise_head
from gate.store.tables import AuditRow, EventRow, KeyValueRow
from gate.store.tables.base import now
from gate.store.vault import Vault

_START = bytes(32)
HEAD = "audit.head"  # the key of the sealed head, and the type of the events that report it


class Audit:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def note(self, actor: str, action: str, subject: str = "", **details: Any) -> AuditRow:
        """Add a line. ``subject`` is a pseudonym or an id, ``details`` are JSON values."""
        with self._database.write() as session:
            return self.note_in(session, actor, action, subject, **details)

    def note_urgently(self, actor: str, action: str, subject: str = "", **details: Any) -> AuditRow:
        """The same on a full disk: see ``Database.write``."""
        with self._database.write(urgent=True) as session:
            return self.note_in(session, actor, action, subject, **details)

    def note_in(
        self, session: Session, actor: str, action: str, subject: str = "", **details: Any
    ) -> AuditRow:
        """The same, in the transaction of what it is about; numbered when it commits."""
        row = AuditRow(at=now(), actor=actor, action=action, subject=subject, details=details)
        at_commit(session, Head.AUDIT, lambda session: self._link(session, row))
        return row

    def _link(self, session: Session, row: AuditRow) -> None:
        """Number and chain a line; the head keeps every other writer out until the commit."""
        raise_head(session, Head.AUDIT)
        last = session.scalar(select(AuditRow).order_by(AuditRow.id.desc()).limit(1))
        row.id = last.id + 1 if last else 1
        row.previous = last.hash if last else _START
        row.hash = self._vault.chain(row.previous, _line(row))
        session.add(row)
        session.merge(KeyValueRow(key=HEAD, value=self._sealed(row.id, row.hash.hex())))
        session.flush()

    def verify(self) -> list[str]:
        """What is wrong with the chain, one sentence each; empty when it is whole.

        The chain begins with line 1: no line is ever deleted, whatever the retention period. Its
        end is known from the sealed head beside it and from the events ``audit.head``, which
        receivers hold as well.
        """
        faults = []
        last, link = 0, _START
        with self._database.read() as session:
            heads = _reported(session)
            sealed = session.get(KeyValueRow, HEAD)
            for row in session.scalars(select(AuditRow).order_by(AuditRow.id)):
                if row.id != last + 1:
                    faults.append(f"lines {last + 1} to {row.id - 1} were removed")
                elif row.previous != link:
                    faults.append(f"line {row.id} does not follow line {last}")
                if row.hash != self._vault.chain(row.previous, _line(row)):
                    faults.append(f"line {row.id} was altered")
                if heads.get(row.id, row.hash.hex()) != row.hash.hex():
                    faults.append(f"line {row.id} is not the one an event reported")
                last, link = row.id, row.hash
        end = max(heads, default=0)
        if sealed is None:
            faults += ["the sealed head is gone"] if last else []
        elif sealed.value != self._sealed(sealed.value.get("line"), sealed.value.get("hash")):
            faults.append("the sealed head was altered")
        else:
            end = max(end, int(sealed.value["line"]))
        if end > last:
            faults.append(f"lines {last + 1} to {end} were removed")
        return faults

    def seal(self) -> None:
        """Once for a chain begun before heads were kept."""
        with self._database.read() as session:
            if session.get(KeyValueRow, HEAD) is not None or session.get(AuditRow, 1) is None:
                return
        with self._database.write() as session:
            last = session.scalar(select(AuditRow).order_by(AuditRow.id.desc()).limit(1))
            if last is not None and session.get(KeyValueRow, HEAD) is None:
                session.add(KeyValueRow(key=HEAD, value=self._sealed(last.id, last.hash.hex())))

    def _sealed(self, line: object, hash: object) -> dict[str, Any]:
        seal = self._vault.chain(b"head", f"{line}:{hash}".encode())
        return {"line": line, "hash": hash, "seal": seal.hex()}

    def holds(self, action: str, subject: str, **details: str) -> bool:
        """Whether there is a line of this action and subject with these details."""
        query = select(AuditRow.id).where(AuditRow.action == action, AuditRow.subject == subject)
        for name, value in details.items():
            query = query.where(AuditRow.details[name].as_string() == value)
        with self._database.read() as session:
            return session.scalar(query.limit(1)) is not None

    def head(self) -> tuple[int, str]:
        """Number and hash of the last line."""
        with self._database.read() as session:
            last = session.scalar(select(AuditRow).order_by(AuditRow.id.desc()).limit(1))
            return (last.id, last.hash.hex()) if last else (0, _START.hex())

    def lines(
        self,
        limit: int = 100,
        before: int | None = None,
        since: datetime | None = None,
        action: str = "",
    ) -> list[AuditRow]:
        """The newest lines first."""
        query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
        if action:
            query = query.where(AuditRow.action == action)
        if before is not None:
            query = query.where(AuditRow.id < before)
        if since is not None:
            query = query.where(AuditRow.at >= since)
        with self._database.read() as session:
            return list(session.scalars(query))


def _reported(session: Session) -> dict[int, str]:
    """Line → hash as the events ``audit.head`` have them."""
    query = select(EventRow.body["details"]).where(EventRow.type == HEAD)
    found: dict[int, str] = {}
    for details in session.scalars(query):
        if isinstance(details, dict) and isinstance(details.get("line"), int):
            found[details["line"]] = str(details.get("hash"))
    return found


def _line(row: AuditRow) -> bytes:
    values = [row.id, row.at.isoformat(), row.actor, row.action, row.subject, row.details]
    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
