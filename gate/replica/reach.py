"""Why the hub does not answer, in words and with what to do; the same in the log and by doctor."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

import httpx

from gate.errors import StoreError

PAIR = "make a code at the hub's desk, then `gate leave` and `gate join` on this box"
_LOG = "look into the log of the hub"
CLOCKS = "compare the clocks of this box and of the hub, and set the one that is wrong"
SHUT_OUT = "the hub has shut this box out"

# to be shown, never raised
UNNAMED = StoreError(
    "the name of the hub is not known in this network",
    hint="check the network's name server and its cable; if the hub has another name now, make a "
    "code at its desk, then `gate leave` and `gate join` with the new address",
)
REFUSED = StoreError(
    "the hub's machine is there, but nothing listens at this port",
    hint="start `gate hub run` there (systemctl start gate-hub), and look into its log",
)
SILENT = StoreError(
    "nothing answers in time",
    hint="check the hub's machine, its power and cable, and a firewall between it and this box",
)
AWAY = StoreError(
    "the network has no way to the hub's machine",
    hint="check the hub's machine, the cables, and address and gateway of this box",
)
ENDED = StoreError(
    "the connection is ended without an answer",
    hint="look into the log of the hub; it may be starting, or the link may have been cut",
)
OTHER_HUB = StoreError(
    "what answers has a certificate of another authority: it is another hub",
    hint=f"check where this address leads; if the hub was set up again, {PAIR}",
)
HUB_EXPIRED = StoreError(
    "the certificate of the hub has ended, by the clock of this box", hint=CLOCKS
)
HUB_EARLY = StoreError(
    "the certificate of the hub is not valid yet, by the clock of this box", hint=CLOCKS
)
NOT_ACCEPTED = StoreError(
    "the hub does not accept the certificate of this box: by its clock it has ended, or not begun",
    hint=f"{CLOCKS}; if both are right, {PAIR}",
)
NO_HUB = StoreError("something else than a hub answers", hint="check the address and the port")
UNKNOWN_BOX = StoreError(
    "the hub does not know the certificate of this box",
    hint=f"it may have been put back from a backup of before the pairing: {PAIR}",
)
NO_DATABASE = StoreError(
    "the hub answers, but its database cannot be used now",
    hint="look into the log of the hub: its database may be away, or its disk full",
)
BUSY = StoreError(
    "the hub refuses for now: too many connections or requests",
    hint="nothing, if it passes; otherwise look into the log of the hub",
)

_NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}
_EXPIRED, _EARLY = 10, 9  # X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID


def why_not(error: BaseException) -> StoreError:
    """What kept an answer of the hub away: ``error`` is of httpx, or what it was raised from."""
    found = list(_behind(error))
    for one in found:
        if isinstance(one, ssl.SSLCertVerificationError):
            return {_EXPIRED: HUB_EXPIRED, _EARLY: HUB_EARLY}.get(one.verify_code, OTHER_HUB)
        if isinstance(one, ssl.SSLError) and (fault := _of_tls(one)) is not None:
            return fault
    for one in found:
        if isinstance(one, socket.gaierror):
            return UNNAMED
        if isinstance(one, ConnectionRefusedError):
            return REFUSED
        if isinstance(one, TimeoutError | httpx.TimeoutException):
            return SILENT
        if isinstance(one, OSError) and one.errno in _NO_WAY:
            return AWAY
    if any(isinstance(one, httpx.DecodingError | ValueError) for one in found):
        return NO_HUB
    return ENDED


def why_status(status: int) -> StoreError:
    """What an answer means that is neither 200 nor 410."""
    if status == 401:
        return UNKNOWN_BOX
    if status == 503:
        return NO_DATABASE
    if status == 429:
        return BUSY
    if status >= 500:
        return StoreError(f"the hub has an error of its own: status {status}", hint=_LOG)
    return StoreError(
        f"the answer is not one of a hub: status {status}",
        hint="check the address and the port; update the hub where it is older than this box",
    )


def shut_out(reason: str) -> StoreError:
    """``reason``: as the hub gives it, such as "replaced"."""
    return StoreError(
        f"the hub has shut this box out: {reason}", hint=f"if it belongs there, {PAIR}"
    )


def _of_tls(error: ssl.SSLError) -> StoreError | None:
    reason = (error.reason or "").upper()
    if "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason):
        return NOT_ACCEPTED
    if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
        return NO_HUB
    return None


def _behind(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from; of several attempts each."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
