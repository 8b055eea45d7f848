"""One connection to a broker: birth and last will, retained state, subscription. paho-mqtt 2."""

from __future__ import annotations

import json
import logging
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gate.errors import BrokerError
from gate.events.settings import MqttSettings
from gate.events.topics import Topics

log = logging.getLogger(__name__)

OnMessage = Callable[[paho.MQTTMessage], None]
OnAcknowledged = Callable[[int, bool], None]  # message number, whether the broker took it


class Link:
    """A connection that keeps itself up. Callbacks run in paho's thread and must be quick.

    Retained state is remembered here and told again after every reconnect, so a broker that lost
    its memory learns it anew.
    """

    def __init__(
        self,
        settings: MqttSettings,
        topics: Topics,
        *,
        on_message: OnMessage | None = None,
        on_acknowledged: OnAcknowledged | None = None,
    ) -> None:
        self.topics = topics
        self.fault: BrokerError | None = None
        self.window = settings.window
        self.up = threading.Event()
        self.connections = 0  # how often we came up
        self._settings = settings
        self._on_message = on_message
        self._on_acknowledged = on_acknowledged
        self._lock = threading.Lock()  # guards _retained
        self._retained: dict[str, bytes] = {}
        self._tls: ssl.SSLContext | None = None
        self._client = self._make()
        self._down = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_up, name="mqtt-link", daemon=True)

    @property
    def where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    @property
    def is_5(self) -> bool:
        return self._settings.protocol == "5"

    def start(self) -> None:
        """Connect in the background, for ever. Raises BrokerError for unusable certificates."""
        if self._settings.ca is not None:
            self._tls = tls_context(self._settings)
        self._thread.start()

    def stop(self) -> None:
        """Say ``offline`` and go."""
        farewell = self.publish(self.topics.status, b"offline", retain=True)
        if farewell is not None:
            with suppress(ValueError, RuntimeError):  # the connection broke meanwhile
                farewell.wait_for_publish(2.0)
        self._stopping.set()
        self._down.set()
        self._thread.join(10.0)

    def _keep_up(self) -> None:
        """A client for each connection: what was under way in an old one is not paho's to send
        again, the outbox does that in order."""
        wait: float = self._settings.retry_first
        while not self._stopping.is_set():
            client = self._make()
            self._down.clear()
            started = time.monotonic()
            try:
                client.connect(
                    self._settings.host,
                    self._settings.port,
                    self._settings.keepalive,
                    **self._session(),
                )
            except (OSError, ValueError) as error:
                self._fault(
                    BrokerError(
                        f"the broker does not answer: {error}",
                        where=self.where,
                        mend="check that it runs, and [mqtt] host and port; events wait meanwhile",
                    )
                )
            else:
                self._client = client
                client.loop_start()
                self._down.wait()
                self.up.clear()
                client.disconnect()
                client.loop_stop()
            if time.monotonic() - started > self._settings.retry_most:
                wait = self._settings.retry_first
            self._stopping.wait(wait)
            wait = min(2 * wait, self._settings.retry_most)

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        user: tuple[tuple[str, str], ...] = (),
        correlation: bytes | None = None,
    ) -> paho.MQTTMessageInfo | None:
        """QoS 1; None while there is no connection."""
        if not self.up.is_set():
            return None
        properties = None
        if self.is_5:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            if payload[:1] == b"{":
                properties.ContentType = "application/json"
            properties.PayloadFormatIndicator = 1
            if user:
                properties.UserProperty = list(user)
            if correlation is not None:
                properties.CorrelationData = correlation
        return self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)

    def retain(self, topic: str, value: dict[str, Any] | str) -> None:
        """A retained state: told now if it is new, and after every reconnect."""
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        payload = text.encode()
        with self._lock:
            if self._retained.get(topic) == payload:
                return
            self._retained[topic] = payload
        self.publish(topic, payload, retain=True)

    def _make(self) -> paho.Client:
        settings = self._settings
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{self.topics.prefix.replace('/', '-')}-{self.topics.gate}",
            protocol=version(settings),
            clean_session=None if self.is_5 else False,
            reconnect_on_failure=False,
        )
        if self._tls is not None:
            client.tls_set_context(self._tls)
        if settings.username:
            client.username_pw_set(settings.username, settings.password.get_secret_value())
        client.will_set(self.topics.status, b"offline", qos=1, retain=True)
        client.max_inflight_messages_set(settings.window)  # paho queues what is beyond
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_publish = self._published
        client.on_message = self._received
        return client

    def _session(self) -> dict[str, Any]:
        if not self.is_5:
            return {}
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self._settings.session_expiry
        return {"clean_start": False, "properties": properties}

    def _connected(
        self,
        client: paho.Client,
        userdata: Any,
        flags: paho.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._fault(refusal(str(reason), self.where))
            self._down.set()
            return
        self.fault = None
        most = getattr(properties, "ReceiveMaximum", 65_535)
        # a broker that takes less than we were told: leave half of it to states and answers
        self.window = self._settings.window if most >= self._settings.window else max(1, most // 2)
        if self._on_message is not None:
            client.subscribe([(self.topics.command, 1), (self.topics.button("+"), 1)])
        with self._lock:
            retained = {self.topics.status: b"online", **self._retained}
        self.connections += 1
        self.up.set()
        for topic, payload in retained.items():
            self.publish(topic, payload, retain=True)
        log.info("broker.connected", extra={"broker": self.where})

    def _disconnected(
        self,
        client: paho.Client,
        userdata: Any,
        flags: paho.DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        was_up = self.up.is_set()
        self.up.clear()
        self._down.set()
        if was_up and reason.is_failure:
            self._fault(
                BrokerError(
                    f"the connection to the broker broke: {reason}",
                    where=self.where,
                    mend="nothing if it comes back by itself; events wait meanwhile",
                )
            )

    def _fault(self, error: BrokerError) -> None:
        if self.fault is None or self.fault.what != error.what:
            log.warning("broker.fault", extra={"cause": error.what, "broker": self.where})
        self.fault = error

    def _published(
        self,
        client: paho.Client,
        userdata: Any,
        mid: int,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._fault(refusal(str(reason), self.where))
        if self._on_acknowledged is not None:
            self._on_acknowledged(mid, not reason.is_failure)

    def _received(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        if self._on_message is not None:
            self._on_message(message)


def version(settings: MqttSettings) -> MQTTProtocolVersion:
    """The protocol as paho names it."""
    return MQTTProtocolVersion.MQTTv5 if settings.protocol == "5" else MQTTProtocolVersion.MQTTv311


def refusal(reason: str, where: str) -> BrokerError:
    """The error for a broker that answers and says no."""
    low = reason.lower()
    if "user name" in low or "authori" in low or "identifier" in low:
        return BrokerError(
            f"the broker refuses us: {reason}",
            where=where,
            mend="check [mqtt] username and password, the certificate's name and the broker's ACL",
        )
    return BrokerError(f"the broker refuses: {reason}", where=where, mend="see the broker's log")


def tls_context(settings: MqttSettings) -> ssl.SSLContext:
    """TLS 1.2 or newer, the broker's name checked. Raises BrokerError for unusable files."""
    try:
        context = ssl.create_default_context(cafile=str(settings.ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.certificate is not None and settings.key is not None:
            context.load_cert_chain(settings.certificate, settings.key)
    except (OSError, ssl.SSLError) as error:
        raise BrokerError(
            f"the certificates cannot be used: {error}",
            where=f"{settings.ca}, {settings.certificate}, {settings.key}",
            mend="make new ones with `gate broker setup`",
        ) from error
    return context


def check(settings: MqttSettings, topics: Topics, timeout: float = 5.0) -> None:
    """Connect once, for ``gate doctor``. Raises BrokerError with what is wrong."""
    own = Topics(topics.prefix, f"{topics.gate}-check")
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=own.gate,
        protocol=version(settings),
    )
    if settings.username:
        client.username_pw_set(settings.username, settings.password.get_secret_value())
    if settings.ca is not None:
        client.tls_set_context(tls_context(settings))
    answer: list[ReasonCode] = []
    done = threading.Event()

    def connected(c: paho.Client, u: Any, f: Any, reason: ReasonCode, p: Any) -> None:
        answer.append(reason)
        done.set()

    client.on_connect = connected
    where = f"{settings.host}:{settings.port}"
    mend = "check that it runs, and [mqtt] host and port"
    try:
        client.connect(settings.host, settings.port, settings.keepalive)
    except (OSError, ValueError) as error:
        raise BrokerError(f"the broker does not answer: {error}", where=where, mend=mend) from error
    client.loop_start()
    done.wait(timeout)
    client.disconnect()
    client.loop_stop()
    if not answer:
        raise BrokerError("the broker does not answer to MQTT", where=where, mend=mend)
    if answer[0].is_failure:
        raise refusal(str(answer[0]), where)
