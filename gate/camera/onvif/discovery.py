"""WS-Discovery: which cameras there are in this network."""

from __future__ import annotations

import contextlib
import socket
import time
import uuid
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from gate.camera.onvif import soap
from gate.errors import CameraError

GROUP = ("239.255.255.250", 3702)
_SCOPE = "onvif://www.onvif.org/"


@dataclass(frozen=True, slots=True)
class Found:
    """A device that answered.

    Attributes:
        address: of its device service, http://…
        name, hardware: as it says; "" when it does not.
    """

    address: str
    name: str = ""
    hardware: str = ""


def probe(message: str) -> bytes:
    """The question; ``message`` is its id, which answers quote."""
    header = (
        f"<wsa:MessageID>{message}</wsa:MessageID>"
        "<wsa:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</wsa:To>"
        "<wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</wsa:Action>"
    )
    return soap.envelope("<d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe>", header)


def matches(data: bytes, message: str, sender: str) -> list[Found]:
    """Devices in an answer; none when it is another's, damaged, or leads to another host."""
    try:
        root = soap.parse(data, sender)
    except CameraError:
        return []
    if soap.text(root, "s:Header/wsa:RelatesTo") != message:
        return []
    found = []
    for match in root.iterfind(".//d:ProbeMatch", soap.NAMES):
        addresses = [a for a in soap.text(match, "d:XAddrs").split() if a.startswith("http")]
        # an address that is not the sender's own is that of somebody else's device, or a lure
        own = [a for a in addresses if urlsplit(a).hostname == sender]
        scopes = soap.text(match, "d:Scopes").split()
        if own:
            found.append(Found(own[0], _scope(scopes, "name"), _scope(scopes, "hardware")))
    return found


def find(seconds: float = 3.0, address: str = "") -> list[Found]:
    """Ask the network of ``address`` (one of this machine; "": the default way out).

    Raises CameraError: no network.
    """
    message = f"urn:uuid:{uuid.uuid4()}"
    found: dict[str, Found] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        try:
            if address:
                own = socket.inet_aton(address)
                line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
            line.bind((address, 0))
            line.sendto(probe(message), GROUP)
        except OSError as error:
            raise CameraError(
                f"cameras cannot be looked for: {error.strerror or error}",
                where=address or "this machine's network",
                hint="check the network, or name this machine's address in the cameras' network",
            ) from None
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            line.settimeout(left)
            with contextlib.suppress(OSError):
                data, (sender, _) = line.recvfrom(1 << 16)
                for device in matches(data, message, sender):
                    found.setdefault(device.address, device)
    return sorted(found.values(), key=lambda device: device.address)


def _scope(scopes: list[str], kind: str) -> str:
    start = f"{_SCOPE}{kind}/"
    named = next((scope for scope in scopes if scope.startswith(start)), "")
    name = unquote(named.removeprefix(start))
    return name[:60] if name.isprintable() else ""
