"""Signed commands: how one is made, and how one is judged. Pure; see docs/mqtt.md.

The signature (Ed25519, RFC 8032) is over the very bytes of the payload, so there is no canonical
form to get wrong.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gate.integrations.settings import CommandName, CommandSettings

COMMANDS: tuple[str, ...] = get_args(CommandName)
LONGEST = 4096  # bytes of a whole message
SKEW = 5.0  # seconds by which a sender's clock may be ahead
LIFETIME = 60.0  # seconds a command may be valid at most
PER_MINUTE = 30  # commands of one key in a minute; more are refused
_CONTEXT = b"access-gate command 1\0"
_COUNTER_MOST = 2**63 - 1
_AHEAD = 3_600_000  # milliseconds a counter may be ahead of our clock
_ARGUMENT_MOST = 2**47  # milliseconds since 1970 in the year 6429; no sequence is as high


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody orders. Times are Unix milliseconds.

    Attributes:
        counter: larger than in any earlier command of the same key to the same gate.
        arguments: ``until`` (milliseconds) for "hold"; ``first`` and ``last`` (sequences to send
            again) for "sync"; ``reason`` for any.
    """

    id: str
    gate: str
    name: str
    time: int
    expires: int
    counter: int
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Key:
    """A key the gate knows."""

    id: str
    name: str
    public: bytes
    commands: frozenset[str]
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the judgement depends on besides the message and the time.

    Attributes:
        counters: the last counter taken from each key.
        recent: Unix milliseconds of the commands taken from each key in the last minute.
        obeyed: whether a command was obeyed before, by its name and id; asked only where the
            counter says nothing.
    """

    gate: str
    keys: Mapping[str, Key]
    counters: Mapping[str, int]
    recent: Mapping[str, Sequence[int]]
    settings: CommandSettings
    obeyed: Callable[[str, str], bool] = lambda name, id: False


@dataclass(frozen=True, slots=True)
class Accepted:
    command: Command
    key: Key


@dataclass(frozen=True, slots=True)
class Refused:
    """``reason`` is one of the codes of docs/mqtt.md. Id, name and key only if the signature is
    right: before that they are somebody's say-so."""

    reason: str
    id: str | None = None
    name: str | None = None
    key: str | None = None


def key_id(public: bytes) -> str:
    """The name of a public key: the first 8 bytes of its SHA-256, in hex."""
    return hashlib.sha256(public).hexdigest()[:16]


def sign(private: Ed25519PrivateKey, command: Command) -> bytes:
    """The message for a command."""
    payload = json.dumps(
        {
            "id": command.id,
            "gate": command.gate,
            "command": command.name,
            "time": command.time,
            "expires": command.expires,
            "counter": command.counter,
            "arguments": dict(command.arguments),
        }
    )
    return json.dumps(
        {
            "key": key_id(private.public_key().public_bytes_raw()),
            "payload": payload,
            "signature": base64.b64encode(private.sign(_CONTEXT + payload.encode())).decode(),
        }
    ).encode()


def order(name: str, gate: str, at: int, *, lifetime: int = 30_000, **arguments: object) -> Command:
    """A command given now; its time in milliseconds serves as its counter."""
    return Command(str(uuid4()), gate, name, at, at + lifetime, at, arguments)


def is_signed(raw: bytes, keys: Mapping[str, Key]) -> bool:
    """Whether a message carries the right signature of one of ``keys``. Never raises."""
    envelope = _parse(raw) if len(raw) <= LONGEST else None
    if envelope is None or not all(
        isinstance(envelope.get(name), str) for name in ("key", "payload", "signature")
    ):
        return False
    key = keys.get(envelope["key"])
    return key is not None and _signed(key, envelope["payload"], envelope["signature"])


