"""Keys of tests, a command signed with one, and every way to forge it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.clock import ManualClock
from gate.integrations.settings import CommandSettings
from gate.integrations.signed_command import (
    Key,
    Known,
    Refused,
    judge,
    key_id,
    order,
    sign,
)

CLOCK = ManualClock(start=datetime(2026, 6, 1, 12, tzinfo=UTC))
NOW = int(CLOCK.utc().timestamp() * 1000)
OURS = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
THEIRS = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = OURS.public_key().public_bytes_raw()
KEY = Key(key_id(PUBLIC), "desk", PUBLIC, frozenset({"open", "hold", "normal"}))


def known(**changes: object) -> Known:
    values = {
        "gate": "north",
        "keys": {KEY.id: KEY},
        "counters": {},
        "recent": {},
        "settings": CommandSettings(),
    }
    return Known(**{**values, **changes})  # type: ignore[arg-type]


def reason(raw: bytes, state: Known | None = None, now: int = NOW) -> str:
    verdict = judge(raw, state or known(), now)
    return verdict.reason if isinstance(verdict, Refused) else "accepted"


GOOD = order("open", "north", NOW)


def with_payload(text: str) -> bytes:
    """Rightly signed, whatever the payload is."""
    import base64

    signature = OURS.sign(b"access-gate command 1\0" + text.encode())
    return json.dumps(
        {"key": KEY.id, "payload": text, "signature": base64.b64encode(signature).decode()}
    ).encode()


def changed(**members: object) -> bytes:
    payload = json.loads(json.loads(sign(OURS, GOOD))["payload"])
    return with_payload(json.dumps({**payload, **members}))


def altered() -> bytes:
    message = json.loads(sign(OURS, GOOD))
    message["payload"] = message["payload"].replace("open", "hold")
    return json.dumps(message).encode()


def under_our_name() -> bytes:
    return json.dumps({**json.loads(sign(THEIRS, GOOD)), "key": KEY.id}).encode()


FORGED = {
    "another's key": (sign(THEIRS, GOOD), "unknown_key"),
    "another's key under our name": (under_our_name(), "bad_signature"),
    "altered after signing": (altered(), "bad_signature"),
    "for another gate": (sign(OURS, order("open", "south", NOW)), "other_gate"),
    "not entitled": (sign(OURS, order("lockdown", "north", NOW)), "not_entitled"),
    "expired": (sign(OURS, order("open", "north", NOW - 31_000)), "expired"),
    "from the future": (sign(OURS, order("open", "north", NOW + 6_000)), "from_future"),
    "valid for a day": (
        sign(OURS, order("open", "north", NOW, lifetime=86_400_000)),
        "valid_too_long",
    ),
    "counter that would lock the key out": (changed(counter=2**62), "counter_too_large"),
    "held open for a week": (
        sign(OURS, order("hold", "north", NOW, until=NOW + 604_800_000)),
        "wrong_arguments",
    ),
    "held open without an end": (sign(OURS, order("hold", "north", NOW)), "wrong_arguments"),
    "truncated": (sign(OURS, GOOD)[:-20], "not_json"),
    "empty": (b"", "not_json"),
    "1 MB": (b"x" * 1_000_000, "too_long"),
    "not JSON": (b"\xff\xfe open the door", "not_json"),
    "JSON bomb": (b"[" * 4000, "not_json"),
    "JSON bomb with objects": (b'{"a":' * 800, "not_json"),
    "a list": (b"[1, 2]", "not_json"),
    "a member too many": (
        json.dumps({**json.loads(sign(OURS, GOOD)), "admin": "1"}).encode(),
        "wrong_form",
    ),
    "a member twice": (b'{"key": "a", "key": "b", "payload": "", "signature": ""}', "not_json"),
    "wrong types outside": (b'{"key": 1, "payload": {}, "signature": null}', "wrong_form"),
    "signature not base64": (
        json.dumps({**json.loads(sign(OURS, GOOD)), "signature": "!!"}).encode(),
        "bad_signature",
    ),
    "time as text": (changed(time=str(NOW)), "wrong_form"),
    "time as fraction": (changed(time=NOW + 0.5), "wrong_form"),
    "time not a number": (changed(time=float("nan")), "wrong_form"),
    "counter true": (changed(counter=True), "wrong_form"),
    "negative counter": (changed(counter=-1), "wrong_form"),
    "huge counter": (changed(counter=10**30), "wrong_form"),
    "command as list": (changed(command=["open"]), "wrong_form"),
    "unknown command": (changed(command="explode"), "wrong_form"),
    "id not a UUID": (changed(id="../../etc/passwd"), "wrong_form"),
    "arguments nested": (changed(arguments={"reason": {"a": 1}}), "wrong_form"),
    "unknown argument": (changed(arguments={"door": 1}), "wrong_form"),
    "payload a list": (with_payload("[]"), "wrong_form"),
    "payload no JSON": (with_payload("open"), "wrong_form"),
}
