"""What staff ordered a gate to do, and what became of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gate.store.tables.base import Base, now


class OrderRow(Base):
    """Read by the daemon several times a second; one not taken before ``expires`` is void."""

    __tablename__ = "orders"
    __table_args__ = (Index(None, "gate", "taken"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    gate: Mapped[str] = mapped_column(String(40))
    command: Mapped[str] = mapped_column(String(20))  # one of gate.store.orders.COMMANDS
    until: Mapped[datetime | None] = mapped_column()
    ordered_by: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(default=now)
    expires: Mapped[datetime] = mapped_column()
    taken: Mapped[datetime | None] = mapped_column()
    result: Mapped[str] = mapped_column(String(80), default="")
