"""Resolves a claim from a reader to a person and, if it does not count, the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from gate.access.decision import Method, Person
from gate.access.permit import Permit, PermitRefused
from gate.access.pin import Guesses
from gate.access.request import Credential
from gate.access.settings import PinSettings
from gate.passage.inputs import Shown
from gate.readers.claim import UNREADABLE, Claim, ClaimKind
from gate.services.permits import PermitBook
from gate.store.credentials import Found
from gate.store.store import Store

_KEPT = 50  # showings that can be looked up again

METHODS = {
    ClaimKind.CARD: Method.CARD,
    ClaimKind.PERMIT: Method.PERMIT,
    ClaimKind.PIN: Method.PIN,
}


class CredentialLookup:
    """Looks claims up in the register. Belongs to one thread; raises StoreError."""

    def __init__(
        self,
        store: Store,
        permits: PermitBook,
        gate: str,
        pins: PinSettings,
        trusted: Callable[[], bool] = lambda: True,
        reserved: Callable[[str], int] = lambda serial: 0,
    ) -> None:
        """
        Args:
            trusted: False while the wall clock cannot be right; then no end of validity is
                believed to lie ahead.
            reserved: how many uses of a permit the register does not have yet.
        """
        self._reserved = reserved
        self._trusted = trusted
        self._store = store
        self._permits = permits
        self._gate = gate
        self._pins = pins
        self.guesses: dict[str, Guesses] = {}  # wrong PINs, by reader
        # by serial: the permit, or kind and hash of a card or PIN
        self._seen: dict[str, Permit | tuple[str, bytes]] = {}

    def look_up(self, claim: Claim, now: datetime) -> Shown:
        """``now``: UTC."""
        if claim.kind is ClaimKind.PERMIT:
            person, credential = self._held_up(claim, now)
        elif claim.kind is ClaimKind.PIN:
            person, credential = self._typed(claim, now)
        else:
            person, credential = self._held(claim, now)
        return Shown(METHODS[claim.kind], person, credential, claim.shown)

    def reach(self) -> None:
        """Ask the register for nothing in particular."""
        self._store.changes.generation()

    def again(
        self, serial: str, now: datetime, *, granted: bool = False
    ) -> tuple[Person | None, Credential]:
        """What was shown a moment ago and was good then, as it is now.

        Args:
            now: UTC.
            granted: a use of a permit is reserved for this very passage.
        """
        seen = self._seen.get(serial)
        if isinstance(seen, Permit):
            return self._examined(seen, now, granted)
        if seen is None:
            return None, Credential("credential_unchecked")
        return self._judged(*seen, now)

    def _held_up(self, claim: Claim, now: datetime) -> tuple[Person | None, Credential]:
        try:
            permit = self._permits.read(claim.value)
        except PermitRefused as refused:
            return None, Credential(refused.code)
        self._remember(permit.serial, permit)
        return self._examined(permit, now)

    def _examined(
        self, permit: Permit, now: datetime, granted: bool = False
    ) -> tuple[Person | None, Credential]:
        reserved = max(0, self._reserved(permit.serial) - granted)
        person, credential = self._permits.examine(permit, self._gate, now, reserved=reserved)
        if not credential.problem and not self._trusted():
            credential = replace(credential, problem="clock_not_set")
        return person, credential

    def _typed(self, claim: Claim, now: datetime) -> tuple[Person | None, Credential]:
        """A PIN, unless too many wrong ones were typed at this keypad."""
        guesses = self.guesses.get(claim.reader, Guesses())
        if guesses.locked(claim.shown):
            return None, Credential("pin_locked")
        person, credential = self._held(claim, now)
        if credential.problem:
            self.guesses[claim.reader] = guesses.after_wrong(claim.shown, self._pins)
        return person, credential

    def _held(self, claim: Claim, now: datetime) -> tuple[Person | None, Credential]:
        """A card or PIN: unknown, revoked, out of date, or good."""
        kind = claim.kind.value
        if claim.value == UNREADABLE and claim.kind is ClaimKind.CARD:
            return None, Credential("card_unreadable")
        found = self._store.credentials.find(kind, claim.value)
        if found is None:
            return None, Credential(f"{kind}_unknown")
        self._remember(str(found.credential.id), (kind, found.credential.hash))
        return self._found(found, now)

    def _judged(self, kind: str, hash: bytes, now: datetime) -> tuple[Person | None, Credential]:
        found = self._store.credentials.find_hash(kind, [hash])
        return self._found(found, now) if found else (None, Credential(f"{kind}_unknown"))

    def _remember(self, serial: str, seen: Permit | tuple[str, bytes]) -> None:
        self._seen.pop(serial, None)
        self._seen[serial] = seen
        while len(self._seen) > _KEPT:
            del self._seen[next(iter(self._seen))]

    def _found(self, found: Found, now: datetime) -> tuple[Person, Credential]:
        row, kind = found.credential, found.credential.kind
        problem = "" if found.valid(now) else f"{kind}_revoked"
        if problem and row.revoked is None and kind == "card":
            early = row.valid_from is not None and now < row.valid_from
            problem = "card_not_yet_valid" if early else "card_expired"
        if not problem and row.valid_until is not None and not self._trusted():
            problem = "clock_not_set"
        return found.person, Credential(problem, duress=row.duress, serial=str(row.id))
