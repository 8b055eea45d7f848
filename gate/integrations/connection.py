"""How a client of the broker is made, and what its refusals mean."""

from __future__ import annotations

import ssl
import threading
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from gate.errors import BrokerError
from gate.integrations.settings import MqttSettings
from gate.integrations.tls import client_context
from gate.integrations.topics import Topics


def new_client(
    settings: MqttSettings, id: str, tls: ssl.SSLContext | None = None, *, lasting: bool = True
) -> paho.Client:
    """A client that is not connected yet; its session is kept by the broker if ``lasting``."""
    five = settings.protocol == "5"
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=id,
        protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
        clean_session=None if five else not lasting,
        reconnect_on_failure=False,
    )
    if tls is not None:
        client.tls_set_context(tls)
    if settings.username:
        client.username_pw_set(settings.username, settings.password.get_secret_value())
    return client


def refusal(reason: str, where: str) -> BrokerError:
    """The error for a broker that refuses."""
    low = reason.lower()
    if "user name" in low or "authori" in low or "identifier" in low:
        return BrokerError(
            f"the broker refuses this client: {reason}",
            where=where,
            hint="check [mqtt] username and password, the certificate's name and the broker's ACL",
        )
    return BrokerError(f"the broker refuses: {reason}", where=where, hint="see the broker's log")


def tls_context(settings: MqttSettings) -> ssl.SSLContext:
    """TLS 1.2 or newer, the broker's name checked. Raises BrokerError for unusable files."""
    try:
        return client_context(settings.ca, settings.certificate, settings.key)
    except OSError as error:
        raise BrokerError(
            f"the certificates cannot be used: {getattr(error, 'strerror', None) or error}",
            where=f"{settings.ca}, {settings.certificate}, {settings.key}",
            hint="make new ones with `gate broker setup`",
        ) from error


def check(settings: MqttSettings, topics: Topics, timeout: float = 5.0) -> None:
    """Connect once, for ``gate doctor``. Raises BrokerError with what is wrong."""
    client = first_contact(settings, f"{topics.gate}-check", timeout)
    client.disconnect()
    client.loop_stop()


def first_contact(settings: MqttSettings, id: str, timeout: float = 5.0) -> paho.Client:
    """A connected client whose loop runs, for one errand. Raises BrokerError."""
    tls = tls_context(settings) if settings.ca is not None else None
    client = new_client(settings, id, tls, lasting=False)
    answer: list[ReasonCode] = []
    done = threading.Event()

    def connected(c: paho.Client, u: Any, f: Any, reason: ReasonCode, p: Any) -> None:
        answer.append(reason)
        done.set()

    client.on_connect = connected
    client.on_disconnect = lambda *_: done.set()
    where = f"{settings.host}:{settings.port}"
    hint = "check that it runs, and [mqtt] host and port"
    try:
        client.connect(settings.host, settings.port, settings.keepalive)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise BrokerError(f"the broker does not answer: {why}", where=where, hint=hint) from error
    client.loop_start()
    done.wait(timeout)
    if answer and not answer[0].is_failure:
        return client
    client.loop_stop()
    if answer:
        raise refusal(str(answer[0]), where)
    raise BrokerError(
        "the broker closed the connection unexpectedly",
        where=where,
        hint="does it want TLS or a client certificate of its own authority? See its log",
    )
