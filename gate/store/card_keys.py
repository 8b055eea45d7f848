"""The keys under which a community's cards and PINs are hashed: those of its boxes of before.

A box that was alone has hashed its cards with a key of its own, and nobody knows the numbers any
more. So when it joins a hub, its key joins the community's, and cards are found by any of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from gate.store.engine import Database
from gate.store.key_value import KeyValueStore
from gate.store.vault import Vault

_KEY = "card_keys"


class CardKeys:
    """Adopted keys lie in the database, sealed with the key file."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._facts = KeyValueStore(database)
        self._vault = vault

    def load(self) -> None:
        """Put those kept into use. Raises StoreError when they cannot be opened."""
        kept = self._facts.get(_KEY) or {}
        self._vault.adopt(
            self._vault.reveal(bytes.fromhex(sealed), _KEY) for sealed in kept.get("sealed", ())
        )

    def adopt(self, keys: Iterable[bytes]) -> bool:
        """Keep and use further keys. Whether any was new. Raises StoreError."""
        known = self._vault.card_keys
        fresh = [key for key in keys if key not in known]
        if not fresh:
            return False
        kept = [*known[1:], *fresh]
        sealed = [self._vault.keep(key, _KEY).hex() for key in kept]
        self._facts.set(_KEY, {"sealed": sealed})
        self._vault.adopt(fresh)
        return True
