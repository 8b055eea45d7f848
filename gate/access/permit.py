"""Electronic permits (电子出入证): a signed text short enough for a QR code on an old phone.

The text is ``GP1:`` and base 45 (RFC 9285, the characters of a QR code's alphanumeric mode) of

    bytes  what
    2      which key signed: the first bytes of the SHA-256 of the public key
    8      serial
    8      holder: the first half of the pseudonym
    1      kind of the holder
    4, 4   valid from, until: minutes since 1970, big-endian; until is not included
    2      uses, 0 for no limit
    1, n   gates: length, then names in ASCII with commas between, empty for all
    64     Ed25519 signature (RFC 8032) of everything before it, prefixed with ``GP1:``
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gate.access.base45 import b45decode, b45encode
from gate.access.decision import Kind
from gate.errors import AccessError

PREFIX = "GP1:"
_HEAD = struct.Struct(">2s8s8sBIIHB")
_SIGNATURE = 64
_LONGEST = 600  # characters; a longer text is not a permit
_KINDS = tuple(Kind)
_GATE = re.compile(r"^[a-z0-9-]{1,32}$")


@dataclass(frozen=True, slots=True)
class Permit:
    """What a permit says.

    Attributes:
        serial, holder: 16 hexadecimal digits each; ``holder`` begins the person's ``ref``.
        uses: how often it opens, 0 for no limit.
        gates: names; empty for every gate.
    """

    serial: str
    holder: str
    kind: Kind
    valid_from: datetime
    valid_until: datetime
    uses: int = 0
    gates: frozenset[str] = frozenset()


class PermitRefused(AccessError):
    """The text is not a valid permit of this site. ``code``: the reason code."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what, hint="request a new permit, or contact the staff")
        self.code = code


def writable(gate: str) -> bool:
    """Whether a permit can hold the identifier of a gate."""
    return bool(_GATE.match(gate))


def key_id(public: Ed25519PublicKey) -> bytes:
    """Two bytes that identify which of the known keys to try."""
    return hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).digest()[:2]


def sign(permit: Permit, key: Ed25519PrivateKey) -> str:
    """The text of the permit.

    Raises:
        AccessError: a gate's name, the validity or the number of uses cannot be written.
    """
    gates = ",".join(sorted(permit.gates)).encode()
    begin, end = _minutes(permit.valid_from), -(-int(permit.valid_until.timestamp()) // 60)
    if not all(map(writable, permit.gates)) or len(gates) > 200:
        raise AccessError("the gates of a permit cannot be written", hint="name fewer gates")
    if not 0 <= permit.uses < 65536 or not 0 <= begin < end:
        raise AccessError(
            "the validity or number of uses of a permit is out of range",
            hint="choose a validity and a number of uses within the limits of [access.permit]",
        )
    body = _HEAD.pack(
        key_id(key.public_key()),
        bytes.fromhex(permit.serial),
        bytes.fromhex(permit.holder),
        _KINDS.index(permit.kind),
        begin,
        end,
        permit.uses,
        len(gates),
    )
    body += gates
    return PREFIX + b45encode(body + key.sign(PREFIX.encode() + body))


def read(text: str, keys: Mapping[bytes, Ed25519PublicKey]) -> Permit:
    """What a text says, if one of ``keys`` (by ``key_id``) signed it.

    Raises:
        PermitRefused: ``permit_unreadable`` when it is cut or something else,
            ``permit_forged`` when the signature or the key is not ours.
    """
    text = text.strip().upper()
    if not text.startswith(PREFIX) or len(text) > _LONGEST:
        raise PermitRefused("permit_unreadable", "this is not a permit")
    try:
        data = b45decode(text[len(PREFIX) :])
        body, signature = data[:-_SIGNATURE], data[-_SIGNATURE:]
        wanted, serial, holder, kind, begin, end, uses, length = _HEAD.unpack_from(body)
    except (ValueError, struct.error):
        raise PermitRefused("permit_unreadable", "the permit is truncated or damaged") from None
    key = keys.get(wanted)
    if key is None:
        raise PermitRefused("permit_forged", "the permit is signed with an unknown key")
    try:
        key.verify(signature, PREFIX.encode() + body)
    except InvalidSignature:
        raise PermitRefused("permit_forged", "the signature of the permit is invalid") from None
    gates = body[_HEAD.size :].decode("ascii", "replace")
    if len(gates) != length or kind >= len(_KINDS):
        raise PermitRefused("permit_unreadable", "the permit is of an unknown kind")
    return Permit(
        serial=serial.hex(),
        holder=holder.hex(),
        kind=_KINDS[kind],
        valid_from=datetime.fromtimestamp(begin * 60, UTC),
        valid_until=datetime.fromtimestamp(end * 60, UTC),
        uses=uses,
        gates=frozenset(filter(None, gates.split(","))),
    )


def check(
    permit: Permit,
    now: datetime,
    gate: str,
    *,
    used: int = 0,
    revoked: bool = False,
    tolerance: float = 0.0,
) -> str:
    """Why a genuine permit does not open this gate now, as a reason code; empty when it does.

    ``tolerance``: seconds by which the clocks of issuer and gate may differ; a clock that is
    further off refuses, as nobody can know which of the two is right.
    """
    slack = timedelta(seconds=tolerance)
    if revoked:
        return "permit_revoked"
    if now < permit.valid_from - slack:
        return "permit_not_yet_valid"
    if now >= permit.valid_until + slack:
        return "permit_expired"
    if permit.gates and gate not in permit.gates:
        return "permit_wrong_gate"
    if permit.uses and used >= permit.uses:
        return "permit_used_up"
    return ""


def _minutes(when: datetime) -> int:
    return int(when.timestamp()) // 60
