"""Cards, permits and people the hub has blocked, and who has moved out, each with the hub's own
signature: a hub put back from a backup is shown them, so that none counts again. Within the session
it is given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gate.fleet.signing import block_is_signed
from gate.replica.newcomers import BLOCKED, Record
from gate.store.tables import ReplicaRow


def note(session: Session, records: Sequence[Record]) -> None:
    """Replace what was noted of these people; a hub of before says nothing."""
    keys = [record["ref"] + BLOCKED for record in records]
    session.execute(delete(ReplicaRow).where(ReplicaRow.ref.in_(keys)))
    for record in records:
        if proofs := record.get("revocations"):
            kept = json.dumps(proofs).encode()
            session.add(ReplicaRow(ref=record["ref"] + BLOCKED, digest=kept))


def noted(session: Session, public: bytes) -> dict[str, Mapping[str, str]]:
    """By pseudonym, what is blocked → its signature by the hub whose key is ``public``."""
    found: dict[str, Mapping[str, str]] = {}
    for row in session.scalars(select(ReplicaRow).where(ReplicaRow.ref.like(f"%{BLOCKED}"))):
        ref = row.ref.removesuffix(BLOCKED)
        proofs = json.loads(row.digest)
        right = {
            what: proof
            for what, proof in proofs.items()
            if block_is_signed(public, ref, what, proof)
        }
        if right:
            found[ref] = right
    return found
