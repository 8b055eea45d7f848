"""Signs a command with Ed25519, sends it to a gate over MQTT 5 and waits for the answer.

The signature covers the bytes of the payload as they are sent; the payload is a string inside the
message, so nothing has to be canonicalised.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

CONTEXT = b"access-gate command 1\0"
LIFETIME = 30_000  # milliseconds for which the command is valid


def signed(key: Ed25519PrivateKey, gate: str, command: str, now: int, **arguments: Any) -> bytes:
    """The message for the topic ``gate/<name>/command``; ``now`` in Unix milliseconds."""
    payload = json.dumps(
        {
            "id": str(uuid.uuid4()),
            "gate": gate,
            "command": command,
            "time": now,
            "expires": now + LIFETIME,
            "counter": now,  # has to grow from command to command; the time does
            "arguments": arguments,
        }
    )
    public = key.public_key().public_bytes_raw()
    return json.dumps(
        {
            "key": hashlib.sha256(public).digest()[:8].hex(),
            "payload": payload,
            "signature": base64.b64encode(key.sign(CONTEXT + payload.encode())).decode(),
        }
    ).encode()


def ask(host: str, port: int, gate: str, message: bytes, timeout: float) -> dict[str, Any] | None:
    """The gate's answer to ``message``, or None after ``timeout`` seconds."""
    correlation = uuid.uuid4().bytes
    ready, answered = threading.Event(), threading.Event()
    answers: list[dict[str, Any]] = []

    def received(client: paho.Client, userdata: Any, answer: paho.MQTTMessage) -> None:
        if getattr(answer.properties, "CorrelationData", None) == correlation:
            answers.append(json.loads(answer.payload))
            answered.set()

    def connected(client: paho.Client, *_: Any) -> None:
        client.subscribe(f"gate/{gate}/answer", qos=1)

    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_connect = connected
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = received
    client.connect(host, port)
    client.loop_start()
    try:
        if ready.wait(timeout):
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.ResponseTopic = f"gate/{gate}/answer"
            properties.CorrelationData = correlation
            properties.MessageExpiryInterval = LIFETIME // 1000
            client.publish(f"gate/{gate}/command", message, qos=1, properties=properties)
            answered.wait(timeout)
    finally:
        client.disconnect()
        client.loop_stop()
    return answers[0] if answers else None


def main() -> None:
    options = argparse.ArgumentParser(description="Send a signed command to a gate.")
    options.add_argument("command", help="open, hold, lockdown, normal, reload or sync")
    options.add_argument("--gate", required=True, help="the gate's name")
    options.add_argument("--key", type=Path, required=True, help="from `gate keys make`")
    options.add_argument("--reason", default="")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=1883)
    options.add_argument("--timeout", type=float, default=10.0, help="seconds")
    chosen = options.parse_args()
    key = load_pem_private_key(chosen.key.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        sys.exit(f"{chosen.key} is not an Ed25519 key; make one with `gate keys make`")
    arguments = {"reason": chosen.reason} if chosen.reason else {}
    message = signed(key, chosen.gate, chosen.command, int(time.time() * 1000), **arguments)
    answer = ask(chosen.host, chosen.port, chosen.gate, message, chosen.timeout)
    print(json.dumps(answer))
    sys.exit(2 if answer is None else 0 if answer["result"] == "done" else 1)


if __name__ == "__main__":
    main()
