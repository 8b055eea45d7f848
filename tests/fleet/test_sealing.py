from __future__ import annotations

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gate.errors import StoreError
from gate.fleet.sealing import open_key, open_template, seal_key, seal_template, unwrap, wrap

KEY = bytes(range(32))


def test_a_wrapped_key_opens_for_its_box_and_purpose_only() -> None:
    ours, theirs = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    wrapped = wrap(KEY, ours.public_key().public_bytes_raw(), "template 3")
    assert unwrap(wrapped, ours, "template 3") == KEY
    assert KEY not in wrapped
    for private, purpose, raw in (
        (theirs, "template 3", wrapped),
        (ours, "template 4", wrapped),
        (ours, "template 3", wrapped[:-1] + bytes([wrapped[-1] ^ 1])),
        (ours, "template 3", b"short"),
    ):
        with pytest.raises(StoreError, match="cannot be opened"):
            unwrap(raw, private, purpose)


def test_a_template_opens_as_its_own_persons_only() -> None:
    vector = np.linspace(-1, 1, 512, dtype=np.float32)
    sealed = seal_template(vector, KEY, 3, "a" * 32, "e/1")
    assert np.array_equal(open_template(sealed, KEY, 3, "a" * 32, "e/1"), vector)
    for key, epoch, ref, encoder in (
        (bytes(32), 3, "a" * 32, "e/1"),
        (KEY, 4, "a" * 32, "e/1"),
        (KEY, 3, "b" * 32, "e/1"),
        (KEY, 3, "a" * 32, "e/2"),
    ):
        with pytest.raises(StoreError, match="cannot be opened"):
            open_template(sealed, key, epoch, ref, encoder)


def test_a_key_that_travels_under_the_communitys_key_opens_again() -> None:
    sealed = seal_key(b"secret", KEY, "card")
    assert open_key(sealed, KEY, "card") == b"secret"
    with pytest.raises(StoreError, match="cannot be opened"):
        open_key(sealed, KEY, "other")
