"""Schedules, holidays, rules, and the mode each door is in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from gate.store.tables.base import Base, now


class ScheduleRow(Base):
    __tablename__ = "schedules"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    text: Mapped[str] = mapped_column(String(400))  # as docs/access.md writes it


class HolidayRow(Base):
    """A day that is not like its weekday."""

    __tablename__ = "holidays"

    day: Mapped[date] = mapped_column(primary_key=True)
    # "holiday", or the weekday ("mon") a make-up working day counts as
    counts_as: Mapped[str] = mapped_column(String(10), default="holiday")
    name: Mapped[str] = mapped_column(String(80), default="")


class RuleRow(Base):
    """One who-may-pass: ``body`` has the keys of an ``[[access.allow]]`` but its name."""

    __tablename__ = "rules"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)


class DoorModeRow(Base):
    """What staff ordered; a gate takes it up again after a restart."""

    __tablename__ = "door_modes"

    gate: Mapped[str] = mapped_column(String(40), primary_key=True)
    mode: Mapped[str] = mapped_column(String(20), default="normal")
    until: Mapped[datetime | None] = mapped_column()
    set_by: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(default=now)
