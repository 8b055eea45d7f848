"""A new Ed25519 key, its private half in a file that nobody else may read."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate import files
from gate.errors import ConfigurationError


def make(file: Path, hint: str) -> Ed25519PrivateKey:
    """The key, written to ``file`` (PEM, PKCS 8, mode 0600), which must not exist yet.

    Args:
        hint: what to do when it cannot be written.

    Raises ConfigurationError.
    """
    private = Ed25519PrivateKey.generate()
    text = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        files.create(file, text)
    except OSError as error:
        raise ConfigurationError(
            f"the key cannot be written: {error.strerror}", where=str(file), hint=hint
        ) from None
    return private
