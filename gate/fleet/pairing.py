"""The pairing code, and how each side proves to the other that it knows it. Pure.

The code never travels. Box and hub each send a keyed hash, under the code's secret, of everything
they exchange, the hub's authority included. Somebody between them, whose authority is another one,
can pass neither proof on, and trying codes against a proof takes 2^60 guesses within the ten
minutes for which one counts.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 of them; nothing that is read for another
_NUMBER, _SECRET = 4, 12  # characters: what names the code, and what only both sides know


def new_code() -> str:
    """Sixteen characters in groups of four; the first group is its number, the rest the secret."""
    return grouped("".join(secrets.choice(ALPHABET) for _ in range(_NUMBER + _SECRET)))


def grouped(text: str) -> str:
    return "-".join(text[place : place + 4] for place in range(0, len(text), 4))


def split(code: str) -> tuple[str, bytes] | None:
    """Number and secret of a code as somebody typed it; None when it is none."""
    typed = "".join(code.upper().split()).replace("-", "")
    if len(typed) != _NUMBER + _SECRET or not set(typed) <= set(ALPHABET):
        return None
    return typed[:_NUMBER], typed[_NUMBER:].encode()


def proof(secret: bytes, side: str, *parts: bytes) -> bytes:
    """HMAC-SHA-256 of ``parts`` by one side, "box" or "hub"; each part is hashed first, so that no
    two lists of parts give the same bytes."""
    text = b"access-gate pairing 1\0" + side.encode() + b"\0"
    return hmac.digest(secret, text + b"".join(hashlib.sha256(p).digest() for p in parts), "sha256")


def proved(given: bytes, secret: bytes, side: str, *parts: bytes) -> bool:
    return hmac.compare_digest(given, proof(secret, side, *parts))
