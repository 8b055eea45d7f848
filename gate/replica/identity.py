"""What makes this box one of a hub: keys, certificate and where the hub is.

The private keys are made here and never leave the box; they lie in ``hub/`` in the data folder.
"""

from __future__ import annotations

import shutil
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from gate import files
from gate.errors import StoreError
from gate.fleet.signing import statement
from gate.replica.reach import PAIR
from gate.store.key_value import JOINED
from gate.store.store import Store


class KeysLostError(StoreError):
    """The box belongs to a hub, and what it would show there is gone or damaged."""


LEAVING = "leaving"  # in the fact that the box has joined
_PLAIN = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


@dataclass(frozen=True, slots=True)
class Identity:
    """Read by ``of``; made when pairing.

    Attributes:
        urls: of the hub, the one to try first first.
        orders: the hub's public key of orders, 32 bytes.
        since: the last event before the box joined: the hub gets what comes after.
    """

    folder: Path
    box: str
    gate: str
    urls: tuple[str, ...]
    orders: bytes
    signing: ec.EllipticCurvePrivateKey
    sealing: X25519PrivateKey
    since: int = 0

    @classmethod
    def of(cls, store: Store, folder: Path) -> Identity | None:
        """None for a box that is alone, or is leaving: it does not follow the hub. Raises
        KeysLostError, StoreError where this user may not read them."""
        fact = store.key_values.get(JOINED)
        return cls.kept(store, folder) if fact and LEAVING not in fact else None

    @classmethod
    def kept(cls, store: Store, folder: Path) -> Identity | None:
        """The same of a box that is leaving, too."""
        fact = store.key_values.get(JOINED)
        if not fact:
            return None
        try:
            _finish(folder)
            signing = serialization.load_pem_private_key((folder / "box.key").read_bytes(), None)
            sealing = bytes.fromhex((folder / "seal.key").read_text())
            assert isinstance(signing, ec.EllipticCurvePrivateKey)
            return cls(
                folder,
                fact["box"],
                fact["gate"],
                tuple(fact["urls"]),
                bytes.fromhex(fact["orders"]),
                signing,
                X25519PrivateKey.from_private_bytes(sealing),
                fact.get("since", 0),
            )
        except PermissionError as error:
            raise StoreError(
                "this box belongs to a hub, but this user may not read its keys",
                where=str(error.filename or folder),
                hint="put sudo before the command; if it is the user gate already: chown -R "
                f"gate:gate {folder}",
            ) from error
        except (OSError, ValueError) as error:
            cause = getattr(error, "strerror", None) or "not a key"
            raise KeysLostError(
                f"this box belongs to a hub, but its keys cannot be read: {cause}",
                where=str(getattr(error, "filename", None) or folder),
                hint=f"put {folder} back from a backup; or {PAIR}",
            ) from error

    def tls(self) -> ssl.SSLContext:
        """Trusts this hub's authority only, under whatever name the hub is reached."""
        context = trusting((self.folder / "authority.crt").read_text())
        context.load_cert_chain(self.folder / "box.crt", self.folder / "box.key")
        return context

    def signed_erasure(self, ref: str, at: str) -> dict[str, str]:
        """A receipt: nothing of ``ref`` is left on this box."""
        signature = self.signing.sign(statement(ref, self.box, at), ec.ECDSA(hashes.SHA256()))
        return {"ref": ref, "at": at, "signature": signature.hex()}


def trusting(authority: str) -> ssl.SSLContext:
    """TLS with servers of one authority (PEM). Their names are not compared: it certifies nobody
    as a server but the hub, and a hub may move to another address."""
    context = ssl.create_default_context(cadata=authority)
    context.check_hostname = False
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def new_signing_key() -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    """A P-256 key and the public half in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return key, public


def write_certificate(folder: Path, key: ec.EllipticCurvePrivateKey, certificate: str) -> None:
    """Put key and certificate (PEM) in place, together. Raises StoreError."""
    private = key.private_bytes(Encoding.PEM, *_PLAIN)
    write_key(folder / "box.key.new", private)
    write_key(folder / "box.crt.new", certificate.encode())
    (folder / "box.key.new").replace(folder / "box.key")
    _finish(folder)


def _finish(folder: Path) -> None:
    """The certificate follows its key: also at the next start, after a power cut between both."""
    certificate = folder / "box.crt.new"
    if certificate.exists() and not (folder / "box.key.new").exists():
        certificate.replace(folder / "box.crt")


def write_key(path: Path, content: bytes) -> None:
    """Mode 0600. Raises StoreError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, content, 0o600, durable=True)
    except OSError as error:
        raise StoreError(
            f"the keys of the hub cannot be written: {error.strerror}",
            where=str(path),
            hint="check owner and room of the data folder",
        ) from error


def remember(store: Store, identity: Identity) -> None:
    """From now on the box belongs to the hub, and a running gate follows it."""
    value: dict[str, Any] = {"box": identity.box, "gate": identity.gate}
    value |= {"urls": list(identity.urls), "orders": identity.orders.hex()}
    value["since"] = store.events.last_sequence(identity.gate)
    store.key_values.set(JOINED, value)


def leaving(store: Store) -> None:
    """From now on this box does not follow its hub: what that says of it no longer counts here."""
    store.key_values.set(JOINED, {**(store.key_values.get(JOINED) or {}), LEAVING: True})


def belongs(store: Store, box: str) -> bool:
    """Whether this is that box of its hub still, and is not leaving."""
    fact = store.key_values.get(JOINED) or {}
    return fact.get("box") == box and LEAVING not in fact


def forget(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
