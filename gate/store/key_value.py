"""Small named values kept between runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from gate.store.engine import Database
from gate.store.tables import KeyValueRow

JOINED = "hub.joined"  # kept by a box that is one of a hub; see gate.replica
AUTHORITY = "hub.authority"  # kept by a hub: what its boxes trust; see gate.hub


class KeyValueStore:
    """JSON values by key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> dict[str, Any] | None:
        with self._database.read() as session:
            row = session.get(KeyValueRow, key)
            return row.value if row else None

    def beginning(self, prefix: str) -> dict[str, dict[str, Any]]:
        """All values whose key begins so, by key."""
        with self._database.read() as session:
            return beginning_in(session, prefix)

    def set(self, key: str, value: dict[str, Any]) -> None:
        with self._database.write() as session:
            set_in(session, key, value)

    def forget(self, key: str) -> None:
        """Take it out; no matter when it is not there."""
        with self._database.write() as session:
            session.execute(delete(KeyValueRow).where(KeyValueRow.key == key))


def beginning_in(session: Session, prefix: str) -> dict[str, dict[str, Any]]:
    """All values whose key begins so, by key, in a transaction."""
    query = select(KeyValueRow).where(begins(prefix))
    return {row.key: row.value for row in session.scalars(query)}


def begins(prefix: str) -> ColumnElement[bool]:
    """The condition that a key begins so.

    No comparison of ``key`` with two bounds: in the collation of a PostgreSQL database ``;`` may
    come before ``:``.
    """
    return KeyValueRow.key.startswith(prefix, autoescape=True)


def set_in(session: Session, key: str, value: dict[str, Any]) -> None:
    """The same, in the transaction of what it is for."""
    row = session.merge(KeyValueRow(key=key, value=value))
    flag_modified(row, "value")  # another order of keys is equal to Python
