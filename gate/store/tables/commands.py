"""Keys that may command a gate, and what was already commanded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from gate.store.tables.base import Base, now


class CommandKeyRow(Base):
    __tablename__ = "command_keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    public: Mapped[bytes] = mapped_column(LargeBinary(32))
    commands: Mapped[list[str]] = mapped_column(default=list)
    created: Mapped[datetime] = mapped_column(default=now)
    revoked: Mapped[datetime | None] = mapped_column()


class CommandCounterRow(Base):
    """The last counter a gate accepted from a key: what stops a replay after a restart."""

    __tablename__ = "command_counters"

    gate: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[str] = mapped_column(String(16), primary_key=True)
    counter: Mapped[int] = mapped_column(BigInteger, default=0)
