"""Permits: issued, looked up at the gate, counted, revoked."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gate.access.decision import Kind, Person
from gate.access.permit import Permit, PermitRefused, check, read, sign
from gate.access.request import Credential
from gate.access.settings import PermitSettings
from gate.errors import AccessError
from gate.store.changes import touch
from gate.store.key_value import JOINED
from gate.store.people import PERMIT, as_person
from gate.store.store import Store
from gate.store.tables import HouseholdRow, PermitRow, PersonRow

CLOCK_TOLERANCE = 300.0  # seconds by which the clocks of issuer and gate may differ


@dataclass(frozen=True, slots=True)
class Issued:
    """A new permit and the text of its code. The text is not kept anywhere."""

    permit: Permit
    text: str


class PermitBook:
    """Shared by all threads: it holds nothing that changes.

    Args:
        keys: public keys by id; a gate needs no other.
        settings: ``[access.permit]``.
        counts: whether a use that is counted outlasts a restart; where it does not, a permit for a
            number of uses opens nothing.
    """

    def __init__(
        self,
        store: Store,
        keys: Mapping[bytes, Ed25519PublicKey],
        settings: PermitSettings,
        *,
        counts: bool = True,
    ) -> None:
        self._store, self._keys, self._settings = store, keys, settings
        self._counts = counts

    def issue(
        self,
        key: Ed25519PrivateKey,
        person: int,
        valid_from: datetime,
        valid_until: datetime,
        *,
        now: datetime,
        uses: int = 0,
        gates: Iterable[str] = (),
        issued_by: str = "",
        household: int | None = None,
    ) -> Issued:
        """Sign a permit for ``person`` and store it.

        With ``household`` it is one of the household's visitor permits and has to stay within
        the allowance; without, it is issued by staff.

        Raises:
            AccessError: nobody has this number, they may not pass, or it is longer or more than
                is allowed.
        """
        row = self._store.people.get(person)
        if row is None:
            raise AccessError(f"nobody has the number {person}", hint="look the person up again")
        if row.blocked or not row.active:
            raise AccessError(
                "whoever is blocked or has moved out gets no permit",
                where=row.name,
                hint="lift the block first, or let them move in again",
            )
        longest = timedelta(days=self._settings.longest_days)
        if not valid_from < valid_until or valid_until - valid_from > longest:
            raise AccessError(
                "the permit is valid for longer than allowed, or ends before it begins",
                where=f"{valid_from:%Y-%m-%d %H:%M} – {valid_until:%Y-%m-%d %H:%M}; "
                f"≤ {longest.days} × 24 h",
                hint="choose other times",
            )
        permit = Permit(
            serial=secrets.token_hex(8),
            holder=row.ref[:16],
            kind=Kind(row.kind),
            valid_from=valid_from.replace(second=0, microsecond=0),
            valid_until=valid_until.replace(second=0, microsecond=0),
            uses=uses,
            gates=frozenset(gates),
        )
        text = sign(permit, key)
        with self._store.database.write() as session:
            if household is not None:
                length = valid_until - valid_from
                self._within_allowance(session, household, length, uses, now)
            session.add(
                PermitRow(
                    id=permit.serial,
                    person_id=person,
                    household_id=household,
                    issued_by=issued_by,
                    valid_from=permit.valid_from,
                    valid_until=permit.valid_until,
                    gates=sorted(permit.gates),
                    uses_allowed=uses or None,
                )
            )
            touch(session, person)  # gates with a register of their own get it by that
        return Issued(permit, text)

    def allowance(self, household: int, now: datetime) -> tuple[int, int]:
        """How many visitor permits of a household are valid, and how many may be."""
        with self._store.database.read() as session:
            return self._allowance(session, household, now)

    def look_up(self, text: str, gate: str, now: datetime) -> tuple[Person | None, Credential]:
        """Whose permit it is, and what is wrong with it, if anything.

        A genuine permit that was issued elsewhere and is not in the register yet is believed: the
        signature vouches for it. Its holder, when unknown here, must be a visitor. A box of a hub
        is given every permit that counts at its gate, so there an unknown one is refused.
        """
        try:
            permit = self.read(text)
        except PermitRefused as refused:
            return None, Credential(refused.code)
        return self.examine(permit, gate, now)

    def read(self, text: str) -> Permit:
        """What a text says. Raises PermitRefused unless one of the keys signed it."""
        return read(text, self._keys)

    def examine(
        self, permit: Permit, gate: str, now: datetime, *, reserved: int = 0
    ) -> tuple[Person | None, Credential]:
        """The same as ``look_up`` of a permit that was read.

        ``reserved``: so many more of its uses are spoken for.
        """
        row = self._store.credentials.permit(permit.serial)
        elsewhere = {} if row else self._elsewhere(permit.serial)
        used = row.uses if row else int(elsewhere.get("uses", 0))
        revoked = row.revoked is not None if row else bool(elsewhere.get("revoked"))
        person = self._holder(permit)
        problem = check(
            permit,
            now,
            gate,
            used=used + reserved,
            revoked=revoked,
            tolerance=CLOCK_TOLERANCE,
        )
        if not problem and permit.uses and not self._counts:
            problem = "permit_uncounted"
        strange = row is None and bool(self._store.key_values.get(JOINED))
        if not problem and (person is None or strange):
            problem = "permit_holder_unknown"
        return person, Credential(problem, serial=permit.serial)

    def use(self, serial: str) -> bool:
        """Count one passage. False where it was used up or revoked meanwhile: nothing is counted.

        Gates of one database that see a permit in the same moment count one after the other.
        """
        credentials = self._store.credentials
        if credentials.use_permit(serial):
            return True
        if credentials.permit(serial) is not None:
            return False
        known = self._elsewhere(serial)
        if known.get("revoked"):
            return False
        uses = int(known.get("uses", 0)) + 1
        self._store.key_values.set(f"{PERMIT}{serial}", {**known, "uses": uses})
        return True

    def revoke(self, serial: str, reason: str) -> None:
        """Revoke a permit. Raises AccessError when there is none with this serial."""
        if self._store.credentials.permit(serial) is None:
            raise AccessError("there is no such permit", where=serial, hint="check the serial")
        self._store.credentials.revoke_permit(serial, reason)

    def _elsewhere(self, serial: str) -> dict[str, Any]:
        """What is known of a permit that is not in the register, or not any more."""
        return self._store.key_values.get(f"{PERMIT}{serial}") or {}

    def _holder(self, permit: Permit) -> Person | None:
        with self._store.database.read() as session:
            row = session.scalars(
                select(PersonRow).where(PersonRow.ref.startswith(permit.holder)).limit(1)
            ).first()
        if row is not None:
            return as_person(row)
        if permit.kind is not Kind.VISITOR:
            return None
        # a number of their own, below those of the register: two visitors are two people
        number = -1 - int(permit.holder[:12], 16)
        return Person(id=number, ref=permit.holder.ljust(32, "0"), kind=Kind.VISITOR)

    def _allowance(self, session: Session, household: int, now: datetime) -> tuple[int, int]:
        running = session.scalar(
            select(func.count()).where(
                PermitRow.household_id == household,
                PermitRow.revoked.is_(None),
                PermitRow.valid_until > now,
            )
        )
        row = session.get(HouseholdRow, household)
        own = row.permits if row else None
        return running or 0, self._settings.household_permits if own is None else own

    def _within_allowance(
        self, session: Session, household: int, length: timedelta, uses: int, now: datetime
    ) -> None:
        settings = self._settings
        running, most = self._allowance(session, household, now)
        if running >= most:
            what, most_is = "the household has reached its limit of visitor permits", f"{most}"
        elif length > timedelta(days=settings.household_days):
            what = "a household's permit may not be valid for that long"
            most_is = f"{settings.household_days} days"
        elif not 1 <= uses <= settings.household_uses:
            what = "a household's permit needs a number of uses within its allowance"
            most_is = f"1 to {settings.household_uses}"
        else:
            return
        raise AccessError(
            what,
            where=f"[access.permit]: {most_is}",
            hint="ask staff to issue it without the limit",
        )
