"""Faces learnt from cards: the rules of ``gate.recognition.learning`` applied to the register."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

import numpy as np

from gate.events.event import Event
from gate.recognition.encoders.encoder import SimilarityStatistics
from gate.recognition.face import Vector
from gate.recognition.learning.rules import (
    Known,
    Look,
    Outcome,
    addition,
    agree,
    checked,
    contradicted,
    enrolment,
    is_theirs,
    resembled,
)
from gate.recognition.learning.settings import LearningSettings
from gate.recognition.matching.matcher import Matcher
from gate.store.key_value import JOINED
from gate.store.learnt_lines import ADDED, CONFIRMED, ENROLLED, MIXED, RESEMBLES
from gate.store.looks import Kept
from gate.store.store import Store
from gate.store.tables import LearntRow, PersonRow

PURPOSE = "learning"  # of the consent
ACTOR = "gate"  # in the audit


@dataclass(frozen=True, slots=True, eq=False)
class Passed:
    """Somebody was let in with their card, and one live face was there.

    Attributes:
        vector: float32 (d,), raw, unit length.
        known: whether the gate knew the face, by itself, as that of the card's holder.
        at: aware.
    """

    passage: str
    person: int
    vector: Vector = field(repr=False)
    known: bool
    at: datetime
    quality: float = 1.0


class CardLearning:
    """Used by one thread. Everything raises StoreError.

    Args:
        matcher: of the register as of now.
        record: takes the events.
        zone: in which days are counted; None: that of the machine.
    """

    def __init__(
        self,
        store: Store,
        gate: str,
        settings: LearningSettings,
        similarity: SimilarityStatistics,
        matcher: Callable[[], Matcher],
        record: Callable[[Event], object],
        zone: tzinfo | None = None,
    ) -> None:
        self._store = store
        self._gate = gate
        self._settings = settings
        self._similarity = similarity
        self._matcher = matcher
        self._record = record
        self._zone = zone

    @property
    def active(self) -> bool:
        """Whether anything is learnt: switched on, and the register is this box's own."""
        return self._settings.enabled and not self._store.key_values.get(JOINED)

    def passed(self, passed: Passed) -> None:
        """Learn from a passage by card, if there is anything to learn and everybody agreed."""
        row = self._store.people.get(passed.person)
        if row is None or not self.active or not may_learn(self._store, row):
            return
        matcher = self._matcher()
        kept = self._store.looks.templates(row.id, matcher.encoder)
        if not kept:
            self._towards_enrolment(passed, row, matcher)
        elif not self._doubted(passed, row, kept, matcher) and passed.known:
            self._towards_addition(passed, row, kept, matcher)

    def settle(self, now: datetime) -> int:
        """Make templates of the enrolments that staff confirmed; how many.

        The rules are asked again: somebody who looks like that may have been enrolled since.
        """
        made = 0
        for line in self._store.looks.proposals(CONFIRMED) if self.active else ():
            made += self._confirmed(line, now)
        return made

    def _confirmed(self, line: LearntRow, now: datetime) -> bool:
        looks, matcher = self._store.looks, self._matcher()
        row = self._store.people.get(line.person_id)
        if row is None or not may_learn(self._store, row):
            return False  # blocked for now perhaps; without an answer its looks are gone
        kept = looks.of(row.id, matcher.encoder)
        if not kept or looks.templates(row.id, matcher.encoder):  # enrolled at the desk meanwhile
            looks.withdraw(line.id, ACTOR)
            return False
        finding = checked(self._looks(kept), matcher, row.id)
        if finding.outcome is not Outcome.ENROL:
            looks.withdraw(line.id, ACTOR)
            cause = RESEMBLES if finding.outcome is Outcome.RESEMBLES else MIXED
            self._cannot(row, matcher.encoder, cause, finding.other, now)
            return False
        counts = {"passages": line.passages, "days": line.days}
        chosen = [one for one in kept if one.key in finding.looks]
        looks.enrol(row.id, matcher.encoder, chosen, **counts, confirmed=line.id)
        self._say("face.learnt", row, now, how=ENROLLED, **counts)
        return True

    def tidy(self, now: datetime) -> int:
        """Delete looks whose time is over, all of them where nothing is learnt; how many."""
        before = now - timedelta(days=self._settings.keep_days)
        for line in self._store.looks.proposals() if self.active else ():
            if self._store.looks.templates(line.person_id, line.encoder):  # enrolled at the desk
                self._store.looks.withdraw(line.id, ACTOR)
        return self._store.looks.forget_before(before if self.active else None)

    def _towards_enrolment(self, passed: Passed, row: PersonRow, matcher: Matcher) -> None:
        other = resembled(passed.vector, matcher, row.id)
        if other is not None:  # the card in somebody else's hand, or somebody very like them
            self._cannot(row, matcher.encoder, RESEMBLES, other, passed.at)
            return
        proposal = self._store.looks.proposal(row.id)
        if proposal is not None and proposal.encoder == matcher.encoder:
            if not self._same(passed, row, matcher):
                # another face with this card: nothing to confirm any more
                self._keep(passed, matcher.encoder)
                self._store.looks.withdraw(proposal.id, ACTOR)
                self._cannot(row, matcher.encoder, MIXED, None, passed.at)
            return  # as many faces as are needed wait for staff already
        if proposal is not None:  # of another encoder: the gate changed it
            self._store.looks.withdraw(proposal.id, ACTOR)
        looks = self._keep(passed, matcher.encoder)
        finding = enrolment(self._looks(looks), matcher, row.id, self._settings)
        if finding.outcome is Outcome.MIXED:
            self._cannot(row, matcher.encoder, MIXED, None, passed.at)
        elif finding.outcome is Outcome.RESEMBLES:
            self._cannot(row, matcher.encoder, RESEMBLES, finding.other, passed.at)
        elif finding.outcome is Outcome.ENROL:
            counts = {"passages": len(looks), "days": len({self._day(one.at) for one in looks})}
            if self._settings.confirm:
                self._store.looks.propose(row.id, matcher.encoder, **counts)
                self._store.audit.note(ACTOR, "face.proposed", row.ref, **counts)
                return
            chosen = [one for one in looks if one.key in finding.looks]
            self._store.looks.enrol(row.id, matcher.encoder, chosen, **counts)
            self._say("face.learnt", row, passed.at, how=ENROLLED, **counts)

    def _same(self, passed: Passed, row: PersonRow, matcher: Matcher) -> bool:
        """Whether a face agrees with each other one that waits for staff to confirm them."""
        kept = self._store.looks.of(row.id, matcher.encoder)
        return agree(np.stack([*(one.vector for one in kept), passed.vector]), matcher)

    def _towards_addition(
        self, passed: Passed, row: PersonRow, kept: list[Kept], matcher: Matcher
    ) -> None:
        templates = [
            Known(one.key, one.vector, one.at if one.learnt == ADDED else None) for one in kept
        ]
        found = addition(
            passed.vector, templates, matcher, row.id, self._similarity, self._settings
        )
        if found.refused is None:
            look = Kept(0, passed.vector, passed.at, passed.quality)
            self._store.looks.add(row.id, matcher.encoder, look, found.drop)
            self._say("face.learnt", row, passed.at, how=ADDED, passages=1, days=1)

    def _doubted(self, passed: Passed, row: PersonRow, kept: list[Kept], matcher: Matcher) -> bool:
        """Whether this face says that the one learnt from the card may be somebody else's."""
        learnt = [one.vector for one in kept if one.learnt == ENROLLED]
        if len(learnt) < len([one for one in kept if one.learnt != ADDED]):
            return False  # enrolled from photographs: staff saw whom
        rows = np.stack(learnt)
        if is_theirs(passed.vector, rows, matcher, row.id):
            return False
        looks = self._keep(passed, matcher.encoder)
        if contradicted(self._looks(looks), rows, matcher, row.id):
            for line in self._store.looks.of_person(row.id):
                if line.kind == ENROLLED and line.state == "open":
                    self._store.looks.undo(line.id, ACTOR)
            cause = {"by": ACTOR, "cause": "contradicted"}
            self._say("face.unlearnt", row, passed.at, how=ENROLLED, **cause)
            self._cannot(row, matcher.encoder, MIXED, None, passed.at)
        return True

    def _keep(self, passed: Passed, encoder: str) -> list[Kept]:
        looks = self._store.looks
        looks.keep(
            passed.person,
            encoder,
            passed.vector,
            passage=passed.passage,
            at=passed.at,
            quality=passed.quality,
        )
        return looks.of(passed.person, encoder)

    def _looks(self, kept: list[Kept]) -> list[Look]:
        return [Look(one.key, one.vector, self._day(one.at), one.quality) for one in kept]

    def _day(self, at: datetime) -> date:
        return at.astimezone(self._zone).date()

    def _cannot(
        self, row: PersonRow, encoder: str, cause: str, other: int | None, at: datetime
    ) -> None:
        if self._store.looks.note(row.id, encoder, cause, other):
            self._say("face.not_learnt", row, at, cause=cause)

    def _say(self, type: str, row: PersonRow, at: datetime, **details: object) -> None:
        """As an event, and in the audit."""
        self._record(Event.make(self._gate, type, at, person=row.ref, details=details))
        self._store.audit.note(ACTOR, type, row.ref, **details)


def may_learn(store: Store, row: PersonRow) -> bool:
    """Whether a face may be learnt of somebody: they agreed to both, and staff did not refuse."""
    if not row.active or row.blocked or store.looks.refused(row.id):
        return False
    answers = (store.consents.answer(row.id, purpose) for purpose in ("face", PURPOSE))
    return all(answer is not None and answer.answer == "agreed" for answer in answers)


def notices(store: Store) -> Mapping[int, str]:
    """What the screen has to say at the next passage: person → code."""
    return {person: f"face_{kind}" for person, kind in store.looks.uninformed().items()}
