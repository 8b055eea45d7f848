"""The hub's own certificate authority and the key it signs orders with.

Both lie in the database, sealed with the key file, so every hub of a community, and the desk, has
them by having database and key file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from gate.clock import RELEASED
from gate.errors import StoreError
from gate.integrations.pki import certify, new_authority
from gate.store.key_value import AUTHORITY as _FACT
from gate.store.store import Store
from gate.store.tables import KeyValueRow

BOX_DAYS = 90  # validity of a box's certificate
RENEW_DAYS = 60  # before its end, from when on it is renewed: a box may be off for as long


@dataclass(frozen=True, slots=True)
class Authority:
    """What a community's hub signs with."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    orders: Ed25519PrivateKey

    @classmethod
    def of(cls, store: Store) -> Authority:
        """The community's; made when asked for first. Raises StoreError."""
        kept = store.key_values.get(_FACT)
        if kept is None:
            _make(store)
            kept = store.key_values.get(_FACT) or {}
        raw = store.vault.reveal(bytes.fromhex(kept["key"]), _FACT)
        key = serialization.load_der_private_key(raw, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        orders = store.vault.reveal(bytes.fromhex(kept["orders"]), _FACT)
        certificate = x509.load_pem_x509_certificate(kept["certificate"].encode())
        return cls(certificate, key, Ed25519PrivateKey.from_private_bytes(orders))

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def order_key(self) -> bytes:
        """The public half, 32 bytes, by which boxes know the hub's orders."""
        return self.orders.public_key().public_bytes_raw()

    def for_box(self, public: bytes, name: str) -> x509.Certificate:
        """A client's certificate for a public key in DER. Raises StoreError when it is none.

        It has no beginning of its own: made while the hub's clock was ahead, it would shut the box
        out once that is put right.
        """
        since = self.certificate.not_valid_before_utc
        until = max(datetime.now(UTC), since) + timedelta(days=BOX_DAYS)
        key = public_key(public)
        return certify(self.certificate, self.key, key, name, since=since, until=until)

    def for_hub(
        self, public: ec.EllipticCurvePublicKey, hosts: tuple[str, ...]
    ) -> x509.Certificate:
        """That of one run of the hub. It counts for as long as the authority does, whatever the
        clocks of hub and box say meanwhile: its key is in no file."""
        own = self.certificate
        since, until = own.not_valid_before_utc, own.not_valid_after_utc
        return certify(own, self.key, public, "hub", hosts, since=since, until=until)


def public_key(der: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = serialization.load_der_public_key(der)
    except ValueError:
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise StoreError(
            "the box sent no P-256 key", where="public key", hint="update the box and pair it again"
        )
    return key


def _make(store: Store) -> None:
    key, certificate = new_authority("access gate hub", since=min(RELEASED, datetime.now(UTC)))
    private = key.private_bytes(
        Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    orders = Ed25519PrivateKey.generate().private_bytes_raw()
    value = {
        "certificate": certificate.public_bytes(Encoding.PEM).decode(),
        "key": store.vault.keep(private, _FACT).hex(),
        "orders": store.vault.keep(orders, _FACT).hex(),
    }
    try:
        with store.database.write() as session:
            if session.get(KeyValueRow, _FACT) is None:
                session.add(KeyValueRow(key=_FACT, value=value))
    except StoreError:
        if store.key_values.get(_FACT) is None:  # not made by another hub meanwhile either
            raise
