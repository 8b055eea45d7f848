"""The desk in the local network by multicast DNS: a tablet finds it as gate.local."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from zeroconf import Error, InterfaceChoice, IPVersion, ServiceInfo, Zeroconf

from gate.setup.desk_certificate import LOCAL, own_address

log = logging.getLogger(__name__)

SERVICE = "_https._tcp.local."


@contextmanager
def announced(
    gate: str,
    port: int,
    address: str = "",
    interfaces: Sequence[str] | InterfaceChoice = InterfaceChoice.Default,
) -> Iterator[bool]:
    """Answer for gate.local while the block runs; yields whether it could be announced.

    Where another box has the name already, this one is ``gate-NAME.local``. A network without
    multicast is no reason not to serve.
    """
    address = address or own_address()
    if not address:
        yield False
        return
    try:
        zeroconf = Zeroconf(interfaces=interfaces, ip_version=IPVersion.V4Only)
    except OSError as error:
        log.warning("desk.unannounced", extra={"cause": str(error)})
        yield False
        return
    try:
        done = _register(zeroconf, gate, port, address)
        yield done
    finally:
        zeroconf.close()


def _register(zeroconf: Zeroconf, gate: str, port: int, address: str) -> bool:
    for server in (f"{LOCAL}.", f"gate-{gate}.local."):
        info = ServiceInfo(
            SERVICE,
            f"{gate} desk.{SERVICE}",
            port=port,
            addresses=[socket.inet_aton(address)],
            properties={"path": "/"},
            server=server,
        )
        try:
            zeroconf.register_service(info)
        except (Error, OSError):
            continue
        return True
    log.warning("desk.unannounced", extra={"cause": "the name is taken"})
    return False
