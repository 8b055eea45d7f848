"""The desk's own authority and certificate, for tablets on the local network.

The authority's certificate is installed once on each tablet; the desk's, signed by it, is renewed
by the desk itself a month before it ends, and tablets notice nothing.
"""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from gate.integrations import pki
from gate.integrations.pki import make_authority, make_certificate, renew_certificate

FOLDER = "desk-tls"  # in the data folder
NAME = "desk"
LOCAL = "gate.local"
RENEW_BEFORE = timedelta(days=30)


def own_hosts() -> tuple[str, ...]:
    """The names and addresses under which this box is reached: gate.local, its own, its address."""
    name = socket.gethostname().split(".")[0].lower()
    hosts = [LOCAL, name, f"{name}.local", "localhost", "127.0.0.1"]
    if address := own_address():
        hosts.append(address)
    return tuple(dict.fromkeys(host for host in hosts if host and not host.startswith(".")))


def own_address() -> str:
    """The address towards the network, "" without one; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # for documentation, never reached
            return str(probe.getsockname()[0])
        except OSError:
            return ""


def make(data: Path, hosts: tuple[str, ...]) -> tuple[Path, Path, Path]:
    """Authority, certificate and key, made where they are missing, with ``hosts`` in force.

    Raises BrokerError.
    """
    folder = data / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    make_authority(folder)
    certificate = folder / f"{NAME}.crt"
    if certificate.exists() and hosts_of(certificate) != set(hosts):
        certificate.unlink()
        (folder / f"{NAME}.key").unlink(missing_ok=True)
    make_certificate(folder, NAME, hosts)
    return folder / "ca.crt", certificate, folder / f"{NAME}.key"


def hosts_of(certificate: Path) -> set[str]:
    """The names and addresses a certificate is for."""
    return set(pki.hosts_of(x509.load_pem_x509_certificate(certificate.read_bytes())))


def renew_if_due(data: Path, now: datetime | None = None) -> bool:
    """Renew the desk's certificate when it ends within a month. Raises BrokerError."""
    path = data / FOLDER / f"{NAME}.crt"
    if not path.exists():
        return False
    ends = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    if ends - (now or datetime.now(UTC)) > RENEW_BEFORE:
        return False
    renew_certificate(data / FOLDER, NAME)
    return True
