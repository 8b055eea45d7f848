"""Keys that may command a gate, and the last counter each gate took from each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gate.errors import StoreError
from gate.store.engine import Database
from gate.store.tables import CommandCounterRow, CommandKeyRow
from gate.store.tables.base import now

Note = Callable[[Session, CommandKeyRow], object]  # what else belongs to the same transaction


def _nothing(session: Session, row: CommandKeyRow) -> None:
    pass


class CommandKeys:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, id: str, name: str, public: bytes, commands: Sequence[str], note: Note = _nothing
    ) -> CommandKeyRow:
        """A key that may give ``commands``. Raises StoreError when name or key is there already."""
        with self._database.write() as session:
            row = CommandKeyRow(id=id, name=name, public=public, commands=list(commands))
            session.add(row)
            session.flush()
            note(session, row)
            return row

    def list(self) -> list[CommandKeyRow]:
        with self._database.read() as session:
            return [*session.scalars(select(CommandKeyRow).order_by(CommandKeyRow.name))]

    def revoke(self, name: str, note: Note = _nothing) -> CommandKeyRow:
        """From now on the key opens nothing. Raises StoreError when there is none of that name."""
        with self._database.write() as session:
            row = self._named(session, name)
            row.revoked = row.revoked or now()
            note(session, row)
            return row

    def _named(self, session: Session, name: str) -> CommandKeyRow:
        row = session.scalar(
            select(CommandKeyRow).where((CommandKeyRow.name == name) | (CommandKeyRow.id == name))
        )
        if row is None:
            raise StoreError(
                f"there is no key {name}",
                where=self._database.where,
                hint="`gate keys list` shows them",
            )
        return row

    def counters(self, gate: str) -> dict[str, int]:
        """The last counter the gate took from each key."""
        with self._database.read() as session:
            rows = session.scalars(select(CommandCounterRow).where(CommandCounterRow.gate == gate))
            return {row.key: row.counter for row in rows}

    def reset(self, gate: str, name: str, note: Note = _nothing) -> CommandKeyRow:
        """Forget the counter a gate took from a key, by the key's name or id.

        For a sender that lost its count. Raises StoreError when there is none of that name.
        """
        with self._database.write() as session:
            row = self._named(session, name)
            session.execute(
                delete(CommandCounterRow).where(
                    CommandCounterRow.gate == gate, CommandCounterRow.key == row.id
                )
            )
            note(session, row)
            return row

    @staticmethod
    def count_in(session: Session, gate: str, key: str, counter: int) -> None:
        """Remember the counter, in the transaction that audits the command."""
        session.merge(CommandCounterRow(gate=gate, key=key, counter=counter))
