"""Receives the events of all gates over MQTT 5, each exactly once and in order.

MQTT delivers at least once: after a lost connection, or a restart of the gate or the broker, an
event may arrive twice. Each gate numbers its events without gaps, so the last number handled of
each gate is all a receiver has to remember. A gate restored from a backup numbers in a new epoch,
so the number is kept per epoch. It is stored in the same transaction as whatever is made of the
event.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

Event = dict[str, Any]
Handler = Callable[[Event, sqlite3.Connection], None]

SESSION = 7 * 24 * 3600  # seconds for which the broker keeps events while this program is away


class Receiver:
    """Passes each event of each gate to ``handle`` once."""

    def __init__(self, database: Path, handle: Handler) -> None:
        # paho calls from its network thread
        self._db = sqlite3.connect(database, check_same_thread=False)
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS last"
            " (gate TEXT, epoch INTEGER, sequence INTEGER, PRIMARY KEY (gate, epoch))"
        )
        self._handle = handle

    def receive(self, payload: bytes | bytearray) -> bool:
        """Whether the event was new. Raises ValueError or KeyError for what is no event."""
        event = json.loads(payload)
        sequence = event["sequence"]
        series = (event["gate"], event.get("epoch", 0))  # older gates send no epoch
        row = self._db.execute(
            "SELECT sequence FROM last WHERE gate = ? AND epoch = ?", series
        ).fetchone()
        if row and sequence <= row[0]:
            return False
        with self._db:  # both or neither
            self._handle(event, self._db)
            self._db.execute("REPLACE INTO last VALUES (?, ?, ?)", (*series, sequence))
        return True


def connect(receiver: Receiver, host: str, port: int, prefix: str, client_id: str) -> paho.Client:
    """A client that subscribes after every connection; the caller runs its loop."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5)

    def connected(client: paho.Client, *_: Any) -> None:
        # exactly the events: state and answers have topics of their own
        client.subscribe(f"{prefix}/+/event", qos=1)
        print("connected", flush=True)

    def received(client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        # the message is acknowledged when this returns, and not if it raises
        try:
            receiver.receive(message.payload)
        except (ValueError, KeyError, TypeError) as error:
            print(f"ignored, not an event: {error}", flush=True)

    def subscribed(*_: Any) -> None:
        print("subscribed", flush=True)  # from now on the broker keeps what is not received

    client.on_connect = connected
    client.on_subscribe = subscribed
    client.on_message = received
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = SESSION
    client.connect(host, port, clean_start=False, properties=properties)
    return client


def show(event: Event, db: sqlite3.Connection) -> None:
    """Replace this by what you do with an event; write to ``db`` to stay in the transaction."""
    reasons = ", ".join(event.get("reasons", []))
    print(event["gate"], event["sequence"], event["time"], event["type"], reasons, flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=1883)
    options.add_argument("--prefix", default="gate")
    options.add_argument("--database", type=Path, default=Path("events.db"))
    # fixed, or the broker cannot know that this is the same receiver after a restart
    options.add_argument("--client-id", default="example-receiver")
    chosen = options.parse_args()
    receiver = Receiver(chosen.database, show)
    connect(receiver, chosen.host, chosen.port, chosen.prefix, chosen.client_id).loop_forever()


if __name__ == "__main__":
    main()
