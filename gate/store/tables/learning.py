"""Faces seen while a card was shown (encrypted), and what was learnt of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from gate.store.tables.base import Base, now


class LookRow(Base):
    """The face of one passage by card; deleted once it enrolled somebody, or after some weeks."""

    __tablename__ = "looks"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    passage: Mapped[str] = mapped_column(String(36), unique=True)
    encoder: Mapped[str] = mapped_column(String(80))
    vector: Mapped[bytes] = mapped_column(LargeBinary)  # sealed by the vault
    quality: Mapped[float] = mapped_column(default=1.0)
    at: Mapped[datetime] = mapped_column(index=True)


class LearntRow(Base):
    """What was learnt of somebody, or why nothing was; templates name it in their label."""

    __tablename__ = "learnt"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    encoder: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20))  # enrolled | added | mixed | resembles
    other_id: Mapped[int | None] = mapped_column()  # whom the face resembles
    passages: Mapped[int] = mapped_column(default=1)
    days: Mapped[int] = mapped_column(default=1)
    at: Mapped[datetime] = mapped_column(default=now)
    state: Mapped[str] = mapped_column(String(20), default="open")  # see looks.py
    by: Mapped[str] = mapped_column(String(80), default="")
    told: Mapped[datetime | None] = mapped_column()  # when the screen informed the person
