"""A mapping file: which fields a platform gets, how they are named and written, and for what.

Pure: the text of a file in, a checked ``Mapping`` out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from gate.errors import ConfigurationError
from gate.events.types import TYPES
from gate.exporting.settings import Kind
from gate.section import Section

SHIPPED = Path(__file__).parent / "mappings"

# what a record can be made of; see docs/exporting.md
EVENT_SOURCES = frozenset(
    {"id", "gate", "sequence", "epoch", "time", "type", "passage", "method", "decision", "rule"}
    | {"reason", "device", "state", "cause", "serial"}
)
# about a person, and so only for a purpose
PERSON_SOURCES = frozenset(
    f"person.{key}"
    for key in (
        *("ref", "number", "name", "kind", "active", "blocked", "phone", "birth_date"),
        *("birth_year", "groups", "valid_from", "valid_until", "building", "unit", "household"),
    )
)
OF_CHANGE = frozenset({"action", "gate", "time", "id"})  # of a person's record
HEALTH = frozenset({"temperature.estimated", "temperature.raw"})
# what never leaves, whatever a mapping says: the gate keeps no photograph at all
NEVER = ("picture", "photo", "image", "template", "vector", "card", "pin", "scores")


class Purpose(Section):
    """What a platform needs something for, in both languages of the desk."""

    title: str
    title_zh: str = ""
    # why the person need not agree, e.g. the article of a law; "" when everybody must
    basis: str = ""


class FieldMap(Section):
    """One field of the receiver. Exactly one of ``source`` (``from`` in the file) and ``value``."""

    source: str = Field("", alias="from")
    value: str | int | float | bool | None = None
    codes: str = ""  # a table in [codes]
    time: str = ""  # as in [time], for this field alone
    purpose: str = ""
    # which answer of the person is needed: a purpose of consent; "": none, then the purpose
    # of the field names its basis
    consent: str = "export"
    required: bool = False
    default: str | int | float | bool | None = None

    @property
    def personal(self) -> bool:
        return self.source in PERSON_SOURCES or self.source in HEALTH

    @model_validator(mode="after")
    def _one_source(self) -> FieldMap:
        if bool(self.source) == (self.value is not None):
            raise ValueError('exactly one of "from" and "value" must be given')
        leaf = self.source.rsplit(".", 1)[-1]
        if leaf in NEVER:
            raise ValueError(f'"{self.source}" never leaves the gate; take the field out')
        return self


class RecordMap(Section):
    """One kind of record: which events it is made of, and its fields in the order of the file."""

    events: tuple[str, ...] = ()
    path: str = ""  # added to the url
    table: str = ""  # name of files; the kind if empty
    kinds: tuple[str, ...] = ()  # of people: residents, staff …; empty: all
    json_schema: str = ""  # a file beside the mapping
    fields: dict[str, FieldMap]


class TimeFormat(Section):
    """``format``: iso, iso-local, unix, unix-ms, or as for strftime."""

    format: str = "iso"
    zone: str = ""  # a name like "Asia/Shanghai"; empty: UTC


class Envelope(Section):
    """What is around the records in one request."""

    format: Literal["json", "json-lines", "csv", "xml"] = "json"
    # json: the member that holds the records; empty: the body is one record and nothing else
    member: str = "records"
    constants: dict[str, str | int | bool] = Field({})
    # xml: the element around all, and the one around each
    root: str = "records"
    record: str = "record"
    xsd: str = ""  # a file beside the mapping
    bom: bool = False  # csv: for spreadsheets that guess the encoding


class Answer(Section):
    """How a platform says yes besides its status: many answer 200 with a code that says no."""

    field: str = ""  # dotted path of a code
    success: tuple[str | int | bool, ...] = (0, "0", 200, "200", True)
    # dotted path of the last sequence it has taken; absent: all of the request
    position: str = ""


class Resume(Section):
    """Where to ask which record came last, after an answer was lost."""

    path: str = ""
    epoch: str = "epoch"
    position: str = "sequence"


class Mapping(Section):
    """A whole file."""

    title: str
    envelope: Envelope = Envelope()
    time: TimeFormat = TimeFormat()
    purposes: dict[str, Purpose] = Field({})
    codes: dict[str, dict[str, str | int]] = Field({})
    headers: dict[str, str] = Field({})
    answer: Answer = Answer()
    resume: Resume = Resume()
    passage: RecordMap | None = None
    person: RecordMap | None = None
    device: RecordMap | None = None

    @property
    def records(self) -> dict[Kind, RecordMap]:
        every: dict[Kind, RecordMap | None] = {
            "passage": self.passage,
            "person": self.person,
            "device": self.device,
        }
        return {kind: record for kind, record in every.items() if record is not None}

    @model_validator(mode="after")
    def _fits_together(self) -> Mapping:
        mistakes = list(self._mistakes())
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    def _mistakes(self) -> Iterator[str]:
        if not self.records:
            yield "none of [passage], [person] and [device] is there"
        for kind, record in self.records.items():
            if kind == "person":
                known = OF_CHANGE | PERSON_SOURCES
            else:
                known = EVENT_SOURCES | PERSON_SOURCES | HEALTH
                if not record.events:
                    yield f"{kind}: events names the types of events it is made of"
            for type in record.events:
                if type not in TYPES:
                    yield f'{kind}: there is no event "{type}"'
            for name, field in record.fields.items():
                yield from self._mistakes_of(f"{kind}.fields.{name}", field, known)

    def _mistakes_of(self, where: str, field: FieldMap, known: frozenset[str]) -> Iterator[str]:
        if field.source and field.source not in known and not field.source.startswith("site."):
            yield f'{where}: there is no "{field.source}" here'
        if field.codes and field.codes not in self.codes:
            yield f'{where}: there is no table "{field.codes}" in [codes]'
        if not field.personal:
            return
        purpose = self.purposes.get(field.purpose)
        if purpose is None:
            yield f"{where}: what is about a person needs a purpose of [purposes]"
        elif not field.consent and not purpose.basis:
            yield f'{where}: without consent, purpose "{field.purpose}" must name its basis'


def parse(text: str, where: str = "") -> Mapping:
    """The mapping in the text of a TOML file. Raises ConfigurationError with every mistake."""
    try:
        return Mapping.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"the mapping is not TOML: {error}", where=where, hint="correct the line named"
        ) from None
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}".lstrip(": ")
            for detail in error.errors(include_url=False)
        ]
        raise ConfigurationError(
            "the mapping cannot be used:\n" + "\n".join(f"  - {line}" for line in lines),
            where=where,
            hint="correct each line above; docs/exporting.md lists what a mapping may hold",
        ) from None


def find(name: str) -> Path:
    """The file of a shipped mapping, or the one at that path."""
    return SHIPPED / f"{name}.toml" if "/" not in name and "." not in name else Path(name)


def read(file: Path) -> Mapping:
    """The mapping in a file. Raises ConfigurationError."""
    try:
        return parse(file.read_text("utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        names = ", ".join(sorted(path.stem for path in SHIPPED.glob("*.toml")))
        raise ConfigurationError(
            f"the mapping cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}",
            where=str(file),
            hint=f"name a file, or one of {names}",
        ) from None
