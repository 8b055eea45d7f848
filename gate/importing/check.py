"""Everything that is wrong with a table, before anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from gate.access.decision import Kind
from gate.errors import AccessError, CameraError
from gate.importing.headings import column_of
from gate.importing.line_numbers import shown
from gate.importing.marks import agreed, mistakes
from gate.importing.names import GONE
from gate.importing.photos import Photos
from gate.importing.pictures import EMBEDDED
from gate.importing.register import Register
from gate.importing.values import ANSWERS, KINDS, is_gone, is_identity_card
from gate.importing.wrong import Line, Wrong
from gate.readers.card_number import canonical
from gate.services.image_decode import check_header
from gate.store.store import Store
from gate.store.vault import Vault

# a day beyond them is a mistake, or means "indefinitely": that is an empty cell
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
LONGEST = {"name": 120, "phone": 40, "note": 500, "groups": 200, "guardian": 120}


def check(
    lines: Sequence[Line], photos: Photos, store: Store, *, today: date, guardian_age: int = 14
) -> list[Wrong]:
    """All mistakes of all lines, in the order of the table. Writes nothing."""
    seen: dict[tuple[str, str], int] = {}
    register = Register.of(store)
    mistakes = []
    for line in lines:
        if _idle(line.values, register):
            continue
        known = _consented(line.values, register)
        person = register.person_of(line.values)
        said = person.marks if person is not None else {}
        mistakes += [
            Wrong(line.number, *pair)
            for pair in _line(line.values, today, guardian_age, known, said)
        ]
        mistakes += [Wrong(line.number, *pair) for pair in _photos(line.values, photos)]
        mistakes += [
            Wrong(line.number, *pair) for pair in _twice(line, seen, register, store.vault)
        ]
        mistakes += [Wrong(line.number, *pair) for pair in _barred(line.values, register)]
    return mistakes


def photo_names(values: dict[str, str]) -> list[str]:
    """The photographs of a line; several are separated by semicolons."""
    return [name.strip() for name in re.split("[;；]", values.get("photo", "")) if name.strip()]


def card_numbers(values: dict[str, str]) -> list[str]:
    """The cards of a line as they are compared; AccessError for what is no card."""
    return [canonical(number) for number in values.get("card", "").split(";") if number]


def groups_of(text: str) -> list[str]:
    """Groups as typed, on a Chinese keyboard too; each once, in order."""
    return sorted({group.strip() for group in re.split("[,，;；]", text) if group.strip()})


def answer_of(values: dict[str, str]) -> str | None:
    """ "agreed", "refused" or "withdrawn"; None where the line does not mention it."""
    return ANSWERS.get(values.get("consent", "").lower())


def against(said: str, values: dict[str, str]) -> bool:
    """Whether a line claims an agreement where the newest answer, "" for none, was a no."""
    return said not in ("", "agreed") and answer_of(values) == "agreed"


def day(text: str) -> date | None:
    """A date as typed: 2026-11-23, 2026/11/23 or 2026.11.23. Raises ValueError."""
    if not text:
        return None
    typed = date.fromisoformat(re.sub(r"[/.]", "-", text))
    if not FIRST_DAY <= typed <= LAST_DAY:
        raise ValueError(text)
    return typed


def _line(
    values: dict[str, str],
    today: date,
    guardian_age: int,
    known: bool,
    marks: Mapping[str, str],
) -> Iterator[tuple[str, str]]:
    if "name" not in values:
        yield "name", "is missing"
    elif "person" not in values and not values["name"].isascii() and column_of(values["name"]):
        yield "name", "is a heading and nobody's name"
    for column, text in values.items():
        if len(text) > LONGEST.get(column, 80 if column != "photo" else 1000):
            yield column, "is too long"
        if any(ord(letter) < 32 and letter != "\n" for letter in text):
            yield column, "holds control characters"
    kind = KINDS.get(values.get("kind", "resident").lower())
    if kind is None:
        yield "kind", "is none of the known kinds"
    if bool(values.get("building")) != bool(values.get("unit")):
        yield "unit", "building and unit are given together or not at all"
    if values.get("state", "active") not in ("active", "moved_out"):
        yield "state", "says neither that somebody lives here nor that they moved out"
    if "person" not in values:
        yield from _written(values)
    yield from _dates(values, kind)
    year: str | None = values.get("birth_year", "")
    if year and not (re.fullmatch("[0-9]{4}", year) and 1900 <= int(year) <= today.year):
        yield "birth_year", "is no year from 1900 to now"
        year = None  # one mistake is enough
    if values.get("locale", "zh") not in {"zh", "en"}:
        yield "locale", "is neither zh nor en"
    if "card" in values:
        try:
            card_numbers(values)
        except AccessError as error:
            yield "card", error.what
    if not known:
        yield from _consent(values, year, today, guardian_age)
    yield from mistakes(values, marks)
    if (known or answer_of(values) != "agreed") and agreed(values, marks):
        yield from _age(values, year, today, guardian_age)


def _written(values: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What an office writes and the register would keep without understanding it."""
    if is_gone(values.get("note", "")):
        yield "note", GONE
    phone = values.get("phone", "")
    if "*" in phone:
        yield "phone", "is not whole: some of its digits are hidden by asterisks"
    elif phone and not re.search("[0-9]", phone):
        yield "phone", "is no telephone number"
    for column in ("number", "phone"):
        if is_identity_card(values.get(column, "")):
            yield column, "is the number of an identity card, which is not kept here"


