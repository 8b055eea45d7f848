"""A sealed stream: encrypted in pieces, so that any length fits in little memory.

The file begins with one line of JSON, the header, which says how the content key is found: from a
passphrase (Argon2id, RFC 9106) or from the private half of a recovery key (X25519, RFC 7748, and
HKDF, RFC 5869), so that a box can write backups that it cannot read itself. After it come pieces
of AES-256-GCM under the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015):
the nonce counts and its last byte marks the last piece, so that a piece that is cut off, moved or
swapped is noticed.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gate.errors import StoreError

MAGIC = "gate-backup/1"
PIECE = 1 << 20  # bytes of plain text in a piece
_TAG = 16
_SYNC = 16  # pieces
_LONGEST_HEADER = 4096
# RFC 9106, second recommended choice: 64 MiB, three passes, four lanes
_ARGON = {"time_cost": 3, "memory_cost": 1 << 16, "parallelism": 4}
SHORTEST_PASSPHRASE = 12


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of the file, and the content key that belongs to it."""

    line: bytes
    key: bytes

    def __repr__(self) -> str:  # the key must not reach a log
        return "Header(…)"


def with_passphrase(passphrase: str) -> Header:
    """A header for a new file. Raises StoreError for a passphrase that is too short."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise StoreError(
            f"the passphrase is shorter than {SHORTEST_PASSPHRASE} characters",
            hint="choose four or five words that nobody else would think of",
        )
    salt = secrets.token_bytes(16)
    values = {"format": MAGIC, "key": "argon2id", "salt": _text(salt), **_ARGON}
    return Header(_line(values), _stretched(passphrase, salt, _ARGON))


def for_recovery_key(public: bytes) -> Header:
    """A header for a new file that only the private half of a recovery key opens."""
    own = X25519PrivateKey.generate()
    ephemeral = own.public_key().public_bytes_raw()
    values = {"format": MAGIC, "key": "x25519", "ephemeral": _text(ephemeral)}
    shared = own.exchange(X25519PublicKey.from_public_bytes(public))
    return Header(_line(values), _agreed(shared, ephemeral, public))


def new_recovery_key() -> tuple[str, bytes]:
    """The private half as text to be printed once, and the public half to be kept on the box."""
    private = X25519PrivateKey.generate()
    text = base64.b32encode(private.private_bytes_raw()).decode().rstrip("=")
    groups = [text[i : i + 4] for i in range(0, len(text), 4)]
    return "-".join(groups), private.public_key().public_bytes_raw()


def open_header(source: BinaryIO, secret: str, where: str) -> Header:
    """Read the header of a file and find its key with the passphrase or recovery key given.

    A wrong secret shows only when the first piece is opened. Raises StoreError.
    """
    line, values = read_header(source, where)
    try:
        if values["key"] == "argon2id":
            cost = {name: int(values[name]) for name in _ARGON}
            if any(cost[name] > 16 * _ARGON[name] or cost[name] < 1 for name in cost):
                raise ValueError  # would keep the box busy for hours
            return Header(line, _stretched(secret, _bytes(values["salt"]), cost))
        if values["key"] == "x25519":
            ephemeral = _bytes(values["ephemeral"])
            private = _recovery_key(secret)
            shared = private.exchange(X25519PublicKey.from_public_bytes(ephemeral))
            public = private.public_key().public_bytes_raw()
            return Header(line, _agreed(shared, ephemeral, public))
        raise ValueError
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise _no_backup(where) from None


def read_header(source: BinaryIO, where: str) -> tuple[bytes, dict[str, Any]]:
    """The first line of a file and what it says, before any secret is asked for.

    Raises StoreError when the file is no backup.
    """
    try:
        line = source.readline(_LONGEST_HEADER)
        values: dict[str, Any] = json.loads(line)
        if values["format"] != MAGIC:
            raise ValueError
    except (ValueError, KeyError, TypeError, OSError):
        raise _no_backup(where) from None
    return line, values


def _no_backup(where: str) -> StoreError:
    return StoreError(
        "this is not a backup of a gate",
        where=where,
        hint="name a file that `gate backup` wrote; its name ends in .gatebackup",
    )


class Sealer:
    """A file to write plain content to; what comes out at ``target`` is header and sealed pieces.

    What is written reaches the disk every ``_SYNC`` bytes: a gigabyte that waits in memory would be
    in front of the next event, whose commit waits for the disk.
    """

    def __init__(self, target: BinaryIO, header: Header) -> None:
        self._target, self._header = target, header
        self._cipher = AESGCM(header.key)
        self._held = bytearray()
        self._number = self._written = 0
        target.write(header.line)

    def write(self, content: bytes) -> int:
        self._held += content
        self._written += len(content)
        while len(self._held) > PIECE:  # the last piece is known only at the end
            self._put(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]
        return len(content)

    def tell(self) -> int:
        """How much plain content was written."""
        return self._written

    def close(self) -> None:
        """Write the last piece; ``target`` stays open."""
        self._put(bytes(self._held), last=True)
        self._held.clear()

    def _put(self, piece: bytes, *, last: bool) -> None:
        nonce = _nonce(self._number, last=last)
        self._target.write(self._cipher.encrypt(nonce, piece, self._header.line))
        self._number += 1
        if self._number % _SYNC == 0:
            to_disk(self._target)


def to_disk(file: BinaryIO) -> None:
    """What was written so far, where ``file`` is one on a disk."""
    file.flush()
    with suppress(OSError, io.UnsupportedOperation):
        os.fsync(file.fileno())


def pieces(source: BinaryIO, header: Header, where: str) -> Iterator[bytes]:
    """The content, piece by piece, each checked before it is given out. Raises StoreError."""
    cipher = AESGCM(header.key)
    piece = source.read(PIECE + _TAG)
    number = 0
    while True:
        following = source.read(PIECE + _TAG)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), piece, header.line)
        except (InvalidTag, ValueError):
            raise StoreError(
                "the backup cannot be opened: "
                + (
                    "wrong passphrase or recovery key, or it is damaged at its beginning"
                    if number == 0
                    else "it is damaged or cut"
                ),
                where=where,
                hint="check the secret for typing errors; else take the backup before this one",
            ) from None
        if not following:
            return
        piece, number = following, number + 1


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _stretched(passphrase: str, salt: bytes, cost: dict[str, int]) -> bytes:
    return hash_secret_raw(passphrase.encode(), salt, hash_len=32, type=Type.ID, **cost)


def _agreed(shared: bytes, ephemeral: bytes, public: bytes) -> bytes:
    info = MAGIC.encode() + ephemeral + public
    return HKDF(SHA256(), 32, salt=None, info=info).derive(shared)


def _recovery_key(text: str) -> X25519PrivateKey:
    """Raises StoreError when it cannot be one."""
    letters = "".join(c for c in text.upper() if c.isalnum())
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
        return X25519PrivateKey.from_private_bytes(raw)
    except (ValueError, binascii.Error):
        raise StoreError(
            "this is not a recovery key",
            hint="it has 13 groups of four letters and digits, printed when it was made",
        ) from None


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
