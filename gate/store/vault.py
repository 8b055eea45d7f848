"""The key file, and what is made with it: sealed templates, keyed hashes, the audit chain.

One random 256-bit master key; a key for each purpose is derived from it with HKDF-SHA-256
(RFC 5869), so no two uses share a key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gate import files
from gate.errors import StoreError
from gate.recognition.face import Vector
from gate.store.aead import decrypt, encrypt, to_bytes, to_vector


class Vault:
    """Seals and opens; holds the derived keys, never the database."""

    def __init__(self, master: bytes, where: str = "") -> None:
        if len(master) != 32:
            raise StoreError(
                "the key file does not hold a key",
                where=where,
                hint="put the right file back from where you keep it safe",
            )
        self.where = where
        self._templates = AESGCM(_derive(master, b"templates"))
        # cards and PINs are hashed with the first, and found by any: communities of boxes that
        # were alone before keep the keys of all of them
        self._credentials = [_derive(master, b"credentials")]
        self._secrets = AESGCM(_derive(master, b"secrets"))
        self._audit = _derive(master, b"audit")
        # identifies the database this key belongs to, without revealing the key
        self.fingerprint = hashlib.sha256(_derive(master, b"fingerprint")).hexdigest()

    @classmethod
    def open(cls, path: Path, create: bool = False) -> Vault:
        """Read the key file, or make it (mode 0600) if ``create``. Raises StoreError."""
        try:
            if create and not path.exists():
                _make(path)
            text = path.read_text("ascii").strip()
            if path.stat().st_mode & 0o077:
                raise StoreError(
                    "other users can read the key file",
                    where=str(path),
                    hint=f"chmod 600 {path}",
                )
            return cls(bytes.fromhex(text), str(path))
        except FileNotFoundError as error:
            raise StoreError(
                "the key file is missing",
                where=str(path),
                hint="put it back; without it the templates cannot be read by anybody",
            ) from error
        except OSError as error:
            raise StoreError(
                f"the key file cannot be read: {error.strerror}",
                where=str(path),
                hint="let it belong to the user the gate runs as, mode 600",
            ) from error
        except ValueError as error:
            raise StoreError(
                "the key file does not hold a key",
                where=str(path),
                hint="put the right file back from where you keep it safe",
            ) from error

    def seal(self, vector: Vector, person: int, encoder: str) -> bytes:
        """Encrypt one template with AES-256-GCM, bound to its person and encoder."""
        return encrypt(self._templates, to_bytes(vector), _bound_to(person, encoder))

    def unseal(self, sealed: bytes, person: int, encoder: str) -> Vector:
        """The float32 vector (d,) again. Raises StoreError if key, person or encoder differ."""
        try:
            return to_vector(decrypt(self._templates, sealed, _bound_to(person, encoder)))
        except (InvalidTag, ValueError) as error:
            raise StoreError(
                f"a template of person {person} cannot be opened: wrong key or damaged",
                where=self.where,
                hint="put the key file back that belongs to this database",
            ) from error

    def digest(self, kind: str, value: str) -> bytes:
        """Keyed hash of a card number or PIN: equal values, equal digests, no way back."""
        return self.digests(kind, value)[0]

    def digests(self, kind: str, value: str) -> list[bytes]:
        """``digest`` under every key of the community; new ones are made with the first."""
        text = f"{kind}\0{value}".encode()
        return [hmac.digest(key, text, "sha256") for key in self._credentials]

    @property
    def card_keys(self) -> tuple[bytes, ...]:
        """The keys of cards and PINs; they leave the box only wrapped for a box of the hub."""
        return tuple(self._credentials)

    def adopt(self, keys: Iterable[bytes]) -> None:
        """Find cards and PINs by these keys too."""
        self._credentials += [key for key in keys if key not in self._credentials]

    def keep(self, secret: bytes, name: str) -> bytes:
        """Seal a secret that lies in the database, bound to its name."""
        return encrypt(self._secrets, secret, name.encode())

    def reveal(self, sealed: bytes, name: str) -> bytes:
        """What ``keep`` sealed. Raises StoreError when key or name differ."""
        try:
            return decrypt(self._secrets, sealed, name.encode())
        except (InvalidTag, ValueError) as error:
            raise StoreError(
                f"a secret of the register cannot be opened: {name}",
                where=self.where,
                hint="put the key file back that belongs to this database",
            ) from error

    def chain(self, previous: bytes, line: bytes) -> bytes:
        """The next link of the audit chain."""
        return hmac.digest(self._audit, previous + line, "sha256")


def _bound_to(person: int, encoder: str) -> bytes:
    return f"template\0{person}\0{encoder}".encode()


def _derive(master: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"gate/1/" + purpose).derive(master)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    files.create(path, f"{secrets.token_hex(32)}\n".encode())
