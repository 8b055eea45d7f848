from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.fleet.signing import erasure_is_signed, order_is_signed, sign_erasure, sign_order

ORDER: dict[str, Any] = {
    "id": "1",
    "gate": "north",
    "command": "open",
    "until": None,
    "by": "guard",
    "reason": "火警",
    "expires": "2026-01-01T00:00:00+00:00",
}


def test_an_order_counts_only_as_it_was_signed() -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    signed = sign_order(key, ORDER)
    assert order_is_signed(public, signed)
    for name in ORDER:
        assert not order_is_signed(public, {**signed, name: "other"})
    assert not order_is_signed(public, {**signed, "more": 1})
    assert not order_is_signed(public, {**signed, "signature": "zz"})
    assert not order_is_signed(Ed25519PrivateKey.generate().public_key().public_bytes_raw(), signed)


@pytest.mark.parametrize("order", [{}, {"id": 1}, {**ORDER, "signature": None}])
def test_whatever_comes_nothing_is_raised(order: dict[str, Any]) -> None:
    assert not order_is_signed(bytes(32), order)


def test_an_erasure_is_of_one_person_and_no_order() -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    assert erasure_is_signed(public, "a", sign_erasure(key, "a"))
    assert not erasure_is_signed(public, "b", sign_erasure(key, "a"))
