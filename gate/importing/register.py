"""What a check has to know of the register, read once: a table may have thousands of lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select

from gate.importing.marks import MARKS
from gate.store.store import Store
from gate.store.tables import ConsentRow, CredentialRow, PersonRow


@dataclass(frozen=True, slots=True)
class Registered:
    """Somebody of the register.

    Attributes:
        answer: the newest to the face: "agreed", "refused" or "withdrawn"; "" before any.
        marks: the newest to each mark of ``gate.importing.marks`` that was asked about.
    """

    id: int
    active: bool
    answer: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Register:
    """Attributes:
    cards: hash of a card → who holds it, valid or not.
    """

    people: Mapping[int, Registered] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    cards: Mapping[bytes, int] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store) -> Register:
        """The register as it is now."""
        newest = (
            select(func.max(ConsentRow.id))
            .where(ConsentRow.purpose.in_(("face", *MARKS)))
            .group_by(ConsentRow.person_id, ConsentRow.purpose)
        )
        with store.database.read() as session:
            said = select(ConsentRow.person_id, ConsentRow.purpose, ConsentRow.answer)
            answers: dict[int, dict[str, str]] = {}
            for person, purpose, answer in session.execute(said.where(ConsentRow.id.in_(newest))):
                answers.setdefault(person, {})[purpose] = answer
            rows = session.execute(select(PersonRow.id, PersonRow.number, PersonRow.active)).all()
            cards = session.execute(
                select(CredentialRow.hash, CredentialRow.person_id).where(
                    CredentialRow.kind == "card"
                )
            ).all()
        return cls(
            {row[0]: _registered(row[0], row[2], answers.get(row[0], {})) for row in rows},
            {row[1]: row[0] for row in rows if row[1]},
            {row[0]: row[1] for row in cards},
        )

    def person_of(self, values: Mapping[str, str]) -> Registered | None:
        """Who a line is about: by what was decided, else by number."""
        if found := re.fullmatch("#([0-9]{1,9})", values.get("person", "")):
            return self.people.get(int(found[1]))
        number = self.numbers.get(values["number"]) if "number" in values else None
        return self.people.get(number) if number is not None else None


def _registered(person: int, active: bool, answers: dict[str, str]) -> Registered:
    marks = {mark: answers[mark] for mark in MARKS if mark in answers}
    return Registered(person, active, answers.get("face", ""), marks)
