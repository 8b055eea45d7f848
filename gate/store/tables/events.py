"""Events, written once, and which of them still have to be delivered to whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gate.store.tables.base import Base


class EventRow(Base):
    """``body`` is the whole event as published; the columns are what is searched for."""

    __tablename__ = "events"
    __table_args__ = (
        Index(None, "time"),
        Index(None, "type", "time"),
        Index(None, "person", "time"),
        Index(None, "passage"),
        # a page of one gate among many, and the newest event of a type of that gate
        Index(None, "gate", "time", "sequence"),
        Index(None, "gate", "type", "time"),
        Index("uq_events_id", "id", unique=True),
    )

    gate: Mapped[str] = mapped_column(String(40), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(36))
    time: Mapped[datetime] = mapped_column()
    type: Mapped[str] = mapped_column(String(60))
    passage: Mapped[str | None] = mapped_column(String(36))
    person: Mapped[str | None] = mapped_column(String(32))  # the pseudonym
    method: Mapped[str | None] = mapped_column(String(20))
    decision: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(60))  # the first of the reasons
    latency: Mapped[float | None] = mapped_column()  # milliseconds
    body: Mapped[dict[str, Any]] = mapped_column()


class OutboxRow(Base):
    """One row for each event and receiver; gone once the receiver has it."""

    __tablename__ = "outbox"

    gate: Mapped[str] = mapped_column(String(40), primary_key=True)
    receiver: Mapped[str] = mapped_column(String(20), primary_key=True)  # mqtt | webhook
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class SequenceRow(Base):
    """The last number given to an event of a gate, and the series it belongs to."""

    __tablename__ = "sequences"

    gate: Mapped[str] = mapped_column(String(40), primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger, default=0)
    # Unix seconds of when the series began: of a new database, or of one put back from a backup
    epoch: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
