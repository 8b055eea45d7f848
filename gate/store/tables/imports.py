"""Imports of many people: how far each has come, so that it can go on after anything."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from gate.store.tables.base import Base, now


class ImportRow(Base):
    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    # checked | running | stopped | done | undoing
    state: Mapped[str] = mapped_column(String(20), default="checked")
    total: Mapped[int] = mapped_column(default=0)
    by: Mapped[str] = mapped_column(String(80), default="")
    at: Mapped[datetime] = mapped_column(default=now)
    finished: Mapped[datetime | None] = mapped_column()


class ImportLineRow(Base):
    """One line that is done; written in the transaction that does it, so never twice."""

    __tablename__ = "import_lines"

    import_id: Mapped[int] = mapped_column(
        ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True
    )
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[int | None] = mapped_column()
    # enrolled | registered | updated | unchanged | failed | undone
    result: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(300), default="")
    # how the import left somebody it added (gate.importing.added); "": the person was there
    # before; None: written by a version that did not keep it
    added: Mapped[str | None] = mapped_column(String(64))
