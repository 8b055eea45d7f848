"""Templates (encrypted) and what is fitted to a site. No photograph anywhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gate.store.tables.base import Base, now


class TemplateRow(Base):
    __tablename__ = "templates"
    __table_args__ = (Index(None, "person_id"), Index(None, "encoder"))

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    encoder: Mapped[str] = mapped_column(String(80))
    vector: Mapped[bytes] = mapped_column(LargeBinary)  # sealed by the vault
    quality: Mapped[float] = mapped_column(default=1.0)
    label: Mapped[str] = mapped_column(String(20), default="")
    created: Mapped[datetime] = mapped_column(default=now)


class CalibrationRow(Base):
    """A site fit, calibration or the like: a blob with a version; one of a kind is active."""

    __tablename__ = "calibrations"
    __table_args__ = (
        UniqueConstraint("kind", "encoder", "version"),
        Index(
            "uq_calibrations_active",
            "kind",
            "encoder",
            unique=True,
            sqlite_where=text("active"),
            postgresql_where=text("active"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    encoder: Mapped[str] = mapped_column(String(80), default="")
    version: Mapped[str] = mapped_column(String(80))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    active: Mapped[bool] = mapped_column(default=False)
    created: Mapped[datetime] = mapped_column(default=now)
