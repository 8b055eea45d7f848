"""Makes a box one of a hub, without enrolling anybody again, and takes it out."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import delete, select

from gate.errors import AccessError, StoreError
from gate.fleet.pairing import proof, proved, split
from gate.fleet.records import Records, base64_text
from gate.fleet.scope import EVERYBODY
from gate.fleet.sealing import seal_key, unwrap
from gate.replica import reach
from gate.replica.apply import CURSOR, PENDING
from gate.replica.identity import (
    Identity,
    KeysLostError,
    forget,
    leaving,
    new_signing_key,
    remember,
    trusting,
    write_certificate,
    write_key,
)
from gate.replica.lease import KEPT
from gate.store.key_value import AUTHORITY, JOINED
from gate.store.store import HUB, Store
from gate.store.tables import KeyValueRow, OutboxRow, PersonRow, ReplicaRow

_PAGE = 100  # people in one message
_TIMEOUT = httpx.Timeout(30, connect=5)


@dataclass(frozen=True, slots=True)
class Joined:
    """How many of the box's own people were new to the hub, known there already, and of how many
    somebody else has the card."""

    gate: str
    new: int
    known: int
    double: int


def folder_of(data: Path) -> Path:
    return data / "hub"


def join(store: Store, data: Path, gate: str, urls: tuple[str, ...], code: str) -> Joined:
    """Pair with a hub, and take this box's people, rules and cards there.

    ``urls`` are all addresses of the hub. The box belongs to it once everything is there: after a
    link that broke off in between, it is alone as before. Raises StoreError, AccessError for a code
    that is none.
    """
    if store.key_values.get(JOINED):
        raise StoreError(
            "this box belongs to a hub already",
            where=str(folder_of(data)),
            hint="`gate leave` first",
        )
    parts = split(code)
    if parts is None:
        raise AccessError(
            "that is no pairing code",
            where=code[:40],
            hint="write the 16 characters the desk shows, with or without hyphens",
        )
    urls = tuple(_checked(url) for url in urls)
    identity = _pair(store, data, gate, urls, *parts)
    try:
        done = upload(store, identity)
    except StoreError as error:
        raise StoreError(
            f"the people of this box have not all arrived at the hub: {error.what}",
            where=error.where,
            hint="this box is alone as before, and keeps everybody; once that is put right, make "
            "a new code and `gate join` again: nobody arrives twice",
        ) from error
    remember(store, identity)
    return done


def upload(store: Store, identity: Identity) -> Joined:
    """Take the people of this box to the hub; again after it was cut off does no harm. Raises
    StoreError."""
    url = identity.urls[0]
    try:
        return _upload(store, identity, url)
    except (httpx.HTTPError, OSError) as error:
        raise _away(error, url) from error


def _upload(store: Store, identity: Identity, url: str) -> Joined:
    new = known = double = 0
    with httpx.Client(verify=identity.tls(), timeout=_TIMEOUT, trust_env=False) as client:
        keys = _json(client.get(f"{url}/keys"), url)
        epoch = keys["epoch"]
        wrapped = base64.b64decode(keys["template"])
        key = unwrap(wrapped, identity.sealing, f"template {epoch}")
        records = Records(store)
        cards = [base64_text(seal_key(card, key, "card")) for card in store.vault.card_keys]
        first = {"epoch": epoch, "rules": records.rules(), "card_keys": cards}
        _json(client.post(f"{url}/upload", json=first), url)
        after = 0
        while True:
            page = select(PersonRow.id).where(PersonRow.id > after).order_by(PersonRow.id)
            with store.database.read() as session:
                people = session.scalars(page.limit(_PAGE)).all()
                some, _ = records.of(session, people, EVERYBODY, epoch, key)
            if not people:
                return Joined(identity.gate, new, known, double)
            after = people[-1]
            done = _json(client.post(f"{url}/upload", json={"epoch": epoch, "records": some}), url)
            new, known = new + done["new"], known + done["known"]
            double += done["double"]


def leave(store: Store, data: Path, *, ask: bool = True) -> bool:
    """Be alone again, with the people that are here now. Whether the hub has heard of it.

    The box is the first to know, so that a gate that runs does not take itself to be shut out and
    delete everybody, and the keys go before it forgets that it had any: cut off anywhere, it may be
    done again. ``ask`` False: do not try to reach the hub. Nor can a box whose keys are lost.
    Raises StoreError for a box that is alone.
    """
    identity = None
    try:
        identity = Identity.kept(store, folder_of(data))
        alone = identity is None
    except KeysLostError:
        alone = False
    if alone:
        raise StoreError(
            "this box belongs to no hub", where=str(data), hint="nothing is to be done"
        )
    leaving(store)
    heard = False
    if ask and identity is not None:
        try:
            with httpx.Client(verify=identity.tls(), timeout=_TIMEOUT, trust_env=False) as client:
                heard = client.post(f"{identity.urls[0]}/leave").status_code in (200, 410)
        except (httpx.HTTPError, OSError):
            heard = False
    forget(folder_of(data))
    with store.database.write() as session:
        for key in (JOINED, CURSOR, PENDING, KEPT):
            session.execute(delete(KeyValueRow).where(KeyValueRow.key == key))
        session.execute(delete(ReplicaRow))
        session.execute(delete(OutboxRow).where(OutboxRow.receiver == HUB))
    store.events.receivers = tuple(name for name in store.events.receivers if name != HUB)
    return heard


def _pair(
    store: Store, data: Path, gate: str, urls: tuple[str, ...], number: str, secret: bytes
) -> Identity:
    url = urls[0]
    with httpx.Client(verify=anybody(), timeout=_TIMEOUT, trust_env=False) as client:
        authority = _authority_in(_reached(lambda: client.get(f"{url}/authority"), url), url)
    if (store.key_values.get(AUTHORITY) or {}).get("certificate") == authority:
        raise StoreError(
            "this is the hub of the register that this box has itself",
            where=url,
            hint="a gate on the machine of the hub needs a data folder of its own: set another "
            "`data` in its configuration",
        )
    ours = x509.load_pem_x509_certificate(authority.encode()).public_bytes(Encoding.DER)
    signing, public = new_signing_key()
    sealing = X25519PrivateKey.generate()
    sealed_for = sealing.public_key().public_bytes_raw()
    wish = {
        "code": number,
        "gate": gate,
        "signing": base64_text(public),
        "public": base64_text(sealed_for),
        "proof": base64_text(proof(secret, "box", ours, public, sealed_for, gate.encode())),
    }
    # from here on only a server of that authority is talked to, and the proofs cover it
    with httpx.Client(verify=trusting(authority), timeout=_TIMEOUT, trust_env=False) as client:
        answer = _json(_reached(lambda: client.post(f"{url}/pair", json=wish), url), url)
    certificate = x509.load_pem_x509_certificate(answer["certificate"].encode())
    der, orders = certificate.public_bytes(Encoding.DER), bytes.fromhex(answer["orders"])
    given = base64.b64decode(answer["proof"])
    if not proved(given, secret, "hub", ours, der, orders, answer["gate"].encode()):
        raise StoreError(
            "whoever answers does not know the pairing code",
            where=url,
            hint="somebody is between this box and the hub: check the address and the network",
        )
    folder = folder_of(data)
    raw = sealing.private_bytes_raw().hex().encode()
    write_key(folder / "seal.key", raw)
    write_key(folder / "authority.crt", authority.encode())
    write_certificate(folder, signing, answer["certificate"])
    return Identity(folder, answer["box"], answer["gate"], urls, orders, signing, sealing)


def _authority_in(response: httpx.Response, url: str) -> str:
    """The certificate (PEM) of a hub's authority. Raises StoreError where no hub answers."""
    try:
        authority = str(_json(response, url)["authority"])
        x509.load_pem_x509_certificate(authority.encode())
    except (ValueError, KeyError):
        raise _at(reach.NO_HUB, url) from None
    return authority


