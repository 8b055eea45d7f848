"""What is sealed opens again for what it was bound to, and for nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gate.store.aead import decrypt, encrypt, to_bytes, to_vector

CIPHER = AESGCM(bytes(range(32)))


def test_it_opens_for_what_it_was_bound_to_only() -> None:
    sealed = encrypt(CIPHER, b"secret", b"card")
    assert decrypt(CIPHER, sealed, b"card") == b"secret"
    assert b"secret" not in sealed
    assert encrypt(CIPHER, b"secret", b"card") != sealed  # a nonce of its own
    for cipher, raw, bound in (
        (CIPHER, sealed, b"pin"),
        (AESGCM(bytes(32)), sealed, b"card"),
        (CIPHER, sealed[:-1], b"card"),
        (CIPHER, b"short", b"card"),
    ):
        with pytest.raises((InvalidTag, ValueError)):
            decrypt(cipher, raw, bound)


def test_a_vector_is_little_endian_float32_whatever_it_was() -> None:
    vector = np.linspace(-1, 1, 8, dtype=np.float32)
    raw = to_bytes(vector.astype(">f4"))
    assert raw == vector.astype("<f4").tobytes()
    again = to_vector(raw)
    assert again.dtype == np.float32
    assert np.array_equal(again, vector)
    again[0] = 0  # its own memory
