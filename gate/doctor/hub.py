"""Whether this box hears its hub, and the hub this box. Nothing is changed at either."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from cryptography import x509

from gate.config.settings import Settings
from gate.doctor.finding import Finding, Level
from gate.doctor.register import is_ready
from gate.errors import StoreError
from gate.replica import reach
from gate.replica.apply import CURSOR
from gate.replica.identity import LEAVING, Identity, trusting
from gate.replica.join import anybody, folder_of
from gate.replica.lease import KEPT, Lease
from gate.replica.snapshot import PART as ARRIVING
from gate.replica.snapshot import arrived
from gate.store.key_value import JOINED
from gate.store.store import Store

PART = "hub"
_TIMEOUT = httpx.Timeout(5.0, connect=3.0)  # seconds
_DAY = 86_400
_CLOCKS = (reach.HUB_EXPIRED, reach.HUB_EARLY, reach.NOT_ACCEPTED)


def hub(settings: Settings) -> Iterator[Finding]:
    """Paired or not; each address of the hub asked once, with this box's certificate; lease and
    first load. Raises StoreError."""
    if not is_ready(settings):
        return
    with Store.open(settings.store, settings.data, create=False) as store:
        identity = Identity.kept(store, folder_of(settings.data))
        joined = store.key_values.get(JOINED) or {}
        kept, cursor = store.key_values.get(KEPT), store.key_values.get(CURSOR)
    if identity is None:
        yield Finding(PART, Level.OK, "this box belongs to no hub")
        return
    if LEAVING in joined:
        yield Finding(
            PART, Level.BAD, "this box has not left its hub entirely", "`gate leave` again"
        )
        return
    try:
        tls = identity.tls()
        end = x509.load_pem_x509_certificate(
            (identity.folder / "box.crt").read_bytes()
        ).not_valid_after_utc
    except (OSError, ValueError) as error:
        says = f"the certificate of this box cannot be read: {error}"
        yield Finding(PART, Level.BAD, says, reach.PAIR)
        return
    now = datetime.now(UTC)
    why = {url: _asked(url, tls, identity) for url in identity.urls}
    heard = None in why.values()
    if now >= end:
        says = f"the certificate of this box has ended on {end:%Y-%m-%d}, by its own clock"
        hint = f"set the clock if it is wrong; otherwise {reach.PAIR}"
        yield Finding(PART, Level.BAD, says, hint)
    for url, fault in why.items():
        if fault is None:
            yield Finding(PART, Level.OK, f"{url}: it answers and knows this box")
        else:
            level = Level.WARN if heard else Level.BAD
            yield Finding(PART, level, f"{url}: {fault.what}", _hint(url, fault))
    lease = Lease.kept(kept, now)
    if lease.over:
        limit, away = lease.limit / _DAY, lease.away / _DAY
        says = f"without the hub for {away:.1f} days, where {limit:.1f} are allowed: faces are off"
        hint = "cards go on; once the hub is heard all faces are loaded again by themselves"
        yield Finding(PART, Level.WARN if heard else Level.BAD, says, hint)
    shut_out = any(fault and fault.what.startswith(reach.SHUT_OUT) for fault in why.values())
    if cursor is None and not shut_out:
        yield _loading(*arrived(identity.folder / ARRIVING))


def _loading(done: int, of: int) -> Finding:
    if not of:
        says = "nothing of the register has arrived yet"
        hint = "it comes while the gate runs and hears the hub: `systemctl status gate`"
        return Finding(PART, Level.WARN, says, hint)
    says = f"the register is being loaded: {done:,} of {of:,} have arrived"
    hint = (
        "leave it on; until all are here the gate goes on with whom it has, a new one with nobody"
    )
    return Finding(PART, Level.WARN, says, hint)


def _asked(url: str, tls: ssl.SSLContext, identity: Identity) -> StoreError | None:
    """None: it answers and knows this box. Its keys are asked for, which changes nothing at the
    hub; they are not opened."""
    try:
        with httpx.Client(verify=tls, timeout=_TIMEOUT, trust_env=False) as client:
            response = client.get(f"{url}/keys")
            if response.status_code == 410:
                return reach.shut_out(str(response.json().get("detail", "")))
            if response.status_code != 200:
                return reach.why_status(response.status_code)
            return None if "epoch" in response.json() else reach.NO_HUB
    except (httpx.HTTPError, OSError, ValueError, AttributeError) as error:
        why = reach.why_not(error)
    # TLS tells that a certificate is refused only after it has begun, and may break off before
    # that is read: who shows none is answered
    trusted = trusting((identity.folder / "authority.crt").read_text())
    if why is reach.ENDED and _time_of(url, trusted) is not None:
        return reach.NOT_ACCEPTED
    return why


def _time_of(url: str, tls: ssl.SSLContext) -> datetime | None:
    """The hub's clock, as a hub tells everybody; None where it does not."""
    try:
        with httpx.Client(verify=tls, timeout=_TIMEOUT, trust_env=False) as client:
            return parsedate_to_datetime(client.get(f"{url}/authority").headers["date"])
    except (httpx.HTTPError, OSError, ValueError, KeyError):
        return None


def _hint(url: str, error: StoreError) -> str:
    if error not in _CLOCKS or (theirs := _time_of(url, anybody())) is None:
        return error.hint
    ours = datetime.now(UTC)
    return (
        f"it is {ours:%Y-%m-%d %H:%M} UTC by this box, {theirs:%Y-%m-%d %H:%M} by the hub: set the "
        f"clock that is wrong; if both are right, {reach.PAIR}"
    )