def _checked(url: str) -> str:
    parts = urlsplit(url if "//" in url else f"https://{url}")
    if parts.scheme != "https" or not parts.hostname:
        raise AccessError(
            "the hub's address must begin with https://",
            where=url[:80],
            hint="write it as the desk shows it, e.g. https://hub.local:8444",
        )
    return f"https://{parts.netloc}"


def anybody() -> ssl.SSLContext:
    """Before the hub's authority is known; nothing secret is sent."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _reached(call: Callable[[], httpx.Response], url: str) -> httpx.Response:
    try:
        return call()
    except (httpx.HTTPError, OSError, ValueError) as error:
        raise _away(error, url) from None


def _away(error: BaseException, url: str) -> StoreError:
    return _at(reach.why_not(error), url)


# what to do of a box that belongs to no hub yet, where it is not what one of a hub has to do
_JOINING = {
    reach.UNNAMED.what: "check how the address is written, the name server and the cable",
    reach.OTHER_HUB.what: "check where this address leads",
    reach.NOT_ACCEPTED.what: reach.CLOCKS,
}


def _at(fault: StoreError, url: str) -> StoreError:
    return StoreError(fault.what, where=url, hint=_JOINING.get(fault.what, fault.hint))


def _json(response: httpx.Response, url: str) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if response.status_code == 200:
        if isinstance(answer, dict):
            return answer
        raise _at(reach.NO_HUB, url)
    if isinstance(answer, dict) and "error" in answer:
        raise StoreError(
            answer["error"], where=answer.get("where", url), hint=answer.get("hint", "")
        )
    if isinstance(answer, dict) and response.status_code == 410:
        raise _at(reach.shut_out(str(answer.get("detail", ""))), url)
    raise _at(reach.why_status(response.status_code), url)
