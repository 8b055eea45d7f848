"""The community's keys, one of each epoch, and how a box gets them.

Nothing lies under these keys for long: templates are sealed with the newest when a box asks for
them, and the box seals them again with a key of its own. So a new epoch is begun at any time,
while everything runs.
"""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gate.fleet.records import base64_text
from gate.fleet.sealing import wrap
from gate.store.database_errors import ConflictError
from gate.store.store import Store
from gate.store.tables import TemplateKeyRow

_NAME = "template_key"


class CommunityKeys:
    """One for each hub; any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._opened: tuple[int, bytes] | None = None
        self._sealed = b""  # what was opened: an epoch may be given again by a server of before

    def current(self) -> tuple[int, bytes]:
        """Epoch and key (32 bytes) of now; the first is made here. Raises StoreError."""
        newest = select(TemplateKeyRow).order_by(TemplateKeyRow.epoch.desc()).limit(1)
        with self._store.database.read() as session:
            row = session.scalar(newest)
        if row is None:
            self.rotate()
            return self.current()
        if self._opened is None or self._sealed != row.sealed:
            self._sealed = row.sealed
            self._opened = row.epoch, self._store.vault.reveal(row.sealed, f"{_NAME} {row.epoch}")
        return self._opened

    def rotate(self) -> int:
        """Begin a new epoch and destroy the keys of the ones before. Its number."""
        try:
            with self._store.database.write() as session:
                epoch = self.rotate_in(session)
        except ConflictError:  # another hub did it in this moment
            return self.current()[0]
        self._store.database.wipe()
        return epoch

    def rotate_in(self, session: Session) -> int:
        """The same in the transaction of what it is done for; ``Database.wipe`` after it."""
        rows = session.scalars(select(TemplateKeyRow)).all()
        epoch = max((row.epoch for row in rows), default=0) + 1
        for row in rows:
            session.delete(row)
        sealed = self._store.vault.keep(secrets.token_bytes(32), f"{_NAME} {epoch}")
        session.add(TemplateKeyRow(epoch=epoch, sealed=sealed))
        return epoch

    def wrapped(self, public: bytes, order_key: bytes) -> dict[str, Any]:
        """The keys for the box whose X25519 key is ``public``."""
        epoch, key = self.current()
        self._store.card_keys.load()
        return {
            "epoch": epoch,
            "template": base64_text(wrap(key, public, f"template {epoch}")),
            "cards": [
                base64_text(wrap(card, public, "card")) for card in self._store.vault.card_keys
            ],
            "orders": order_key.hex(),
        }
