"""Counters whose order is the order of commits; see ``gate.store.heads``."""

from __future__ import annotations

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from gate.store.tables.base import Base


class HeadRow(Base):
    __tablename__ = "heads"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, default=0)
