"""Serves the hub with TLS in both directions: a box shows the certificate it got when paired."""

from __future__ import annotations

import socket
import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.datastructures import Headers
from starlette.responses import Response

from gate import files
from gate.hub.app import CERTIFICATE, Hub, create_app
from gate.hub.authority import Authority
from gate.sockets import BoundedHttp, listen

MOST = 64 << 20  # bytes of a request
MOST_OF_STRANGERS = 64 << 10  # without a certificate: a box that is being paired sends 2 KB

# at one time: after the hub was away all boxes come back at once, perhaps from one address
HANDSHAKES = 1024


class MutualTls(BoundedHttp):
    """uvicorn's HTTP, which passes the connection's client certificate to the application.

    Boxes may have as many connections as they are; who shows no certificate shares a few.
    """

    def connection_made(self, transport: Any) -> None:
        tls = transport.get_extra_info("ssl_object")
        der = tls.getpeercert(binary_form=True) if tls is not None else None
        self.known = der is not None
        super().connection_made(transport)
        app = self.app

        async def with_certificate(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, CERTIFICATE: der}, receive, send)

        self.app = with_certificate


def build_server(hub: Hub) -> uvicorn.Server:
    """The key of the server itself is new at every start and lies in no file afterwards."""
    config = uvicorn.Config(
        bounded(create_app(hub)),
        http=MutualTls,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=60,
    )
    config.load()
    config.ssl = tls_context(hub.authority, own_names(hub.settings.hosts))
    return uvicorn.Server(config)


def listen_for_boxes(host: str, port: int) -> socket.socket:
    """Bound and listening. Raises ConfigurationError when the address cannot be used."""
    return listen("hub", "hub", host, port, handshakes=HANDSHAKES)


def tls_context(authority: Authority, hosts: tuple[str, ...]) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = authority.for_hub(key.public_key(), hosts)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_OPTIONAL  # a box that is not paired yet has none
    context.load_verify_locations(cadata=authority.pem)
    with tempfile.TemporaryDirectory() as folder:  # the library reads keys from files only
        file = Path(folder) / "hub.pem"
        private = key.private_bytes(
            Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        files.create(file, private + certificate.public_bytes(Encoding.PEM))
        context.load_cert_chain(file)
    return context


def own_names(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """With those of this machine, each once."""
    own = ("localhost", "127.0.0.1", "::1", socket.gethostname(), socket.getfqdn())
    return tuple(dict.fromkeys(name for name in (*hosts, *own) if name))


def bounded(app: Callable[..., Any]) -> Callable[..., Any]:
    """Refuses bodies longer than ``MOST``, or than ``MOST_OF_STRANGERS`` without a certificate,
    with or without a length in the head."""

    async def limited(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        size = 0
        most = MOST if scope.get(CERTIFICATE) else MOST_OF_STRANGERS
        length = Headers(scope=scope).get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:20]) > most:
            await Response(status_code=413)(scope, receive, send)
            return

        async def counted() -> Any:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > most:
                return {"type": "http.disconnect"}
            return message

        await app(scope, counted, send)

    return limited
