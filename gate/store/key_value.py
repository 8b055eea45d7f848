"""Small named values kept between runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm.attributes import flag_modified

from gate.store.engine import Database
from gate.store.tables import KeyValueRow

JOINED = "hub.joined"  # kept by a box that is one of a hub; see gate.replica


class KeyValueStore:
    """JSON values by key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> dict[str, Any] | None:
        with self._database.read() as session:
            row = session.get(KeyValueRow, key)
            return row.value if row else None

    def set(self, key: str, value: dict[str, Any]) -> None:
        with self._database.write() as session:
            row = session.merge(KeyValueRow(key=key, value=value))
            flag_modified(row, "value")  # another order of keys is equal to Python

    def forget(self, key: str) -> None:
        """Take it out; no matter when it is not there."""
        with self._database.write() as session:
            session.execute(delete(KeyValueRow).where(KeyValueRow.key == key))
