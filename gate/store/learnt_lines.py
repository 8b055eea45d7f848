"""The lines about what was learnt of faces, within the transaction of the caller.

States of a line: "waiting" for staff to confirm it, "confirmed" until the gate takes it over,
"open" (what was learnt is in use), "undone", "refused".
"""

from __future__ import annotations

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from gate.store.tables import LearntRow, LookRow, TemplateRow
from gate.store.tables.base import now
from gate.store.vault import Vault

ENROLLED, ADDED = "enrolled", "added"  # kinds of what was learnt; also the labels of templates
MIXED, RESEMBLES = "mixed", "resembles"  # why nothing was learnt
WAITING, CONFIRMED, OPEN = "waiting", "confirmed", "open"  # states that are not over
LIVE = (WAITING, CONFIRMED, OPEN)


def suspend(session: Session, vault: Vault, person: int) -> bool:
    """A card of somebody is no longer theirs alone: what it taught waits for staff.

    An enrolment learnt from cards becomes looks and a proposal again; additions to it go, as they
    rest on it. Looks that led to nothing yet are deleted. What photographs taught, and what was
    added to it, stays: it was compared with them. Returns whether the person lost templates.
    """
    proposed = session.scalar(proposals_query().where(LearntRow.person_id == person).limit(1))
    if proposed is not None:
        proposed.state, proposed.by = WAITING, ""
    else:
        session.execute(delete(LookRow).where(LookRow.person_id == person))
    query = select(TemplateRow).where(TemplateRow.person_id == person)
    templates = list(session.scalars(query.order_by(TemplateRow.id)))
    photographed = {row.encoder for row in templates if ":" not in row.label}
    templates = [row for row in templates if row.encoder not in photographed]
    learnt = [row for row in templates if row.label.startswith(f"{ENROLLED}:")]
    if not learnt:
        return False
    line = session.get(LearntRow, int(learnt[-1].label.partition(":")[2]))
    if line is None:
        return False
    session.execute(
        update(LearntRow)
        .where(LearntRow.person_id == person, LearntRow.kind == ADDED, LearntRow.state == OPEN)
        .values(state="undone", by="gate")
    )
    line.state, line.by, line.told = WAITING, "", None
    for row in learnt:
        vector = vault.unseal(row.vector, person, row.encoder)
        session.add(
            LookRow(
                person_id=person,
                passage=f"template {row.id}",  # no passage is called so
                encoder=row.encoder,
                vector=vault.seal(vector, person, bound_as(row.encoder)),
                quality=row.quality,
                at=now(),  # they wait as long as one of today
            )
        )
    for row in templates:
        session.delete(row)
    return True


def proposals_query() -> Select[LearntRow]:
    """Enrolments that wait for staff or, once confirmed, for the gate; oldest first."""
    states = LearntRow.state.in_((WAITING, CONFIRMED))
    return select(LearntRow).where(LearntRow.kind == ENROLLED, states).order_by(LearntRow.id)


def bound_as(encoder: str) -> str:
    """What a look is bound to: moved into the table of templates it could not be opened."""
    return f"look {encoder}"


def new_line(
    session: Session, person: int, encoder: str, kind: str, **fields: int | str | None
) -> int:
    """Add a line; its key."""
    row = LearntRow(person_id=person, encoder=encoder, kind=kind, **fields)
    session.add(row)
    session.flush()
    return row.id


def labels_of(session: Session, person: int) -> list[str]:
    """The labels that templates made by the lines of somebody have."""
    lines = session.execute(
        select(LearntRow.kind, LearntRow.id).where(LearntRow.person_id == person)
    )
    return [f"{kind}:{line}" for kind, line in lines]


def undo_lines(session: Session, person: int, by: str) -> None:
    """Set the lines of somebody that are not over to undone."""
    session.execute(
        update(LearntRow)
        .where(LearntRow.person_id == person, LearntRow.state.in_(LIVE))
        .values(state="undone", by=by)
    )
