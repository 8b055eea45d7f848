"""Why a camera gives no picture: the address, the name, the port, the password or the path.

What decodes pictures only says that it cannot open a source. This asks the source itself, and
changes nothing: it looks at a device, or sends RTSP's DESCRIBE (RFC 2326, with the Basic and Digest
authentication of RFC 2617).
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import socket
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from gate.camera.lasting import lasting
from gate.camera.settings import masked
from gate.errors import CameraError

PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
PATIENCE = 3.0  # seconds for a connection, and for each answer
_HEAD = 16_384  # bytes of an answer that are looked at
_WRITE = "write it like /dev/video0 or rtsp://USER:PASSWORD@192.168.1.64/PATH"
_OPENED = "check the cable, that the daemon has not opened it, and `source` in [[camera]]"
REFUSED = "the camera refuses this user or password"
_TRIES = "correct them in `source`; many cameras lock an account after several tries"
_UNREADABLE = "the address of the camera cannot be read"
_ESCAPE = "in a password write # as %23, / as %2F, ? as %3F, @ as %40 and : as %3A"
_FIELD = re.compile(r'(\w+)="([^"]*)"')


def why_not(source: str, otherwise: str) -> CameraError:
    """What keeps ``source`` from giving a picture, to be shown, not raised.

    Takes up to four times ``PATIENCE``. A camera that has refused the password is not asked with it
    once more.

    Args:
        source: as in the configuration.
        otherwise: what was noticed so far, for when nothing is found here.
    """
    if otherwise == REFUSED:
        return CameraError(REFUSED, where=masked(source), hint=_TRIES)
    what, hint = _found(source) or (otherwise, _OPENED)
    return CameraError(what, where=masked(source), hint=hint)


def _found(source: str) -> tuple[str, str] | None:
    if source.startswith("/dev/"):
        return _device(Path(source))
    try:
        parts = urlsplit(source)
        host, port = parts.hostname, parts.port or PORTS.get(parts.scheme.lower(), 0)
    except ValueError:  # a port that is no number: the beginning of a password with a #, / or ?
        return _UNREADABLE, _ESCAPE
    if parts.scheme.lower() not in PORTS:
        if "@" in source or "://" in source or source.lower().startswith(("rtsp", "http")):
            return "this is not the address of a camera", _WRITE
        there = Path(source).exists()
        return None if there else ("there is no such device, address or recording", _WRITE)
    if not host or not port or "@" in parts.path + parts.query + parts.fragment:
        return _UNREADABLE, _ESCAPE if "@" in source else _WRITE
    return _at(source, parts, host, port)


def _device(path: Path) -> tuple[str, str] | None:
    if not path.exists():
        found = sorted(Path("/dev").glob("video*"))
        others = ", ".join(str((lasting(str(one)) or [one])[0]) for one in found)
        hint = f"plug it in, or name one of {others}" if others else "plug it in; none is there"
        return "there is no such device", hint
    if not os.access(path, os.R_OK | os.W_OK):
        return (
            "this user may not open the camera",
            "put sudo before the command; the gate's user has to belong to the group video",
        )
    return None


def _at(source: str, parts: SplitResult, host: str, port: int) -> tuple[str, str] | None:
    """A camera in the network: connected to, and for RTSP asked for its stream."""
    try:
        wire = socket.create_connection((host, port), PATIENCE)
    except socket.gaierror:
        return f"the name {host} is not known", "correct it, or write the camera's IP address"
    except ConnectionRefusedError:
        return f"{host} has nothing at port {port}", "switch RTSP on in the camera, or correct it"
    except OSError:  # no route, or no answer in time
        hint = "check the camera's address, power and cable, and that it shares the box's network"
        return f"nothing answers at {host}, port {port}", hint
    with wire:
        wire.settimeout(PATIENCE)
        try:
            return _asked(wire, source, parts) if parts.scheme.lower() == "rtsp" else None
        except OSError:
            hint = "restart the camera; many take a minute to start, or few viewers at a time"
            return "the camera takes the connection but does not answer", hint


def _asked(wire: socket.socket, source: str, parts: SplitResult) -> tuple[str, str] | None:
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    address = source.replace(parts.netloc, parts.netloc.rpartition("@")[2], 1)
    status, head = _describe(wire, address, 1)
    if status == 401 and not user:
        return "the camera asks for a user and a password", _WRITE
    if status == 401:
        status, _ = _describe(wire, address, 2, _permission(head, address, user, password))
        if status in (401, 403):
            return REFUSED, _TRIES
    if status == 404:
        hint = f"`gate camera streams {parts.hostname} --user NAME` shows the addresses it has"
        return "the camera has no stream at this path", hint
    if status == 0:
        return "what answers there does not speak RTSP", "correct host and port"
    return None


def _describe(wire: socket.socket, address: str, number: int, more: str = "") -> tuple[int, str]:
    """Status and head of the answer; status 0: it is not RTSP. Raises OSError."""
    wire.sendall(f"DESCRIBE {address} RTSP/1.0\r\nCSeq: {number}\r\n{more}\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _HEAD:
        came = wire.recv(4096)
        if not came:
            break
        head += came
    text = head.decode("latin-1")
    found = re.match(r"RTSP/1\.\d (\d{3})", text)
    return int(found[1]) if found else 0, text


def _permission(head: str, address: str, user: str, password: str) -> str:
    """The header that answers what a refusal asked for; "" where that is neither of the two."""
    asked = re.search(r"(?im)^WWW-Authenticate: *(Digest\b.*)$", head)
    if asked:
        given = dict(_FIELD.findall(asked[1]))
        realm, nonce = given.get("realm", ""), given.get("nonce", "")
        ours = _digest(f"{user}:{realm}:{password}"), _digest(f"DESCRIBE:{address}")
        answer = _digest(f"{ours[0]}:{nonce}:{ours[1]}")
        return (
            f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", '
            f'uri="{address}", response="{answer}"\r\n'
        )
    if re.search(r"(?im)^WWW-Authenticate: *Basic\b", head):
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        return f"Authorization: Basic {pair}\r\n"
    return ""


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