def judge(raw: bytes, known: Known, now: int) -> Accepted | Refused:
    """Whether a message is to be obeyed. ``now`` is Unix milliseconds. Never raises."""
    if len(raw) > LONGEST:
        return Refused("too_long")
    envelope = _parse(raw)
    if envelope is None:
        return Refused("not_json")
    if set(envelope) != {"key", "payload", "signature"} or not all(
        isinstance(value, str) for value in envelope.values()
    ):
        return Refused("wrong_form")
    key = known.keys.get(envelope["key"])
    if key is None:
        return Refused("unknown_key")
    if not _signed(key, envelope["payload"], envelope["signature"]):
        return Refused("bad_signature")
    command = _command(envelope["payload"])
    if command is None:
        return Refused("wrong_form", key=key.id)
    reason = _objection(command, key, known, now)
    if reason:
        return Refused(reason, command.id, command.name, key.id)
    return Accepted(command, key)


def _objection(command: Command, key: Key, known: Known, now: int) -> str | None:
    rules = known.settings
    last = known.counters.get(key.id, -1)
    ahead = last > now + _AHEAD
    if ahead:
        # taken while our clock was ahead: kept, it would lock the key out until that time comes.
        # Messages of then are refused as from the future. But perhaps our clock is behind now, and
        # messages of this time are old ones
        last = -1
    minute = [at for at in known.recent.get(key.id, ()) if now - 60_000 < at <= now]
    checks = (
        (key.revoked, "revoked_key"),
        (command.gate != known.gate, "other_gate"),
        (command.name not in key.commands, "not_entitled"),
        (command.time > now + SKEW * 1000, "from_future"),
        (command.expires <= now, "expired"),
        (command.expires - command.time > LIFETIME * 1000, "valid_too_long"),
        (command.expires <= command.time, "wrong_form"),
        (command.counter == last, "replayed"),
        (command.counter < last, "out_of_order"),
        (ahead and known.obeyed(command.name, command.id), "replayed"),
        # a counter far ahead would lock out its own key permanently
        (command.counter > now + _AHEAD, "counter_too_large"),
        (command.name == "hold" and not _hold_is_allowed(command, rules, now), "wrong_arguments"),
        (len(minute) >= PER_MINUTE, "too_many"),
    )
    return next((reason for wrong, reason in checks if wrong), None)


def _hold_is_allowed(command: Command, rules: CommandSettings, now: int) -> bool:
    until = command.arguments.get("until")
    return isinstance(until, int) and now < until <= now + rules.hold_most * 1000


def _signed(key: Key, payload: str, signature: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(
            base64.b64decode(signature, validate=True), _CONTEXT + payload.encode()
        )
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _command(payload: str) -> Command | None:
    """The command in a payload whose signature is right; None if it is none."""
    values = _parse(payload.encode())
    wanted = {"id", "gate", "command", "time", "expires", "counter", "arguments"}
    if values is None or set(values) != wanted:
        return None
    if values["command"] not in COMMANDS or not isinstance(values["gate"], str):
        return None
    if not all(_is_count(values[key]) for key in ("time", "expires", "counter")):
        return None
    arguments = values["arguments"]
    if not isinstance(arguments, dict) or not set(arguments) <= {
        "until",
        "first",
        "last",
        "reason",
    }:
        return None
    if not all(_is_argument(name, value) for name, value in arguments.items()):
        return None
    try:
        identity = str(UUID(values["id"]))
    except (ValueError, AttributeError, TypeError):
        return None
    return Command(
        identity,
        values["gate"],
        values["command"],
        values["time"],
        values["expires"],
        values["counter"],
        arguments,
    )


def _is_argument(name: str, value: object) -> bool:
    if name != "reason":
        return type(value) is int and 0 <= value <= _ARGUMENT_MOST
    # half a surrogate pair can be written nowhere
    return isinstance(value, str) and len(value) <= 200 and value.isascii() | value.isprintable()


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _COUNTER_MOST


def _parse(raw: bytes) -> dict[str, Any] | None:
    """A JSON object without doubled members; None for anything else."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise ValueError("duplicate member")
        return members

    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
