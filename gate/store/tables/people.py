"""People, and what they agreed to."""

from __future__ import annotations

from datetime import date, datetime
from uuid import uuid4

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gate.store.tables.base import Base, now


class PersonRow(Base):
    __tablename__ = "people"
    __table_args__ = (
        Index(None, "household_id"),
        Index(None, "name"),
        # a number once given is never given again: old events must not point at somebody else
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # the pseudonym: all that leaves the box
    ref: Mapped[str] = mapped_column(String(32), unique=True, default=lambda: uuid4().hex)
    # the community's own number of the person; imports find a person again by it
    number: Mapped[str | None] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20), default="resident")
    household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"))
    birth_year: Mapped[int | None] = mapped_column()
    birth_date: Mapped[date | None] = mapped_column()
    phone: Mapped[str] = mapped_column(String(40), default="")
    note: Mapped[str] = mapped_column(String(500), default="")
    locale: Mapped[str] = mapped_column(String(10), default="zh")
    active: Mapped[bool] = mapped_column(default=True)
    blocked: Mapped[bool] = mapped_column(default=False)
    blocked_reason: Mapped[str] = mapped_column(String(200), default="")
    valid_from: Mapped[datetime | None] = mapped_column()
    valid_until: Mapped[datetime | None] = mapped_column()
    groups: Mapped[list[str]] = mapped_column(default=list)
    extended_unlock: Mapped[bool] = mapped_column(default=False)
    face_alone: Mapped[bool] = mapped_column(default=True)
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class ConsentRow(Base):
    """One answer to one question; the newest of a person and purpose counts."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(20), default="face")  # enroll.consent
    answer: Mapped[str] = mapped_column(String(20))  # agreed | refused | withdrawn
    text_version: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(10), default="zh")
    asked_by: Mapped[str] = mapped_column(String(80), default="")
    guardian: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime] = mapped_column(default=now)


class ChangeRow(Base):
    """Whose record changed, so that a running gate knows within two seconds."""

    __tablename__ = "changes"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column()  # no foreign key: it outlives the person
    at: Mapped[datetime] = mapped_column(default=now)
