"""A key for each person, kept apart from the register: destroyed with the person.

A database server keeps deleted rows in its heap and log, and backups keep them for months. So
templates are sealed with a key of their person as well, and these keys lie in a database of their
own, which the register's backups do not hold. Once the key is gone no copy of the register shows
the template to anybody, not even with the key file. Who was deleted stays noted beside the keys, by
pseudonym: a register that was put back from a backup finds out and deletes again.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import LargeBinary, String, delete, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gate.errors import StoreError
from gate.store.database_errors import ConflictError
from gate.store.engine import Database, pieces
from gate.store.tables.base import UtcDateTime, now

_LOOK = 10.0  # seconds after which a key that another program destroyed is forgotten in memory
_FACE = "face:"  # of the note of a key whose person stays
_OVERLAP = timedelta(minutes=5)  # clocks of two programs may differ


class Base(DeclarativeBase):
    """Not of the register's schema: a database of its own."""


class PersonKeyRow(Base):
    __tablename__ = "person_keys"

    person: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[bytes] = mapped_column(LargeBinary(32))


class DestroyedRow(Base):
    __tablename__ = "destroyed"

    ref: Mapped[str] = mapped_column(String(40), primary_key=True)
    person: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)


class PersonKeys:
    """Any thread, several programs; raises StoreError."""

    def __init__(self, url: str, busy_timeout: float = 5.0) -> None:
        self._database = Database(url, busy_timeout)
        with self._database.connect() as connection:
            Base.metadata.create_all(connection)
            connection.commit()
        self._lock = threading.Lock()
        self._kept: dict[int, bytes] = {}
        self._looked = time.monotonic()

    def close(self) -> None:
        self._database.close()

    @property
    def where(self) -> str:
        return self._database.where

    def of(self, person: int) -> bytes | None:
        """The key (32 bytes) of a person; None where it was destroyed, or never made."""
        with self._lock:
            self._forget_destroyed()
            if person in self._kept:
                return self._kept[person]
        with self._database.read() as session:
            key = session.scalar(select(PersonKeyRow.key).where(PersonKeyRow.person == person))
        if key is not None:
            with self._lock:
                self._kept[person] = key
        return key

    def read_all(self) -> None:
        """Have every key at hand, for whoever opens the templates of everybody."""
        with self._database.read() as session:
            rows = session.execute(select(PersonKeyRow.person, PersonKeyRow.key)).all()
        with self._lock:
            self._kept = {row[0]: row[1] for row in rows}

    def make(self, person: int) -> bytes:
        """The person's key, made where there is none yet. It is on the disk when this returns."""
        while True:
            if (key := self.of(person)) is not None:
                return key
            try:
                with self._database.write() as session:
                    session.add(PersonKeyRow(person=person, key=secrets.token_bytes(32)))
            except ConflictError:  # another program made it in this moment
                continue

    def destroy(self, people: Mapping[str, int], forget: Collection[int] = ()) -> bool:
        """Destroy the keys of people by pseudonym, and of ``forget``, who stay without a face.

        Whether the keys are gone from the files too; False when a reader was in the way.
        """
        gone = {*people.values(), *forget}
        with self._database.write() as session:
            for some in pieces(gone, 500):
                session.execute(delete(PersonKeyRow).where(PersonKeyRow.person.in_(some)))
            for ref, person in people.items():
                session.merge(DestroyedRow(ref=ref, person=person))
            session.add_all(
                DestroyedRow(ref=_FACE + secrets.token_hex(16), person=person) for person in forget
            )
        with self._lock:
            for person in gone:
                self._kept.pop(person, None)
        return self._database.wipe()

    def destroyed(self) -> dict[str, int]:
        """Who was deleted: pseudonym → number."""
        query = select(DestroyedRow.ref, DestroyedRow.person).where(
            DestroyedRow.ref.not_like(f"{_FACE}%")
        )
        with self._database.read() as session:
            return {row[0]: row[1] for row in session.execute(query)}

    def count(self) -> int:
        """How many keys were destroyed; only grows."""
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(DestroyedRow)) or 0

    def copy(self, target: Path) -> None:
        """Put a copy in the place of the last one: older copies would keep the keys of people who
        were deleted since. Raises StoreError; SQLite only."""
        part = target.with_name(f".{target.name}.part")
        try:
            part.unlink(missing_ok=True)
            self._database.backup(part)
            part.replace(target)
        except OSError as error:
            raise StoreError(
                f"the copy of the keys cannot be written: {error.strerror}",
                where=str(target),
                hint="check owner and room of the folder",
            ) from error

    def _forget_destroyed(self) -> None:
        if time.monotonic() - self._looked < _LOOK:
            return
        self._looked = time.monotonic()
        query = select(DestroyedRow.person).where(DestroyedRow.at > now() - _OVERLAP)
        with self._database.read() as session:
            for person in session.scalars(query):
                self._kept.pop(person, None)
