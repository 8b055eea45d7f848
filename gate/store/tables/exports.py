"""Whose record left the box, and to which platform."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from gate.store.tables.base import Base, now


class ExportedRow(Base):
    """A person a platform knows from us; gone once the platform has been asked to delete it."""

    __tablename__ = "exported"

    target: Mapped[str] = mapped_column(String(60), primary_key=True)  # gate:export
    # no foreign key: it outlives the person until the platform knows of the deletion
    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ref: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64))  # of the record as it was sent
    fields: Mapped[list[str]] = mapped_column(default=list)  # the personal ones in it
    at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
