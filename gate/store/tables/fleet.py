"""A register with many gates: its boxes, how they were let in, what they have, what they erased."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from gate.store.tables.base import Base, now


class GateRow(Base):
    """A gate of the community, and who may pass there: its box holds nobody else.

    Both lists empty: everybody. ``scope`` counts the changes of the lists.
    """

    __tablename__ = "gates"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    area: Mapped[str] = mapped_column(String(80), default="")
    buildings: Mapped[list[str]] = mapped_column(default=list)
    groups: Mapped[list[str]] = mapped_column(default=list)
    scope: Mapped[int] = mapped_column(BigInteger, default=1)
    created: Mapped[datetime] = mapped_column(default=now)


class BoxRow(Base):
    """One piece of hardware that is, or was, the box of a gate."""

    __tablename__ = "boxes"
    __table_args__ = (Index(None, "gate"), Index(None, "certificate"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    gate: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10), default="active")  # active | revoked | left
    reason: Mapped[str] = mapped_column(String(200), default="")
    certificate: Mapped[str] = mapped_column(String(64))  # SHA-256 of its DER, hex
    previous: Mapped[str] = mapped_column(String(64), default="")  # counts as well
    signing: Mapped[bytes] = mapped_column(LargeBinary)  # public key, DER
    public: Mapped[bytes] = mapped_column(LargeBinary(32))  # X25519
    paired: Mapped[datetime] = mapped_column(default=now)
    ends: Mapped[datetime] = mapped_column()  # of the certificate
    ended: Mapped[datetime | None] = mapped_column()  # revoked, or left
    cursor: Mapped[int] = mapped_column(BigInteger, default=0)  # applied up to here
    scope: Mapped[int] = mapped_column(BigInteger, default=0)  # of the gate, as the box has it
    seen: Mapped[datetime | None] = mapped_column()
    status: Mapped[dict[str, Any]] = mapped_column(default=dict)  # its last beat


class PairingCodeRow(Base):
    """A code that lets one box in once; the code itself is sealed with the key file."""

    __tablename__ = "pairing_codes"

    id: Mapped[str] = mapped_column(String(8), primary_key=True)
    gate: Mapped[str] = mapped_column(String(40))
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    by: Mapped[str] = mapped_column(String(80), default="")
    expires: Mapped[datetime] = mapped_column()
    used: Mapped[datetime | None] = mapped_column()
    failures: Mapped[int] = mapped_column(default=0)


class TemplateKeyRow(Base):
    """A key under which templates travel to the boxes; sealed with the key file."""

    __tablename__ = "template_keys"

    epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created: Mapped[datetime] = mapped_column(default=now)


class ErasureRow(Base):
    """Somebody was deleted: only the pseudonym stays, so that a backup brings nobody back."""

    __tablename__ = "erasures"
    __table_args__ = (Index(None, "person_id"),)

    ref: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column(default=now)
    # on a box: the hub's signature, by which a hub put back from a backup deletes again
    proof: Mapped[str] = mapped_column(String(128), default="", server_default="")


class ReceiptRow(Base):
    """A box declares, signed, that nothing of somebody is left on it."""

    __tablename__ = "receipts"

    ref: Mapped[str] = mapped_column(String(32), primary_key=True)
    box: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column()
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class IntakeRow(Base):
    """How far the events of one gate and epoch have arrived, without a gap."""

    __tablename__ = "intake"

    gate: Mapped[str] = mapped_column(String(40), primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigInteger)
    missed: Mapped[int] = mapped_column(BigInteger, default=0)  # given up by the box
    at: Mapped[datetime] = mapped_column(default=now)


class SightingRow(Base):
    """At the hub, what boxes report to each other: the newest passage of a person (kind "place",
    one row for each pseudonym), and how often a box has seen a permit used (kind "uses", one for
    each serial and source)."""

    __tablename__ = "sightings"
    __table_args__ = (Index(None, "n"),)

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    ref: Mapped[str] = mapped_column(String(40), primary_key=True)
    source: Mapped[str] = mapped_column(String(60), primary_key=True)  # box and epoch
    value: Mapped[dict[str, Any]] = mapped_column(default=dict)
    n: Mapped[int] = mapped_column(BigInteger)  # in the order of commits
    at: Mapped[datetime] = mapped_column(default=now)


class ConfigurationRow(Base):
    """At the hub, a version of what it sets on its boxes; never changed.

    ``scope``: "" for every gate, "area NAME" or "gate NAME"; the narrower one overrides.
    """

    __tablename__ = "configurations"

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(90))
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    note: Mapped[str] = mapped_column(String(200), default="")
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(default=now)


class RolloutRow(Base):
    """A version on its way to the gates, wave by wave; see ``gate.hub.rollout``.

    ``gates``: what is known of each gate since its wave began, by name.
    """

    __tablename__ = "rollouts"
    __table_args__ = (
        Index(
            "uq_rollouts_running",  # one at a time
            "state",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    configuration: Mapped[int] = mapped_column()
    scope: Mapped[str] = mapped_column(String(90))
    state: Mapped[str] = mapped_column(String(10))  # running | done | returned | stopped
    waves: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    wave: Mapped[int] = mapped_column(default=0)
    gates: Mapped[dict[str, Any]] = mapped_column(default=dict)
    watch: Mapped[float] = mapped_column()  # seconds each wave is watched
    why: Mapped[str] = mapped_column(String(200), default="")
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(default=now)
    since: Mapped[datetime] = mapped_column(default=now)  # the wave began
    ended: Mapped[datetime | None] = mapped_column()


class ReplicaRow(Base):
    """On a box of a hub: a record as it was last applied, by its hash."""

    __tablename__ = "replica"

    ref: Mapped[str] = mapped_column(String(40), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
