"""Sending a message by Apprise, which knows the services."""

from __future__ import annotations

import logging
import re
from typing import Any, Protocol
from urllib.parse import urlsplit

from gate.errors import BrokerError, ConfigurationError
from gate.notify.settings import NotifyReceiver

_HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9a-fA-F:]+")


class Sender(Protocol):
    def send(self, to: NotifyReceiver, title: str, body: str, *, urgent: bool) -> None:
        """Raises BrokerError when the service does not take it."""
        ...


class AppriseSender:
    """Raises ConfigurationError when Apprise is not installed or does not know an address.

    Args:
        receivers: whose addresses are checked at once.
        section: where in the configuration they are, for errors.
    """

    def __init__(
        self, receivers: tuple[NotifyReceiver, ...], section: str = "[[notify.to]]"
    ) -> None:
        self._section = section
        try:
            import apprise
        except ImportError:
            raise ConfigurationError(
                "notifications need the package apprise",
                where="[notify]",
                hint='pip install "access-gate[notify]"',
            ) from None
        # it logs addresses, with their keys and residents' numbers; what fails is said by us
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        self._apprise = apprise
        for to in receivers:
            self.service(to)

    def send(self, to: NotifyReceiver, title: str, body: str, *, urgent: bool) -> None:
        kind = self._apprise.NotifyType.FAILURE if urgent else self._apprise.NotifyType.WARNING
        try:
            taken = self.service(to).notify(body=body, title=title, notify_type=kind)
        except Exception as error:  # a plugin's own: there are more than a hundred
            raise self._refused(to, type(error).__name__) from None
        if not taken:
            raise self._refused(to, "it was not taken")

    def service(self, to: NotifyReceiver) -> Any:  # Apprise has no types
        """Apprise's object for the address. Raises ConfigurationError."""
        service = self._apprise.Apprise()
        if not service.add(to.url.get_secret_value()):
            raise ConfigurationError(
                "the address is of no service that Apprise knows",
                where=f"{self._section} {to.name}: url",
                hint="write it as docs/operating.md shows: wecombot://KEY, ntfys://TOPIC",
            )
        return service

    def _refused(self, to: NotifyReceiver, why: str) -> BrokerError:
        # the address holds a secret and stays out of it
        return BrokerError(
            f"the notification cannot be sent: {why}",
            where=f"{self._section} {to.name}",
            hint="check address and network with `gate notify test`",
        )


def server_of(service: Any) -> tuple[str, int] | None:
    """Name and TCP port of the machine that is connected to; None where Apprise does not tell.

    Args:
        service: as ``AppriseSender.service`` gives it; the first address counts.
    """
    one = service[0]
    cloud = getattr(one, "cloud_notify_url", "") if getattr(one, "mode", "") == "cloud" else ""
    url = cloud or getattr(one, "notify_url", "") or ""
    parts = urlsplit(url if isinstance(url, str) else "")
    mail = getattr(one, "smtp_host", "")
    if parts.scheme in ("http", "https") and parts.hostname and _HOST.fullmatch(parts.hostname):
        return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    host, port = mail or getattr(one, "host", ""), getattr(one, "port", None)
    # of many services the host is a key
    if not isinstance(host, str) or not _HOST.fullmatch(host) or not (mail or "://" not in url):
        return None
    if not (mail or port or "." in host or host == "localhost"):
        return None
    return host, int(port or (443 if getattr(one, "secure", False) else 80))
