"""Who made an update: an Ed25519 signature over the file's SHA-512, in ``FILE.sig``.

The public key lies on the box (``/etc/gate/update.pub``), the private one with whoever releases.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gate.errors import ConfigurationError

DOMAIN = b"access-gate update v1\n"


def key_pair() -> tuple[str, str]:
    """A private and its public key, hexadecimal."""
    private = Ed25519PrivateKey.generate()
    return private.private_bytes_raw().hex(), private.public_key().public_bytes_raw().hex()


def sign(file: Path, private: str) -> Path:
    """Write ``FILE.sig`` and return it."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private))
    target = signature_of(file)
    target.write_text(key.sign(DOMAIN + _digest(file)).hex() + "\n")
    return target


def signature_of(file: Path) -> Path:
    return file.with_name(file.name + ".sig")


def check(file: Path, public: Path) -> None:
    """Raises ConfigurationError unless ``FILE.sig`` is of the key in ``public``."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public.read_text().strip()))
    except (OSError, ValueError):
        raise ConfigurationError(
            "there is no key to check updates with",
            where=str(public),
            hint="put the public key of whoever releases the software there, 64 hexadecimal digits",
        ) from None
    beside = signature_of(file)
    try:
        key.verify(bytes.fromhex(beside.read_text().strip()), DOMAIN + _digest(file))
    except OSError as error:
        raise ConfigurationError(
            f"the update or its signature cannot be read: {error.strerror}",
            where=str(error.filename or file),
            hint=f"copy {file.name} and {beside.name} into one folder",
        ) from None
    except (InvalidSignature, ValueError):
        raise ConfigurationError(
            "the update is damaged or was not made by whoever has the key",
            where=str(file),
            hint="copy it again from where it is published; do not install it otherwise",
        ) from None


def _digest(file: Path) -> bytes:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha512").digest()
