"""Keys wrapped for one box, and templates sealed with the community's key. Pure.

A key is wrapped by X25519 with a key pair of its own, HKDF-SHA-256 (RFC 5869) and AES-256-GCM; a
template is sealed by AES-256-GCM with its person's pseudonym, encoder and the key's epoch, so that
it opens as nobody else's.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gate.errors import StoreError
from gate.recognition.face import Vector
from gate.store.aead import decrypt, encrypt, to_bytes, to_vector

_PUBLIC = 32  # bytes


def wrap(key: bytes, public: bytes, purpose: str) -> bytes:
    """``key`` for the holder of the private half of ``public`` (32 bytes), for one purpose."""
    ours = X25519PrivateKey.generate()
    mine = ours.public_key().public_bytes_raw()
    shared = ours.exchange(X25519PublicKey.from_public_bytes(public))
    return mine + encrypt(AESGCM(_between(shared, mine + public)), key, purpose.encode())


def unwrap(wrapped: bytes, private: X25519PrivateKey, purpose: str) -> bytes:
    """The key again. Raises StoreError when it is for another box or purpose, or altered."""
    theirs, sealed = wrapped[:_PUBLIC], wrapped[_PUBLIC:]
    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(theirs))
        key = _between(shared, theirs + private.public_key().public_bytes_raw())
        return decrypt(AESGCM(key), sealed, purpose.encode())
    except (InvalidTag, ValueError) as error:
        raise StoreError(
            "a key from the hub cannot be opened",
            where=purpose,
            hint="it is for another box or was altered; pair this box again (`gate join`)",
        ) from error


def seal_template(vector: Vector, key: bytes, epoch: int, ref: str, encoder: str) -> bytes:
    """``vector`` float32 (d,), bound to person, encoder and epoch."""
    return encrypt(AESGCM(key), to_bytes(vector), _bound(epoch, ref, encoder))


def open_template(sealed: bytes, key: bytes, epoch: int, ref: str, encoder: str) -> Vector:
    """The float32 vector (d,) again. Raises StoreError when anything differs."""
    try:
        return to_vector(decrypt(AESGCM(key), sealed, _bound(epoch, ref, encoder)))
    except (InvalidTag, ValueError) as error:
        raise StoreError(
            "a template from the hub cannot be opened",
            where=f"person {ref}, epoch {epoch}",
            hint="the box asks for its keys again; if that does not help, pair it again",
        ) from error


def seal_key(secret: bytes, key: bytes, purpose: str) -> bytes:
    """A key that travels under the community's key."""
    return encrypt(AESGCM(key), secret, purpose.encode())


def open_key(sealed: bytes, key: bytes, purpose: str) -> bytes:
    """Raises StoreError."""
    try:
        return decrypt(AESGCM(key), sealed, purpose.encode())
    except (InvalidTag, ValueError) as error:
        raise StoreError(
            "a key from another box cannot be opened", where=purpose, hint="try again"
        ) from error


def _bound(epoch: int, ref: str, encoder: str) -> bytes:
    return f"community template\0{epoch}\0{ref}\0{encoder}".encode()


def _between(shared: bytes, publics: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"gate/fleet/1/" + publics).derive(shared)
