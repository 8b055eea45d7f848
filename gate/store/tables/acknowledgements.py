"""Alarms somebody has seen to. Events themselves are never altered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from gate.store.tables.base import Base, now


class AcknowledgementRow(Base):
    __tablename__ = "acknowledgements"

    event: Mapped[str] = mapped_column(String(36), primary_key=True)
    by: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime] = mapped_column(default=now)
