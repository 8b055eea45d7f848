"""A small certificate authority for one site: broker, gates, receivers.

Where a function takes ``keys``, that is the folder of the authority's own key, ``ca.key``; None:
the folder of the certificates.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gate import files
from gate.errors import BrokerError

_AUTHORITY_DAYS = 3650
_DAYS = 825

Key = ec.EllipticCurvePrivateKey


def make_authority(folder: Path, keys: Path | None = None) -> None:
    """``ca.key`` (mode 0600) and ``ca.crt``; kept when they are there. Raises BrokerError."""
    if (folder / "ca.crt").exists():
        return
    key, certificate = new_authority()
    _write(folder, "ca", key, certificate, keys)


def make_certificate(
    folder: Path, name: str, hosts: tuple[str, ...] = (), keys: Path | None = None
) -> bool:
    """``name.key`` and ``name.crt``: for a broker with ``hosts``, else for a client.

    The common name is what the broker's ACL calls the client. False when they are there already.
    Raises BrokerError when the authority cannot be read.
    """
    if (folder / f"{name}.crt").exists():
        return False
    authority, signer = _authority(folder, keys)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = certify(authority, signer, key.public_key(), name, hosts)
    _write(folder, name, key, certificate)
    return True


def new_authority(
    name: str = "access gate authority", since: datetime | None = None
) -> tuple[Key, x509.Certificate]:
    """A key and its own certificate, which may sign those of others; it counts from ``since`` (with
    zone), or from an hour ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(_name(name), _name(name), key.public_key(), _AUTHORITY_DAYS, since)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def certify(
    authority: x509.Certificate,
    signer: Key,
    public: ec.EllipticCurvePublicKey,
    name: str,
    hosts: tuple[str, ...] = (),
    days: int = _DAYS,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> x509.Certificate:
    """Signed by ``authority`` for a public key: with ``hosts`` a server's, else a client's.

    It counts from an hour ago for ``days``, or from ``since`` to ``until`` (with zone).
    """
    use = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = (
        _builder(_name(name), authority.subject, public, days, since, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if hosts:
        names = x509.SubjectAlternativeName([_host(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signer, hashes.SHA256())


def renew_certificate(folder: Path, name: str, keys: Path | None = None) -> None:
    """New key and certificate for a name that has one, with the same hosts.

    The old ones are kept as ``.old``, and stay valid until they end or are revoked. Each file is
    replaced, never away: cut off in between, the key may be newer than its certificate, and doing
    it again puts that right. Raises BrokerError.
    """
    old = _certificate(folder, name)
    authority, signer = _authority(folder, keys)
    try:
        if _fits(folder / f"{name}.key", old):
            for ending, mode in (("crt", None), ("key", 0o600)):
                file = folder / f"{name}.{ending}"
                files.replace(file.with_name(f"{file.name}.old"), file.read_bytes(), mode)
    except OSError as error:
        raise _unwritable(folder, error) from error
    key = ec.generate_private_key(ec.SECP256R1())
    _write(folder, name, key, certify(authority, signer, key.public_key(), name, hosts_of(old)))


def _fits(file: Path, certificate: x509.Certificate) -> bool:
    """Whether a key is that of the certificate."""
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except (FileNotFoundError, ValueError, TypeError):
        return False
    return key.public_key() == certificate.public_key()


def hosts_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """The names and addresses a certificate is for; () for a client's."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(host.value) for host in names)


def write_revocations(folder: Path, revoke: str | None = None, keys: Path | None = None) -> None:
    """``ca.crl``: those revoked so far and the certificate of ``revoke``. Raises BrokerError.

    It has no early end: a list that expires would shut everybody out.
    """
    authority, signer = _authority(folder, keys)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.subject)
        .last_update(now - timedelta(hours=1))
        .next_update(now + timedelta(days=_AUTHORITY_DAYS))
    )
    target = folder / "ca.crl"
    known = {}
    if target.exists():
        known = {row.serial_number: row for row in x509.load_pem_x509_crl(target.read_bytes())}
    if revoke is not None:
        serial = _certificate(folder, revoke).serial_number
        known[serial] = (
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
        )
    for row in known.values():
        builder = builder.add_revoked_certificate(row)
    crl = builder.sign(signer, hashes.SHA256())
    files.replace(target, crl.public_bytes(serialization.Encoding.PEM))


def _certificate(folder: Path, name: str) -> x509.Certificate:
    path = folder / f"{name}.crt"
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BrokerError(
            f"there is no certificate for {name}",
            where=str(path),
            hint="check the name",
        ) from error


def _authority(folder: Path, keys: Path | None) -> tuple[x509.Certificate, Key]:
    private = (keys or folder) / "ca.key"
    try:
        certificate = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
        key = serialization.load_pem_private_key(private.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise BrokerError(
            f"the authority cannot be read: {getattr(error, 'strerror', None) or error}",
            where=str(private),
            hint="put ca.key back from where you keep it, or begin in an empty folder",
        ) from error
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return certificate, key


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    days: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        # an hour of grace: the clock of a box without a battery may be late
        .not_valid_before(since or now - timedelta(hours=1))
        .not_valid_after(until or now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _write(
    folder: Path, name: str, key: Key, certificate: x509.Certificate, keys: Path | None = None
) -> None:
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if keys is not None:
            keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.replace((keys or folder) / f"{name}.key", private, 0o600)
        public = certificate.public_bytes(serialization.Encoding.PEM)
        files.replace(folder / f"{name}.crt", public)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> BrokerError:
    return BrokerError(
        f"the certificates cannot be written: {error.strerror}",
        where=str(folder),
        hint="choose a folder you may write to",
    )
