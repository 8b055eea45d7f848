"""The conversation about an uploaded table: what its page asks, and what was answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gate.importing.choices import ALL, Choices, from_json
from gate.importing.delimited import ENCODINGS
from gate.importing.headings import HEADINGS
from gate.importing.line_numbers import shown as line_shown
from gate.importing.one_sheet import together
from gate.importing.plan import Plan
from gate.importing.question import Question
from gate.importing.text import name as name_of
from gate.importing.understand import Understanding
from gate.importing.workbooks import words_of
from gate.texts.catalogue import Translate

SAMPLES = 5  # lines shown

TITLES = {
    "sheet": "Which sheet holds the people?",
    "hidden": "Some lines are hidden in the table. Import them too?",
    "hidden_columns": "Some columns are hidden in the table. Import them too?",
    "card_form": "How are the card numbers written?",
    "date_order": "In which order are day, month and year?",
    "date_system": "Some dates are serial numbers, in which a spreadsheet counts days. From when?",
    "homes": "Some lines have no home below one that has. Where do these people live?",
    "owners": "Some lines name an owner and a tenant. Who of them is imported?",
    "columns": "Two columns were read as the same thing: leave one of them out below",
}
OPTIONS = {
    "with": "Import what is hidden too",
    "without": "Leave out what is hidden",
    "decimal": "Decimal, leading zeros were lost",
    "facility": "Facility code and number",
    "hex": "Hexadecimal",
    "reversed": "Decimal, bytes reversed",
    "ymd": "Year, month, day",
    "dmy": "Day, month, year",
    "mdy": "Month, day, year",
    "1900": "From 1900, as nearly all tables",
    "1904": "From 1904, as some of Excel for Mac",
    "above": "In the home of the line above",
    "none": "They have no home here",
    "both": "Both, each as a person of their own",
    "there": "The tenant where there is one, else the owner",
    "owners": "The owner only; lines with a tenant alone are left out",
    "tenants": "The tenant only; lines without one are left out",
    ALL: "Together: {names}",
    "month": "They are a year and a month without its zero",
}
UNSEEN = {
    ("hidden", "without"): "Lines hidden by a filter or by hand are left out: {count}",
    ("hidden", "with"): "Lines hidden by a filter or by hand are imported too: {count}",
    ("hidden_columns", "without"): "Hidden columns are left out: {names}",
    ("hidden_columns", "with"): "Hidden columns are imported too: {names}",
}
REASONS = {
    "known": "recognised",
    "guessed": "by a word in it",
    "remembered": "as last time",
    "chosen": "chosen",
    "unneeded": "not needed, not stored",
    "relative": "somebody else; each person needs a line of their own",
    "head": "head of the household; the name is in another column",
    "unknown": "not recognised",
    "nameless": "no heading",
    "hidden": "hidden in the file",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as the page shows it."""

    about: str
    title: str
    options: list[tuple[str, str]]
    examples: list[tuple[str, list[str]]]
    lines: int
    answer: str
    open: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows of a plan.

    Attributes:
        named: whether a column holds names.
        unseen: what becomes of hidden lines and columns, as far as it is settled.
        outside: buildings that no column names.
        numbering: how lines are numbered where several sheets are read as one.
        beside: columns of other people, who are not taken over.
    """

    named: bool
    questions: list[Asked]
    unseen: list[str]
    outside: str
    numbering: str
    beside: str
    columns: list[dict[str, object]]
    fields: list[tuple[str, str]]
    samples: list[tuple[str, list[str]]]
    used: list[str]
    encodings: list[tuple[str, str]]
    encoding: str
    counts: list[tuple[str, int]]


def asked(plan: Plan, translate: Translate) -> Shown:
    """What to show of a plan and to ask about it."""
    table = plan.table
    used = [column.field for column in table.columns if column.field]
    used = list(dict.fromkeys(used))
    # what each column became: building and unit of an address, photographs found by name
    made = {key for line in plan.lines[:SAMPLES] for key in line.values} - {"person"}
    used = [name for name in HEADINGS if name in made or (name in used and name in made)]
    language = "zh" if translate("leave out") != "leave out" else "en"
    title = heading(language)
    return Shown(
        any(column.field in ("name", "surname") for column in table.columns),
        [_question(one, translate) for one in table.questions],
        unseen(table.questions, translate),
        outside(table, translate),
        _numbering(table, translate),
        beside(table, translate),
        [
            {
                "index": column.index,
                "letter": column.letter,
                "heading": column.heading,
                "field": column.field,
                "reason": translate(REASONS[column.reason]),
                "left": not column.field,
                "filled": column.filled,
            }
            for column in table.columns
        ],
        [("", translate("leave out")), *((name, title(name)) for name in HEADINGS)],
        [
            (line_shown(line.number), [_shown(values.get(name, "")) for name in used])
            for line, values in (
                (one, _words(one.values, language)) for one in plan.lines[:SAMPLES]
            )
        ],
        [title(name) for name in used],
        [(name, name) for name in (table.book.encoding, *table.book.encodings)]
        if table.book.encoding
        else [],
        table.book.encoding,
        [
            (translate("people"), len(plan.lines)),
            (translate("with photographs"), _count(plan, "photo")),
            (translate("with a card"), _count(plan, "card")),
            (translate("with an end of validity"), _count(plan, "valid_until")),
            (translate("who agreed"), _agreed(plan)),
        ],
    )


def unseen(questions: Sequence[Question], translate: Translate) -> list[str]:
    """What becomes of hidden lines and columns, as far as it is settled: a sentence each."""
    return [
        translate(
            UNSEEN[one.about, one.answer],
            count=f"{one.lines:,}",
            names=translate(", ").join(heading for heading, _ in one.examples[:SAMPLES])
            + "…" * (len(one.examples) > SAMPLES),
        )
        for one in questions
        if (one.about, one.answer) in UNSEEN
    ]


def outside(table: Understanding, translate: Translate) -> str:
    """That buildings come from outside the columns, and which; "" where none does."""
    names = [
        f"{building}{translate(' ({count})', count=f'{lines:,}')}"
        for building, lines in table.placed.items()
    ]
    text = "No column names the building; the sheet, the title or a line above does: {names}"
    return translate(text, names=translate(", ").join(names)) if names else ""


def _numbering(table: Understanding, translate: Translate) -> str:
    """How the lines of several sheets are numbered; "" where one is read."""
    names = together(table.questions)
    text = "Lines are numbered by sheet: 2/15 is line 15 of {name}."
    return translate(text, name=names[1]) if names else ""


def beside(table: Understanding, translate: Translate) -> str:
    """That columns name other people, who are not taken over; "" where none does."""
    names = [
        f"{column.letter} {column.heading}"
        for column in table.columns
        if column.reason == "relative" and column.filled
    ]
    text = "Other people in a line are not imported: {names}. Give each a line of their own."
    said = [translate(text, names=translate(", ").join(names))] if names else []
    if heads := heads_only(table):
        text = "Heads of households without a line of their own are not imported: {names}"
        shown = translate(", ").join(heads[:SAMPLES]) + "…" * (len(heads) > SAMPLES)
        said.append(translate(text, names=shown) + translate(" ({count})", count=len(heads)))
    return "\n".join(said)


def heads_only(table: Understanding) -> tuple[str, ...]:
    """Heads of households who are named beside the members, and in no line of their own."""
    (head,) = [one.index for one in table.columns if one.reason == "head"] or (-1,)
    cells = [row.cells[head] for row in table.layout.rows if head in row.cells]
    named = {"", *(line.values.get("name", "") for line in table.lines)}
    heads = dict.fromkeys(name_of(cell.text) for cell in cells)
    return tuple(name for name in heads if name not in named)


def choices_of(form: Mapping[str, str], known: Choices) -> Choices:
    """The choices of a form sent, over those known; whatever is not on offer is dropped.

    Another sheet or encoding begins from nothing: columns and lines are others there.
    """
    if form.get("sheet", known.sheet) != known.sheet:
        return from_json(
            {"sheet": form["sheet"], "encoding": known.encoding, "language": known.language}
        )
    encoding = form.get("encoding", known.encoding)
    if encoding != known.encoding and "encoding" in form:
        allowed = {*ENCODINGS, "utf-16-le", "utf-16-be", "gbk", "cp1250", known.encoding}
        encoding = encoding if encoding in allowed else known.encoding
    columns = {key[7:]: value for key, value in form.items() if key.startswith("column-")}
    was = {key[4:]: value for key, value in form.items() if key.startswith("was-")}
    changed = {key: value for key, value in columns.items() if value != was.get(key)}
    doubles = {key[7:]: value for key, value in form.items() if key.startswith("double-")}
    return from_json(
        {
            "sheet": known.sheet,
            "encoding": encoding,
            "columns": {**{str(k): v for k, v in known.columns.items()}, **changed},
            "card_form": form.get("card_form", known.card_form),
            "date_order": form.get("date_order", known.date_order),
            "date_system": form.get("date_system", known.date_system),
            "hidden": form.get("hidden", known.hidden),
            "hidden_columns": form.get("hidden_columns", known.hidden_columns),
            "homes": form.get("homes", known.homes),
            "owners": form.get("owners", known.owners),
            "language": known.language,
            "doubles": {**{str(k): v for k, v in known.doubles.items()}, **doubles},
        }
    )


def heading(language: str) -> Callable[[str], str]:
    """The heading of a column in a language; "" of none."""
    return lambda column: (
        HEADINGS[column][-1 if language == "zh" else 0] if column in HEADINGS else ""
    )


def _question(question: Question, translate: Translate) -> Asked:
    examples: list[tuple[str, list[str]]] = []
    if question.about == "sheet":
        options = [
            (name, name + translate(" ({count})", count=translate("{count} lines", count=rows[0])))
            for name, rows in question.examples
        ]
        if ALL in question.options:
            names = [name for name, (_, number) in question.examples if number]
            text = translate(OPTIONS[ALL], names=translate(", ").join(names))
            options.insert(0, (ALL, text))
    else:
        options = [(name, translate(OPTIONS[name])) for name in question.options]
        examples = [(text, list(ways)) for text, ways in question.examples]
    return Asked(
        question.about,
        translate(TITLES[question.about]),
        options,
        examples,
        question.lines,
        question.answer,
        not question.answer,
    )


def _words(values: Mapping[str, str], language: str) -> Mapping[str, str]:
    """Values in the words of a language; as they are while some of them are mistakes."""
    try:
        return words_of(values, language)
    except ValueError:
        return values


def _shown(value: str) -> str:
    """A value in the sample; a picture of the workbook by a word, a long one cut."""
    text = ";".join("▣" if part.startswith("cell:") else part for part in value.split(";"))
    return text if len(text) <= 40 else f"{text[:39]}…"


def _count(plan: Plan, name: str) -> int:
    return sum(name in line.values for line in plan.lines)


def _agreed(plan: Plan) -> int:
    return sum(line.values.get("consent") == "agreed" for line in plan.lines)
