"""The audit: who did or looked at what, each line chained to the one before by a keyed hash."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gate.store.engine import Database
from gate.store.tables import AuditRow
from gate.store.tables.base import now
from gate.store.vault import Vault

_START = bytes(32)


class Audit:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def note(self, actor: str, action: str, subject: str = "", **details: Any) -> AuditRow:
        """Add a line. ``subject`` is a pseudonym or an id, ``details`` are JSON values."""
        with self._database.write() as session:
            return self.note_in(session, actor, action, subject, **details)

    def note_in(
        self, session: Session, actor: str, action: str, subject: str = "", **details: Any
    ) -> AuditRow:
        """The same, in the transaction of what it is about."""
        last = session.scalar(select(AuditRow).order_by(AuditRow.id.desc()).limit(1))
        row = AuditRow(
            id=last.id + 1 if last else 1,
            at=now(),
            actor=actor,
            action=action,
            subject=subject,
            details=details,
            previous=last.hash if last else _START,
        )
        row.hash = self._vault.chain(row.previous, _line(row))
        session.add(row)
        session.flush()
        return row

    def verify(self) -> list[str]:
        """What is wrong with the chain, one sentence each; empty when it is whole.

        A chain that was shortened by the retention period begins later: that is no fault. Lines
        cut off at the end show by comparison with ``head`` kept elsewhere.
        """
        faults = []
        before: AuditRow | None = None
        with self._database.read() as session:
            for row in session.scalars(select(AuditRow).order_by(AuditRow.id)):
                if before is not None and row.id != before.id + 1:
                    faults.append(f"lines {before.id + 1} to {row.id - 1} were removed")
                elif before is not None and row.previous != before.hash:
                    faults.append(f"line {row.id} does not follow line {before.id}")
                if row.hash != self._vault.chain(row.previous, _line(row)):
                    faults.append(f"line {row.id} was altered")
                before = row
        return faults

    def head(self) -> tuple[int, str]:
        """Number and hash of the last line."""
        with self._database.read() as session:
            last = session.scalar(select(AuditRow).order_by(AuditRow.id.desc()).limit(1))
            return (last.id, last.hash.hex()) if last else (0, _START.hex())

    def lines(
        self, limit: int = 100, before: int | None = None, since: datetime | None = None
    ) -> list[AuditRow]:
        """The newest lines first."""
        query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
        if before is not None:
            query = query.where(AuditRow.id < before)
        if since is not None:
            query = query.where(AuditRow.at >= since)
        with self._database.read() as session:
            return list(session.scalars(query))


def _line(row: AuditRow) -> bytes:
    values = [row.id, row.at.isoformat(), row.actor, row.action, row.subject, row.details]
    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
