"""One change to many people at once, and its undo.

A batch is one transaction: everybody or nobody, with one audit line each. What it changed can be
put back once, by the same account, within ``KEPT`` seconds and as long as nobody changed one of
these people meanwhile; a restart of the desk forgets it.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gate.store.changes import touch
from gate.store.engine import pieces
from gate.store.store import Store
from gate.store.tables import PersonRow
from gate.store.tables.base import now

KEPT = 600.0  # seconds an undo is kept
_MOST = 200  # undos kept at once; the oldest goes first
GROUPS_LENGTH = 200  # characters of all groups of one person, as the person's form allows

Values = dict[str, Any]
Change = Callable[[PersonRow], Values]


class Action(StrEnum):
    """What can be done to many people; in the audit as ``person.ACTION``."""

    EXTEND = "extend"
    GROUP = "group"
    BLOCK = "block"
    UNBLOCK = "unblock"


class UndoError(Exception):
    """Nothing was put back. ``changed``: somebody changed a person meanwhile; else too late."""

    def __init__(self, changed: bool) -> None:
        super().__init__("changed meanwhile" if changed else "too late")
        self.changed = changed


@dataclass(frozen=True, slots=True)
class Done:
    """A batch that was done and can still be undone."""

    token: str
    account: str
    action: Action
    at: float  # seconds of the monotonic clock
    before: dict[int, Values]  # the earlier values of what was changed
    updated: dict[int, datetime]  # PersonRow.updated as the batch left it
    left: int  # people it did not fit, left as they were


def extend(last_day: date) -> Change:
    """A later last day. Who has no end, a later one or moved out is left as they are: none of them
    is to lose days, and what is kept of somebody who moved out is not to be kept longer."""
    end = datetime.combine(last_day + timedelta(days=1), time()).astimezone()

    def change(row: PersonRow) -> Values:
        fits = row.active and row.valid_until is not None and row.valid_until < end
        return {"valid_until": end} if fits else {}

    return change


def add_to(groups: Collection[str]) -> Change:
    """Into groups; who is in them already, or in too many, is left."""

    def change(row: PersonRow) -> Values:
        both = sorted({*row.groups, *groups})
        if both == sorted(row.groups) or len(", ".join(both)) > GROUPS_LENGTH:
            return {}
        return {"groups": both}

    return change


def block(reason: str) -> Change:
    """Blocked for ``reason``; who is blocked already keeps the earlier reason."""
    return lambda row: {} if row.blocked else {"blocked": True, "blocked_reason": reason}


def unblock(row: PersonRow) -> Values:
    return {"blocked": False, "blocked_reason": ""} if row.blocked else {}


class Batches:
    """Does batches on a store and keeps what is needed to undo them. For all threads."""

    def __init__(self, store: Store, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._done: dict[str, Done] = {}

    def do(self, account: str, action: Action, people: Collection[int], change: Change) -> Done:
        """Change ``people`` (numbers; those no longer there count as left). Raises StoreError."""
        before: dict[int, Values] = {}
        updated: dict[int, datetime] = {}
        token = secrets.token_urlsafe(12)
        with self._store.database.write() as session:
            for row in _rows(session, people):
                values = change(row)
                if not values:
                    continue
                before[row.id] = {key: getattr(row, key) for key in values}
                # set here: what an UPDATE of many rows sets by itself is not read back
                updated[row.id] = row.updated = now()
                self._write(session, row, values, account, f"person.{action}", token)
            touch(session, *before)
        left = len(set(people)) - len(before)
        done = Done(token, account, action, self._monotonic(), before, updated, left)
        with self._lock:
            self._done[token] = done
            while len(self._done) > _MOST:
                del self._done[next(iter(self._done))]
        return done

    def find(self, token: str, account: str) -> Done | None:
        """A batch of this account that is not undone and not too old."""
        with self._lock:
            done = self._done.get(token)
        fits = done is not None and done.account == account
        return done if done and fits and self._monotonic() - done.at <= KEPT else None

    def undo(self, token: str, account: str) -> Done:
        """Put the earlier values back, of everybody or of nobody.

        Raises UndoError when it is too late or somebody changed a person meanwhile, StoreError.
        """
        done = self.find(token, account)
        with self._lock:  # of two clicks one gets it
            done = self._done.pop(token, None) if done else None
        if done is None:
            raise UndoError(changed=False)
        with self._store.database.write() as session:
            rows = _rows(session, done.before)
            if {row.id: row.updated for row in rows} != done.updated:
                raise UndoError(changed=True)
            for row in rows:
                self._write(session, row, done.before[row.id], account, "person.undo", token)
            touch(session, *done.before)
        return done

    def _write(
        self, session: Session, row: PersonRow, values: Values, who: str, what: str, token: str
    ) -> None:
        for key, value in values.items():
            setattr(row, key, value)
        self._store.audit.note_in(session, who, what, row.ref, batch=token[:6])


def _rows(session: Session, people: Collection[int]) -> list[PersonRow]:
    return [
        row
        for some in pieces(sorted(set(people)))
        for row in session.scalars(
            select(PersonRow).where(PersonRow.id.in_(some)).order_by(PersonRow.id)
        )
    ]
