"""AES-256-GCM as all sealing uses it: a random nonce in front, and bound to what it is of.

What is bound is not kept in the sealed bytes: they open only for the same person, name or purpose.
"""

from __future__ import annotations

import secrets

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gate.recognition.face import Vector

_NONCE = 12  # bytes


def encrypt(cipher: AESGCM, plain: bytes, bound: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + cipher.encrypt(nonce, plain, bound)


def decrypt(cipher: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    """Raises InvalidTag, or ValueError for what is too short to be sealed."""
    return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)


def to_bytes(vector: Vector) -> bytes:
    """A template as it is sealed: little-endian float32."""
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def to_vector(plain: bytes) -> Vector:
    """float32 (d,), a copy that may be written to."""
    return np.frombuffer(plain, dtype="<f4").astype(np.float32)
