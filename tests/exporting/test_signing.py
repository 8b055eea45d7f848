"""Signatures, verified by what a receiver has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from gate.clock import SystemClock
from gate.errors import ConfigurationError
from gate.events.event import Event
from gate.exporting import signing
from gate.exporting.exporter import Exporter
from gate.exporting.settings import ExportSettings
from gate.integrations import webhook
from gate.store.store import Store
from tests.exporting.receiving import SECRET, Host, Platform

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
Make = Callable[..., ExportSettings]


def pem(key: object) -> bytes:
    return key.private_bytes(  # type: ignore[attr-defined, no-any-return]
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def send(store: Store, settings: ExportSettings) -> None:
    store.events.append([Event.make("north", "passage.granted", NOON)])
    asyncio.run(Exporter(settings, "north", store, SystemClock()).step())


def test_hmac_is_that_of_the_webhook(
    store: Store, platform: Platform, host: Host, settings_for: Make
) -> None:
    platform.verify = lambda h, body: webhook.verify(
        SECRET, h["X-Gate-Timestamp"], body, h["X-Gate-Signature"]
    )
    send(store, settings_for(sign="hmac", secret=SECRET))
    assert platform.sequences == [1]


def test_ed25519(
    store: Store, platform: Platform, host: Host, settings_for: Make, tmp_path: Path
) -> None:
    key = Ed25519PrivateKey.generate()
    (tmp_path / "sign.pem").write_bytes(pem(key))
    public = key.public_key().public_bytes_raw()
    platform.verify = lambda h, body: signing.verify(
        public, h["X-Gate-Timestamp"], body, h["X-Gate-Signature"]
    )
    send(store, settings_for(sign="ed25519", signing_key=tmp_path / "sign.pem", token="t0ken"))
    assert platform.sequences == [1]
    request = platform.requests[0]
    assert request["headers"]["Authorization"] == "Bearer t0ken"
    stamp, given = request["headers"]["X-Gate-Timestamp"], request["headers"]["X-Gate-Signature"]
    assert not signing.verify(public, stamp, request["body"] + b" ", given)
    assert not signing.verify(public, stamp + "0", request["body"], given)
    assert not signing.verify(public, stamp, request["body"], "ed25519=AAAA")
    assert not signing.verify(public, stamp, request["body"], "not base64")


@pytest.mark.parametrize(
    "content",
    [b"", b"nonsense", pem(generate_private_key(65537, 2048))],
    ids=["empty", "nonsense", "rsa"],  # a key is another in every process
)
def test_a_key_that_cannot_sign(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "sign.pem").write_bytes(content)
    with pytest.raises(ConfigurationError, match="signing key"):
        signing.read_private(tmp_path / "sign.pem")
