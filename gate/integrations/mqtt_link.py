"""One connection to a broker: birth message, last will, retained state, subscription."""

from __future__ import annotations

import json
import logging
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gate.errors import BrokerError
from gate.integrations.connection import new_client, refusal, tls_context
from gate.integrations.settings import MqttSettings
from gate.integrations.topics import Topics

log = logging.getLogger(__name__)

SESSION_EXPIRY = 86_400  # seconds the broker keeps our session while we are away
PACKET = 65_536  # bytes of a message the broker may send us; a command has 4,096 at most
WINDOW = 20  # messages in flight: what Mosquitto takes
RETRY_FIRST = 1.0  # seconds before the second attempt to connect; doubles up to retry_most
OFTEN, OFTEN_WITHIN = 3, 60.0  # breaks within so many seconds are no accident
_TAKEN_OVER = 142  # MQTT 5, 3.14.2.1: session taken over

OnMessage = Callable[[paho.MQTTMessage], None]
# connection, number of the message in it, whether the broker took it
OnAcknowledged = Callable[[int, int, bool], None]


class Link:
    """A connection that keeps itself up. Callbacks run in paho's thread and must be quick.

    Retained state is kept here and published again after every reconnect, for a broker that lost
    its memory.
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
        self.window = WINDOW
        self.up = threading.Event()
        self.connection = 0  # the number of the newest connection that came up
        self._settings = settings
        self._on_message = on_message
        self._on_acknowledged = on_acknowledged
        self._breaks: deque[float] = deque(maxlen=OFTEN)  # monotonic seconds
        self._lock = threading.Lock()  # guards _retained
        self._retained: dict[str, bytes] = {}
        self._tls: ssl.SSLContext | None = None
        self._current: tuple[int, paho.Client | None] = (0, None)
        self._made = 0
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
        """Connect in the background and keep trying. Raises BrokerError: unusable certificates."""
        if self._settings.ca is not None:
            self._tls = tls_context(self._settings)
        self._thread.start()

    def stop(self) -> None:
        """Publish ``offline`` and disconnect."""
        self._stopping.set()  # first: its own farewell comes back and must not be corrected
        farewell = self.publish(self.topics.status, b"offline", retain=True)
        if farewell is not None:
            with suppress(ValueError, RuntimeError):  # the connection broke meanwhile
                farewell.wait_for_publish(2.0)
        self._down.set()
        self._thread.join(10.0)

    def _keep_up(self) -> None:
        """A client for each connection: what was under way in an old one is not paho's to send
        again, the outbox does that in order."""
        wait = RETRY_FIRST
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
                        f"the broker does not answer: {getattr(error, 'strerror', None) or error}",
                        where=self.where,
                        hint="check that it runs, and [mqtt] host and port; events wait meanwhile",
                    )
                )
            else:
                client.loop_start()
                self._down.wait()
                self.up.clear()
                client.disconnect()
                client.loop_stop()
            if time.monotonic() - started > self._settings.retry_most:
                wait = RETRY_FIRST
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
        connection: int | None = None,
    ) -> paho.MQTTMessageInfo | None:
        """QoS 1; None while there is no connection, or ``connection`` is not the present one.

        A message for one connection never goes out on the next: each has a client of its own.
        """
        number, client = self._current
        if not self.up.is_set() or client is None or connection not in (None, number):
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
        return client.publish(topic, payload, qos=1, retain=retain, properties=properties)

    def retain(self, topic: str, value: dict[str, Any] | str) -> bool:
        """Publish a retained state if it changed, and after every reconnect. True if it did."""
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        payload = text.encode()
        with self._lock:
            if self._retained.get(topic) == payload:
                return False
            self._retained[topic] = payload
        self.publish(topic, payload, retain=True)
        return True

    def _make(self) -> paho.Client:
        settings = self._settings
        client = new_client(
            settings, f"{self.topics.prefix.replace('/', '-')}-{self.topics.gate}", self._tls
        )
        self._made += 1
        client.user_data_set(self._made)
        client.will_set(self.topics.status, b"offline", qos=1, retain=True)
        client.max_inflight_messages_set(WINDOW)  # paho queues what is beyond
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_publish = self._published
        client.on_message = self._received
        return client

    def _session(self) -> dict[str, Any]:
        if not self.is_5:
            return {}
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_EXPIRY
        properties.MaximumPacketSize = PACKET
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
        # a broker that takes less than configured: leave half of it to states and answers
        self.window = WINDOW if most >= WINDOW else max(1, most // 2)
        if self._on_message is not None:
            wanted = [self.topics.command, self.topics.button("+")]
            if self.is_5:
                # a live message shows its retain flag, and none of before is sent
                options = SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=2)
                client.subscribe([(topic, options) for topic in [*wanted, self.topics.status]])
            else:
                client.subscribe([(topic, 1) for topic in wanted])
        with self._lock:
            retained = {self.topics.status: b"online", **self._retained}
        self._current = (userdata, client)
        self.connection = userdata
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
        if reason.value == _TAKEN_OVER:
            self._fault(
                BrokerError(
                    "another client connected under the name of this gate",
                    where=f"{self.where}, {self.topics.gate}",
                    hint="two gates must not have the same name: give each its own name and "
                    "certificate; otherwise revoke the certificate (`gate broker revoke`)",
                )
            )
        elif was_up and reason.is_failure:
            self._fault(self._broke(str(reason)))

    def _broke(self, reason: str) -> BrokerError:
        """What to say of a connection that broke; not every broker says that it was taken over."""
        self._breaks.append(time.monotonic())
        if len(self._breaks) == OFTEN and self._breaks[-1] - self._breaks[0] < OFTEN_WITHIN:
            return BrokerError(
                f"the connection to the broker broke {OFTEN} times within a minute: {reason}",
                where=f"{self.where}, {self.topics.gate}",
                hint="see whether another gate has the same name: two of one name throw each other "
                "off for as long as both run; otherwise look at the network and the broker's log",
            )
        return BrokerError(
            f"the connection to the broker broke: {reason}",
            where=self.where,
            hint="nothing if it comes back by itself; events wait meanwhile",
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
            self._on_acknowledged(userdata, mid, not reason.is_failure)

    def _received(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        if message.topic == self.topics.status:
            if self._stopping.is_set():
                return
            if message.payload != b"online" and self.up.is_set():
                log.warning("broker.status_overwritten", extra={"broker": self.where})
                self.publish(self.topics.status, b"online", retain=True)
        elif self._on_message is not None:
            self._on_message(message)
