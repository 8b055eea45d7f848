"""Which names the desk answers to: a page of another site that points its name here gets nothing.

Without this check a hostile site could rebind its name to the desk's address (DNS rebinding) and
read the answers in a clerk's browser as its own.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit


def own_names(host: str, more: Iterable[str] = ()) -> frozenset[str]:
    """What ``Host`` may hold: this machine's name, what it listens to, what is configured."""
    machine = socket.gethostname().lower()
    names = {machine, f"{machine}.local", "localhost", host.lower(), *(n.lower() for n in more)}
    return frozenset(names)


def is_own(header: str, names: frozenset[str]) -> bool:
    """Whether a ``Host`` header names the desk.

    A numeric address is always ours: a browser that was led here by a name sends that name, so an
    address in ``Host`` cannot come from rebinding.
    """
    try:
        name = (urlsplit(f"//{header}").hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name in names
    return True
