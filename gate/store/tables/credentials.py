"""Cards and PINs (keyed hashes only) and permits."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gate.store.tables.base import Base, now


class CredentialRow(Base):
    """A card or a PIN. ``hash`` is HMAC-SHA-256 under the key file's key; see docs/store.md."""

    __tablename__ = "credentials"
    __table_args__ = (UniqueConstraint("kind", "hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))  # card | pin
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    label: Mapped[str] = mapped_column(String(80), default="")  # what staff call it
    duress: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[datetime | None] = mapped_column()
    valid_until: Mapped[datetime | None] = mapped_column()
    revoked: Mapped[datetime | None] = mapped_column()
    revoked_reason: Mapped[str] = mapped_column(String(200), default="")
    created: Mapped[datetime] = mapped_column(default=now)


class PermitRow(Base):
    """An issued permit; the signed text itself is not kept."""

    __tablename__ = "permits"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=lambda: uuid4().hex)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"), index=True)
    issued_by: Mapped[str] = mapped_column(String(80), default="")
    valid_from: Mapped[datetime] = mapped_column()
    valid_until: Mapped[datetime] = mapped_column()
    gates: Mapped[list[str]] = mapped_column(default=list)  # empty: every gate
    uses_allowed: Mapped[int | None] = mapped_column()  # None: without limit
    uses: Mapped[int] = mapped_column(default=0)
    revoked: Mapped[datetime | None] = mapped_column()
    revoked_reason: Mapped[str] = mapped_column(String(200), default="")
    created: Mapped[datetime] = mapped_column(default=now)
