"""What the hub signs: orders to a gate, and that somebody was erased or a card blocked. Pure.

Ed25519 (RFC 8032). A box keeps the public half from its pairing, so nobody who only stands between
the two, or writes the register's tables without the key file, can order a door open.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ORDER = b"access-gate hub order 1\0"
_ERASED = b"access-gate hub erased 1\0"
_BLOCKED = b"access-gate hub blocked 1\0"
_MEMBERS = ("id", "gate", "command", "until", "by", "reason", "expires")


def sign_order(key: Ed25519PrivateKey, order: Mapping[str, Any]) -> dict[str, Any]:
    """The order with ``signature``; every other member is covered by it."""
    return {**order, "signature": key.sign(_ORDER + _text(order)).hex()}


def order_is_signed(public: bytes, order: Mapping[str, Any]) -> bool:
    """Never raises, whatever ``order`` holds."""
    if set(order) != {*_MEMBERS, "signature"}:
        return False
    return _signed(public, str(order["signature"]), _ORDER + _text(order))


def sign_erasure(key: Ed25519PrivateKey, ref: str) -> str:
    """Proof, in hex, that the hub once deleted the person: a hub put back from a backup believes
    nobody else."""
    return key.sign(_ERASED + ref.encode()).hex()


def erasure_is_signed(public: bytes, ref: str, signature: str) -> bool:
    return _signed(public, signature, _ERASED + ref.encode())


def sign_block(key: Ed25519PrivateKey, ref: str, what: str) -> str:
    """Proof, in hex, that the hub once blocked a card or permit of a person, for the same reason.

    ``what``: see ``gate.fleet.records.blocked_of``.
    """
    return key.sign(_BLOCKED + f"{ref}\0{what}".encode()).hex()


def block_is_signed(public: bytes, ref: str, what: str, signature: str) -> bool:
    return _signed(public, signature, _BLOCKED + f"{ref}\0{what}".encode())


def statement(ref: str, box: str, at: str) -> bytes:
    """What a box signs, with the key of its certificate, once nothing of ``ref`` is left on it."""
    return f"access-gate erased 1\0{ref}\0{box}\0{at}".encode()


def _text(order: Mapping[str, Any]) -> bytes:
    values = {name: order.get(name) for name in _MEMBERS}
    return json.dumps(values, sort_keys=True, ensure_ascii=False).encode()


def _signed(public: bytes, signature: str, text: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signature), text)
    except (InvalidSignature, ValueError):
        return False
    return True