def _dates(values: dict[str, str], kind: Kind | None) -> Iterator[tuple[str, str]]:
    dates: dict[str, date | None] = {}
    for column in ("valid_from", "valid_until"):
        try:
            dates[column] = day(values.get(column, ""))
        except ValueError:
            yield column, "is not a date like 2026-11-23, up to 2199"
            dates[column] = None
    begin, end = dates["valid_from"], dates["valid_until"]
    if begin and end and end < begin:
        yield "valid_until", "lies before the first day"
    if kind in (Kind.TENANT, Kind.VISITOR) and "valid_until" not in values:
        yield "valid_until", "a tenant or visitor needs an end date"


def _consent(
    values: dict[str, str], year: str | None, today: date, guardian_age: int
) -> Iterator[tuple[str, str]]:
    answer = answer_of(values)
    if values.get("consent") and answer is None:
        yield "consent", "is neither agreed nor refused"
    if photo_names(values) and answer != "agreed":
        yield "consent", "a photograph needs the person's consent"
    if answer == "agreed":
        yield from _age(values, year, today, guardian_age)


def _age(
    values: dict[str, str], year: str | None, today: date, guardian_age: int
) -> Iterator[tuple[str, str]]:
    """Whether somebody of this age may agree alone; ``year`` is None where it is wrong anyway."""
    if year == "":
        yield "birth_year", "consent needs the year of birth"
    elif (
        year is not None and today.year - int(year) - 1 < guardian_age and "guardian" not in values
    ):
        yield "guardian", "a guardian answers for a child"


def _idle(values: dict[str, str], register: Register) -> bool:
    """Whether a line is about somebody who has moved out and says so: nothing is to be done."""
    if values.get("state") != "moved_out":
        return False
    person = register.person_of(values)
    return person is not None and not person.active


def _consented(values: dict[str, str], register: Register) -> bool:
    """Whether the register holds the answer of a line already."""
    person = register.person_of(values) if "consent" in values else None
    return person is not None and bool(person.answer) and person.answer == answer_of(values)


def _barred(values: dict[str, str], register: Register) -> Iterator[tuple[str, str]]:
    """A table knows less than the desk: a no, and a move out, are taken back there."""
    person = register.person_of(values)
    gone = values.get("state") == "moved_out"
    if person is None:
        if "person" in values and values["person"][:1] == "#":
            yield "person", "is nobody in the register"
        if gone:
            yield "state", "has moved out; leave the line out of the table"
        return
    if not person.active and not gone:
        yield "number", "has moved out; take them back at the desk first"
    if person.active and gone:
        yield "state", "lives here; people move out at the desk"
    if against(person.answer, values):
        yield "consent", "said no at the desk; ask there"
    elif answer_of(values) == "withdrawn" and person.answer != "withdrawn":
        yield "consent", "is neither agreed nor refused"


def _photos(values: dict[str, str], photos: Photos) -> Iterator[tuple[str, str, str]]:
    for name in photo_names(values):
        if not photos.has(name):
            if name.startswith(EMBEDDED):
                yield "photo", "the picture of the cell is not in the file", ""
            elif photos.several(name):
                yield "photo", "{which} is in several folders; write the folder before it", name
            else:
                yield "photo", "{which} is not there", name
            continue
        try:
            check_header(photos.read(name), name)
        except CameraError as error:
            yield "photo", error.what, "" if name.startswith(EMBEDDED) else name


def _twice(
    line: Line, seen: dict[tuple[str, str], int], register: Register, vault: Vault
) -> Iterator[tuple[str, str, str]]:
    values = dict(line.values)
    try:
        numbers = card_numbers(values)
    except AccessError:
        numbers = []
    once = [("number", values["number"])] if "number" in values else []
    once += [("card", number) for number in numbers]
    once += [("photo", name) for name in photo_names(values)]  # no two people have one face
    for column, value in once:
        before = seen.setdefault((column, value), line.number)
        if before != line.number:
            yield column, "is in line {which} too", shown(before)
    for number in numbers:
        holder = register.cards.get(vault.digest("card", number))
        owner = register.person_of(values) if holder is not None else None
        if holder is not None and (owner is None or owner.id != holder):
            yield "card", "belongs to somebody in the register", ""
