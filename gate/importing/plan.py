"""Everything an import would do, before it does anything: the page and the command show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from gate.importing.check import answer_of, check, photo_names
from gate.importing.choices import Choices
from gate.importing.doubles import Proposal, known_people, propose, resolve
from gate.importing.hidden import hidden_key
from gate.importing.photos import Photos
from gate.importing.question import Question
from gate.importing.understand import Understanding
from gate.importing.wrong import Line, Wrong
from gate.store.store import Store

REMEMBERED = "import.columns"  # in the key-value store
_MOST_SHAPES = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """Attributes:
    lines: with whom they are about and their photographs.
    proposals: who may be there already.
    unused: photographs that belong to nobody of the table.
    """

    table: Understanding
    lines: tuple[Line, ...]
    wrong: tuple[Wrong, ...]
    proposals: tuple[Proposal, ...]
    unused: tuple[str, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """Those without an answer."""
        return self.table.open

    @property
    def undecided(self) -> tuple[Proposal, ...]:
        return tuple(one for one in self.proposals if not one.decided)

    @property
    def ready(self) -> bool:
        """Whether it can be carried out."""
        return not (self.wrong or self.questions or self.undecided) and bool(self.lines)


def plan(
    table: Understanding,
    photos: Photos,
    store: Store,
    choices: Choices,
    *,
    today: date,
    guardian_age: int = 14,
) -> Plan:
    """The plan of a table that was understood. Writes nothing."""
    lines = with_photographs(table.lines, photos)
    proposals = propose(lines, known_people(store), choices.doubles)
    lines = resolve(lines, proposals)
    unread = {(wrong.line, wrong.column) for wrong in table.wrong}
    checked = check(lines, photos, store, today=today, guardian_age=guardian_age)
    wrong = [one for one in checked if (one.line, one.column) not in unread]
    if table.open:  # what is asked is no mistake of each line
        dates = ("valid_from", "valid_until")
        asked = {
            "date_order": dates,
            "date_system": ("birth_year", *dates),
            "card_form": ("card",),
            "homes": ("unit",),
            "owners": dates,
        }
        columns = {name for question in table.open for name in asked.get(question.about, ())}
        wrong = [one for one in wrong if one.column not in columns]
    wrong = sorted([*table.wrong, *wrong], key=lambda one: one.line)
    return Plan(table, tuple(lines), tuple(wrong), tuple(proposals), unused(lines, photos))


def with_photographs(lines: Sequence[Line], photos: Photos) -> list[Line]:
    """Lines of people who agreed and have no photograph in the table, with the files named after
    them, each file for one person at most."""
    found: dict[int, list[str]] = {}
    for line in lines:
        values = line.values
        if not photo_names(values) and answer_of(values) == "agreed":
            files = photos.of(values.get("number", ""), values.get("name", ""))
            if files:
                found[line.number] = files
    named = {name for line in lines for name in photo_names(line.values)}
    claims = Counter(file for files in found.values() for file in files)
    sure = {
        number: [file for file in files if claims[file] == 1 and file not in named]
        for number, files in found.items()
    }
    return [
        replace(line, values={**line.values, "photo": ";".join(sure[line.number])})
        if sure.get(line.number)
        else line
        for line in lines
    ]


def unused(lines: Sequence[Line], photos: Photos) -> tuple[str, ...]:
    """Photographs that no line means."""
    used = {photos.file(name) for line in lines for name in photo_names(line.values)}
    return tuple(name for name in photos.names() if name not in used)


def remembered(store: Store) -> dict[str, dict[int, str]]:
    """Shape of headings → column → what it was read as, by hand, the last time."""
    kept = store.key_values.get(REMEMBERED) or {}
    return {
        shape: {int(column): field for column, field in columns.items()}
        for shape, columns in kept.items()
    }


def remember(
    store: Store, shape: str, columns: Mapping[int, str], hidden: Collection[int] = ()
) -> None:
    """Keep what the columns of this shape were read as; of those ``hidden`` also that they were
    taken over although the table did not show them."""
    if not shape or not columns:
        return
    kept = store.key_values.get(REMEMBERED) or {}
    unseen = {column: name for column, name in columns.items() if column in hidden}
    for key, value in ((shape, columns), (hidden_key(shape), unseen)):
        kept.pop(key, None)
        if value:
            kept[key] = {str(column): name for column, name in value.items()}
    store.key_values.set(REMEMBERED, dict(list(kept.items())[-_MOST_SHAPES:]))
