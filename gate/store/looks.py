"""Faces seen while a card was shown, and what was learnt of them. Sealed like templates.

The states of a line are described in ``gate.store.learnt_lines``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from gate.recognition.face import Vector
from gate.store.changes import touch
from gate.store.consents import refuse_after_no
from gate.store.engine import Database
from gate.store.learnt_lines import (
    ADDED,
    CONFIRMED,
    ENROLLED,
    LIVE,
    MIXED,
    OPEN,
    RESEMBLES,
    WAITING,
    bound_as,
    labels_of,
    new_line,
    proposals_query,
    undo_lines,
)
from gate.store.tables import LearntRow, LookRow, TemplateRow
from gate.store.vault import Vault

PURPOSES = ("face", "learning")  # of the consents it takes


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored face.

    Attributes:
        vector: float32 (d,), raw, unit length.
        label: of a template: "enrolled:7" or "added:7" for the line 7 of what was learnt.
    """

    key: int
    vector: Vector = field(repr=False)
    at: datetime
    quality: float
    label: str = ""

    @property
    def learnt(self) -> str:
        """How it came: ``ENROLLED``, ``ADDED``, or "" when it was enrolled from photographs."""
        return self.label.partition(":")[0] if ":" in self.label else ""


class Looks:
    """Everything raises StoreError; what keeps a face, also when the person said no meanwhile."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def keep(
        self,
        person: int,
        encoder: str,
        vector: Vector,
        *,
        passage: str,
        at: datetime,
        quality: float = 1.0,
    ) -> None:
        """Keep the face, float32 (d,), of one passage by card; another of the same is ignored."""
        with self._database.write() as session:
            refuse_after_no(session, person, *PURPOSES)
            if session.scalar(select(LookRow.id).where(LookRow.passage == passage)) is None:
                sealed = self._vault.seal(vector, person, bound_as(encoder))
                session.add(
                    LookRow(
                        person_id=person,
                        passage=passage,
                        encoder=encoder,
                        vector=sealed,
                        quality=quality,
                        at=at,
                    )
                )

    def of(self, person: int, encoder: str) -> list[Kept]:
        """The faces kept of somebody, oldest first."""
        query = (
            select(LookRow)
            .where(LookRow.person_id == person, LookRow.encoder == encoder)
            .order_by(LookRow.id)
        )
        with self._database.read() as session:
            return [
                Kept(
                    row.id,
                    self._vault.unseal(row.vector, person, bound_as(encoder)),
                    row.at,
                    row.quality,
                )
                for row in session.scalars(query)
            ]

    def templates(self, person: int, encoder: str) -> list[Kept]:
        """Somebody's templates with how they came, in the order they were made."""
        query = (
            select(TemplateRow)
            .where(TemplateRow.person_id == person, TemplateRow.encoder == encoder)
            .order_by(TemplateRow.id)
        )
        with self._database.read() as session:
            return [
                Kept(
                    row.id,
                    self._vault.unseal(row.vector, person, encoder),
                    row.created,
                    row.quality,
                    row.label,
                )
                for row in session.scalars(query)
            ]

    def propose(self, person: int, encoder: str, *, passages: int, days: int) -> int:
        """Put somebody whose looks would enrol them on the list for staff; the new line."""
        with self._database.write() as session:
            counts = {"passages": passages, "days": days}
            return new_line(session, person, encoder, ENROLLED, state=WAITING, **counts)

    def proposal(self, person: int) -> LearntRow | None:
        """The enrolment of somebody that waits for staff, or for the gate once confirmed."""
        with self._database.read() as session:
            return session.scalar(proposals_query().where(LearntRow.person_id == person).limit(1))

    def proposals(self, *states: str) -> list[LearntRow]:
        """Those in one of these states (all without any), oldest first."""
        query = proposals_query()
        if states:
            query = query.where(LearntRow.state.in_(states))
        with self._database.read() as session:
            return list(session.scalars(query))

    def confirm(self, line: int, by: str) -> LearntRow | None:
        """Staff say that the face is that of the card's holder; the gate makes the templates.

        None when the line is not there or does not wait for them.
        """
        with self._database.write() as session:
            row = session.get(LearntRow, line)
            if row is None or row.state != WAITING:
                return None
            row.state, row.by = CONFIRMED, by
            return row

    def withdraw(self, line: int, by: str) -> None:
        """Take a proposal from the list; the looks stay."""
        with self._database.write() as session:
            row = session.get(LearntRow, line)
            if row is not None and row.state in (WAITING, CONFIRMED):
                row.state, row.by = "undone", by

    def enrol(
        self,
        person: int,
        encoder: str,
        looks: Sequence[Kept],
        *,
        passages: int,
        days: int,
        confirmed: int | None = None,
    ) -> int:
        """Make templates of these looks and delete all looks of the person; the line.

        Args:
            confirmed: the line that staff confirmed; None makes a new one.
        """
        with self._database.write() as session:
            refuse_after_no(session, person, *PURPOSES)
            row = session.get(LearntRow, confirmed) if confirmed is not None else None
            if row is None:
                line = new_line(session, person, encoder, ENROLLED, passages=passages, days=days)
            else:
                row.state, line = OPEN, row.id
            self._add(session, person, encoder, looks, f"{ENROLLED}:{line}")
            session.execute(delete(LookRow).where(LookRow.person_id == person))
            touch(session, person)
        self._database.wipe()
        return line

    def add(self, person: int, encoder: str, look: Kept, drop: int | None = None) -> int:
        """One more template, in place of ``drop``; the new line of what was learnt."""
        with self._database.write() as session:
            refuse_after_no(session, person, *PURPOSES)
            if drop is not None:
                session.execute(
                    delete(TemplateRow).where(
                        TemplateRow.id == drop, TemplateRow.person_id == person
                    )
                )
            line = new_line(session, person, encoder, ADDED)
            self._add(session, person, encoder, [look], f"{ADDED}:{line}")
            touch(session, person)
        if drop is not None:
            self._database.wipe()
        return line

    def note(self, person: int, encoder: str, kind: str, other: int | None = None) -> bool:
        """Put somebody of whom nothing can be learnt on the list; False when they are on it."""
        with self._database.write() as session:
            same = select(LearntRow.id).where(
                LearntRow.person_id == person,
                LearntRow.kind == kind,
                LearntRow.other_id == other if other is not None else LearntRow.other_id.is_(None),
                LearntRow.state == "open",
            )
            if session.scalar(same.limit(1)) is not None:
                return False
            new_line(session, person, encoder, kind, other_id=other)
            return True

    def undo(self, line: int, by: str, *, refuse: bool = False) -> LearntRow | None:
        """Delete what a line brought; ``refuse``: nothing more is learnt of the person.

        Whoever is refused loses all looks and everything else that was learnt of them. None when
        the line is not there or is over.
        """
        with self._database.write() as session:
            row = session.get(LearntRow, line)
            if row is None or row.state not in LIVE:
                return None
            labels = [f"{row.kind}:{row.id}"]
            if refuse or row.kind == ENROLLED:  # additions to it rest on it
                labels = [*labels_of(session, row.person_id)]
                undo_lines(session, row.person_id, by)
            row.state, row.by = ("refused" if refuse else "undone"), by
            session.execute(
                delete(TemplateRow).where(
                    TemplateRow.person_id == row.person_id, TemplateRow.label.in_(labels)
                )
            )
            session.execute(delete(LookRow).where(LookRow.person_id == row.person_id))
            touch(session, row.person_id)
        self._database.wipe()
        return row

    def allow(self, person: int, by: str) -> None:
        """Learn of somebody again who was refused."""
        with self._database.write() as session:
            session.execute(
                update(LearntRow)
                .where(LearntRow.person_id == person, LearntRow.state == "refused")
                .values(state="undone", by=by)
            )

    def forget(self, person: int, by: str) -> None:
        """Everything learnt of somebody and every look: they no longer agree."""
        with self._database.write() as session:
            labels = labels_of(session, person)
            undo_lines(session, person, by)
            session.execute(
                delete(TemplateRow).where(
                    TemplateRow.person_id == person, TemplateRow.label.in_(labels)
                )
            )
            session.execute(delete(LookRow).where(LookRow.person_id == person))
            touch(session, person)
        self._database.wipe()

    def refused(self, person: int) -> bool:
        """Whether staff said that nothing is learnt of somebody."""
        with self._database.read() as session:
            query = select(LearntRow.id).where(
                LearntRow.person_id == person, LearntRow.state == "refused"
            )
            return session.scalar(query.limit(1)) is not None

    def forget_before(self, at: datetime | None) -> int:
        """Delete looks older than ``at``, all for None; how many.

        A proposal of which no look is left is over.
        """
        query = delete(LookRow) if at is None else delete(LookRow).where(LookRow.at < at)
        with self._database.write() as session:
            gone = int(session.execute(query).rowcount)  # type: ignore[attr-defined]
            session.execute(
                update(LearntRow)
                .where(
                    LearntRow.state.in_((WAITING, CONFIRMED)),
                    LearntRow.person_id.not_in(select(LookRow.person_id)),
                )
                .values(state="undone", by="gate")
            )
        if gone:
            self._database.wipe()
        return gone

    def lines(self, limit: int, offset: int = 0) -> list[LearntRow]:
        """What was learnt and what could not be, newest first."""
        query = select(LearntRow).order_by(LearntRow.id.desc()).limit(limit).offset(offset)
        with self._database.read() as session:
            return list(session.scalars(query))

    def of_person(self, person: int) -> list[LearntRow]:
        """The lines about one person, oldest first."""
        query = select(LearntRow).where(LearntRow.person_id == person).order_by(LearntRow.id)
        with self._database.read() as session:
            return list(session.scalars(query))

    def to_confirm(self) -> int:
        """How many enrolments wait for staff."""
        query = select(func.count()).where(LearntRow.state == WAITING)
        with self._database.read() as session:
            return session.scalar(query) or 0

    def waiting(self) -> dict[int, int]:
        """How many looks are kept of whom."""
        query = select(LookRow.person_id, func.count()).group_by(LookRow.person_id)
        with self._database.read() as session:
            return {row[0]: row[1] for row in session.execute(query)}

    def unclear(self) -> int:
        """How many people are on the list because nothing can be learnt of them."""
        query = select(func.count(LearntRow.person_id.distinct())).where(
            LearntRow.kind.in_((MIXED, RESEMBLES)), LearntRow.state == "open"
        )
        with self._database.read() as session:
            return session.scalar(query) or 0

    def uninformed(self) -> dict[int, str]:
        """Who does not know yet that their face was learnt: person → newest kind."""
        query = (
            select(LearntRow.person_id, LearntRow.kind)
            .where(
                LearntRow.told.is_(None),
                LearntRow.state == "open",
                or_(LearntRow.kind == ENROLLED, LearntRow.kind == ADDED),
            )
            .order_by(LearntRow.id)
        )
        with self._database.read() as session:
            return {row[0]: row[1] for row in session.execute(query)}

    def mark_informed(self, person: int, at: datetime) -> None:
        """Note that the screen informed them at ``at``."""
        with self._database.write() as session:
            session.execute(
                update(LearntRow)
                .where(LearntRow.person_id == person, LearntRow.told.is_(None))
                .values(told=at)
            )
            touch(session, person)

    def _add(
        self, session: Session, person: int, encoder: str, looks: Collection[Kept], label: str
    ) -> None:
        session.add_all(
            TemplateRow(
                person_id=person,
                encoder=encoder,
                vector=self._vault.seal(look.vector, person, encoder),
                quality=look.quality,
                label=label,
            )
            for look in looks
        )
