"""Whom the gate may take imported people for, said in the report of the import.

Everybody is enrolled all the same: of 7,000 people many have a look-alike, and one who is there
twice harms nobody until staff have looked.
"""

from __future__ import annotations

from sqlalchemy import select

from gate.importing.notes import DOUBLE, LOOKALIKE, note, parts_of
from gate.recognition.matching.lookalikes import lookalikes
from gate.recognition.matching.matcher import Matcher
from gate.store.store import Store
from gate.store.tables import ImportLineRow

MOST = 20_000  # pairs
SHOWN = 5  # others named at one line


def note_lookalikes(store: Store, job: int, matcher: Matcher) -> int:
    """Note at each enrolled line of an import who resembles its person; how many lines.

    Done twice it changes nothing.
    """
    others: dict[int, list[tuple[int, bool]]] = {}
    for pair in lookalikes(matcher, limit=MOST):  # the most alike first
        others.setdefault(pair.one, []).append((pair.other, pair.double))
        others.setdefault(pair.other, []).append((pair.one, pair.double))
    noted = 0
    with store.database.write() as session:
        query = select(ImportLineRow).where(
            ImportLineRow.import_id == job, ImportLineRow.result == "enrolled"
        )
        for row in session.scalars(query):
            if row.person_id not in others:
                continue
            noted += 1
            reported = [
                (f"#{other}", DOUBLE if double else LOOKALIKE)
                for other, double in others[row.person_id][:SHOWN]
            ]
            old = [part for part in parts_of(row.note) if part[1] not in (DOUBLE, LOOKALIKE)]
            row.note = note([*reported, *old])
    return noted
