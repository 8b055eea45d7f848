"""Signatures of requests: over the time and the body, so that neither can be exchanged."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gate.errors import ConfigurationError
from gate.exporting.settings import ExportSettings
from gate.integrations import webhook

# gives the signature of (timestamp, body)
Signer = Callable[[str, bytes], str]


def signer(settings: ExportSettings) -> Signer | None:
    """As ``sign`` says; None without signatures. Raises ConfigurationError: no usable key.

    "hmac" is HMAC-SHA-256 in the form of the webhook (docs/mqtt.md).
    """
    if settings.sign == "hmac":
        secret = settings.secret.get_secret_value()
        return lambda timestamp, body: webhook.signature(secret, timestamp, body)
    if settings.sign == "ed25519":
        assert settings.signing_key is not None
        private = read_private(settings.signing_key)
        return lambda timestamp, body: (
            "ed25519=" + base64.b64encode(private.sign(_signed(timestamp, body))).decode()
        )
    return None


def verify(public: bytes, timestamp: str, body: bytes, given: str) -> bool:
    """For receivers: whether an ed25519 signature is that of the key (32 bytes)."""
    try:
        signature = base64.b64decode(given.removeprefix("ed25519="), validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _signed(timestamp, body))
    except (InvalidSignature, ValueError):
        return False
    return True


def read_private(file: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(
            f"the signing key cannot be read: {type(error).__name__}",
            where=str(file),
            hint="make one with `gate export key FILE`",
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(
            "the signing key is not an ed25519 key",
            where=str(file),
            hint="make one with `gate export key FILE`",
        )
    return key


def _signed(timestamp: str, body: bytes) -> bytes:
    return f"{timestamp}.".encode() + body
