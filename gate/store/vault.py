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
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gate import files
from gate.errors import StoreError
from gate.recognition.face import Vector
from gate.store.aead import decrypt, encrypt, to_bytes, to_vector

_OWN = b"P1"  # in front of what is sealed with a key of its person, too; all else has 4 n bytes


class PersonKeys(Protocol):
    """Keys of the people, apart from the register; see ``gate.store.person_keys``."""

    @property
    def where(self) -> str: ...

    def of(self, person: int) -> bytes | None: ...

    def make(self, person: int) -> bytes: ...

    def read_all(self) -> None: ...


class DestroyedError(StoreError):
    """The person's key is no more, so nobody can read the template."""


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
        self._people = _derive(master, b"people")
        self.person_keys: PersonKeys | None = None  # each template is sealed with its person's too
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
        """Encrypt one template with AES-256-GCM, bound to its person and encoder.

        Where people have keys of their own, one of 256 bits is derived from the person's and the
        key file's, by HMAC-SHA-256. Raises StoreError where that key cannot be made.
        """
        plain, bound = to_bytes(vector), _bound_to(person, encoder)
        if self.person_keys is None:
            return encrypt(self._templates, plain, bound)
        return _OWN + encrypt(self._of(self.person_keys.make(person)), plain, bound)

    def unseal(self, sealed: bytes, person: int, encoder: str) -> Vector:
        """The float32 vector (d,) again. Raises StoreError if key, person or encoder differ, and
        DestroyedError where the person's own key is no more."""
        if self.has_own(sealed):
            return self._unseal_own(sealed[len(_OWN) :], person, encoder)
        try:
            return to_vector(decrypt(self._templates, sealed, _bound_to(person, encoder)))
        except (InvalidTag, ValueError) as error:
            raise StoreError(
                f"a template of person {person} cannot be opened: wrong key or damaged",
                where=self.where,
                hint="put the key file back that belongs to this database",
            ) from error

    @staticmethod
    def has_own(sealed: bytes) -> bool:
        """Whether a template is sealed with a key of its person, too."""
        return len(sealed) % 4 == len(_OWN) and sealed.startswith(_OWN)

    def _of(self, key: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._people, key, "sha256"))

    def _unseal_own(self, sealed: bytes, person: int, encoder: str) -> Vector:
        if self.person_keys is None:
            raise StoreError(
                "the templates are sealed with keys of the people, which are not there",
                where="[store] person_keys",
                hint="put the setting back, and the database it names",
            )
        key = self.person_keys.of(person)
        try:
            if key is not None:
                return to_vector(decrypt(self._of(key), sealed, _bound_to(person, encoder)))
        except (InvalidTag, ValueError):
            pass
        raise DestroyedError(
            f"a template of person {person} can no longer be opened: its key was destroyed",
            where=self.person_keys.where,
            hint="the face was deleted; enrol the person again if that is wrong",
        )

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

    def erasure(self, ref: str) -> str:
        """Keyed hash of a deleted person's pseudonym, hexadecimal, for the list beside backups."""
        return hmac.digest(self._audit, b"erasure\0" + ref.encode(), "sha256").hex()

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
