"""A socket for a page that is served."""

from __future__ import annotations

import socket

from gate.errors import ConfigurationError


def listen(section: str, what: str, host: str, port: int) -> socket.socket:
    """Bound and listening; ``host`` a name or an address of either family.

    Args:
        section: of the configuration, where host and port are set.
        what: is served, for the error.

    Raises ConfigurationError when the address cannot be used.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigurationError(
            f"the {what} cannot be served: {error.strerror or error}",
            where=f"[{section}] host and port: {host}:{port}",
            hint="end the other program that uses the port, or choose another port",
        ) from None
