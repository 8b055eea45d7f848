"""TLS of the gate as a client."""

from __future__ import annotations

import ssl
from pathlib import Path


def client_context(
    ca: Path | None, certificate: Path | None = None, key: Path | None = None
) -> ssl.SSLContext:
    """TLS 1.2 or newer, the server's name checked. Raises OSError (SSLError): files unusable.

    Args:
        ca: the authority of the server's certificate; None: those of the system.
        certificate, key: the client's own, where the server asks for one.
    """
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None and key is not None:
        context.load_cert_chain(certificate, key)
    return context
