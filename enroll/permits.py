"""What the desk needs to issue permits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from gate.access.permit import key_id
from gate.access.permit_keys import private_key
from gate.access.settings import PermitSettings
from gate.services.permits import PermitBook
from gate.store.store import Store
from gate.store.tables import PermitRow


@dataclass(frozen=True, slots=True)
class Permits:
    """The private key is read when it is needed, and not held."""

    book: PermitBook
    path: Path

    @classmethod
    def open(cls, store: Store, path: Path, settings: PermitSettings) -> Permits:
        """Make the key if there is none. Raises AccessError."""
        public = private_key(path).public_key()
        return cls(PermitBook(store, {key_id(public): public}, settings), path)

    def key(self) -> Ed25519PrivateKey:
        return private_key(self.path)


def permits_of(store: Store, person: int, now: datetime) -> list[PermitRow]:
    """The permits of a person, newest first: all that open, and the newest twenty of the rest."""
    with store.database.read() as session:
        query = select(PermitRow).where(PermitRow.person_id == person)
        rows = list(session.scalars(query.order_by(PermitRow.created.desc())))
    opens = {row.id for row in rows if row.revoked is None and row.valid_until > now}
    rest = [row.id for row in rows if row.id not in opens][:20]
    return [row for row in rows if row.id in opens or row.id in rest]
