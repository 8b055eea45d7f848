"""Where residents are notified of their visitors, and whether they were."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gate.store.tables.base import Base, now


class ArrivalWayRow(Base):
    """The way one person chose. ``address`` is sealed by the vault; see ``gate.store.arrivals``."""

    __tablename__ = "arrival_ways"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    way: Mapped[str] = mapped_column(String(20))  # the name of a [[notify.way]]
    address: Mapped[bytes] = mapped_column(LargeBinary)
    set_by: Mapped[str] = mapped_column(String(80), default="")
    at: Mapped[datetime] = mapped_column(default=now)


class ArrivalNoticeRow(Base):
    """One arrival and one person of the household: notified, or not and why."""

    __tablename__ = "arrival_notices"
    __table_args__ = (UniqueConstraint("event", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(String(36))
    permit_id: Mapped[str] = mapped_column(ForeignKey("permits.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    way: Mapped[str] = mapped_column(String(20))
    told: Mapped[bool] = mapped_column()
    at: Mapped[datetime] = mapped_column(default=now)
