"""The form of a person, checked, and as columns of the register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from gate.access.decision import Kind
from gate.importing.as_registered import building_of, unit_in
from gate.importing.check import FIRST_DAY, LAST_DAY, groups_of
from gate.importing.homes import home, is_flat
from gate.store.store import Store
from gate.store.tables import PersonRow
from gate.texts.catalogue import LANGUAGES, Language, Translate


def _empty_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _printable(value: Any) -> Any:
    if isinstance(value, str) and any(ord(letter) < 32 for letter in value):
        raise ValueError("holds control characters")
    return value


Short = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=80), BeforeValidator(_printable)
]
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
Maybe = BeforeValidator(_empty_is_none)


def _not_to_come(year: int) -> int:
    if year > datetime.now().astimezone().year:
        raise ValueError("is no year from 1900 to now")
    return year


Year = Annotated[int, Field(ge=1900), AfterValidator(_not_to_come)]


LABELS = {
    "name": "Name",
    "number": "Number",
    "kind": "Kind",
    "building": "Building",
    "unit": "Unit",
    "household": "Household",
    "birth_year": "Year of birth",
    "phone": "Phone",
    "locale": "Language",
    "valid_from": "Valid from",
    "valid_until": "Valid until",
    "groups": "Groups",
    "note": "Note",
}
# the words of imports, where there are such
_WORDS = {
    "missing": "is missing",
    "string_too_short": "is missing",
    "string_too_long": "is too long",
}
_OF_FIELD = {
    "kind": "is none of the known kinds",
    "birth_year": "is no year from 1900 to now",
    "locale": "is neither zh nor en",
    "valid_from": "is not a date like 2026-11-23, up to 2199",
    "valid_until": "is not a date like 2026-11-23, up to 2199",
}


_SHARED = (
    *("kind", "building", "unit", "household", "locale", "valid_from", "valid_until"),
    "face_alone",
)


class PersonForm(BaseModel):
    """What staff type of a person."""

    name: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=120),
        BeforeValidator(_printable),
    ]
    number: Annotated[Short | None, Maybe] = None
    kind: Kind = Kind.RESIDENT
    building: Short = ""
    unit: Short = ""
    household: Short = ""
    birth_year: Annotated[Year | None, Maybe] = None
    phone: Annotated[Short, StringConstraints(max_length=40)] = ""
    locale: Language = "zh"
    valid_from: Annotated[Day | None, Maybe] = None
    valid_until: Annotated[Day | None, Maybe] = None
    groups: Annotated[str, StringConstraints(max_length=200)] = ""
    note: Annotated[str, StringConstraints(max_length=500)] = ""
    extended_unlock: bool = False
    face_alone: bool = False

    @model_validator(mode="before")
    @classmethod
    def _in_one_field(cls, sent: dict[str, Any]) -> dict[str, Any]:
        """A home typed into one of its two fields, 3-2-501, is building and unit; 2-501 may be a
        flat of a building that was forgotten, and is none."""
        building, unit = (str(sent.get(part) or "").strip() for part in ("building", "unit"))
        typed = building or unit
        if (building and unit) or is_flat(typed) or not (found := home(typed)):
            return sent
        return {**sent, "building": found[0], "unit": found[1]}

    @model_validator(mode="after")
    def _fits_together(self) -> PersonForm:
        if bool(self.building) != bool(self.unit):
            raise ValueError("building and unit are given together or not at all")
        if self.kind in (Kind.TENANT, Kind.VISITOR) and self.valid_until is None:
            raise ValueError("a tenant or visitor needs an end date")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("the end of the validity lies before its beginning")
        return self

    @property
    def home(self) -> tuple[str, str, str]:
        """Building, unit and household, empty where there is none."""
        return self.building, self.unit, self.household if self.building else ""

    def columns(self) -> dict[str, Any]:
        """Columns of PersonRow, and ``home``: see ``People.update``."""
        values = self.model_dump(
            include={"name", "number", "birth_year", "phone", "locale", "note"}
            | {"extended_unlock", "face_alone"}
        )
        return {
            **values,
            "kind": self.kind.value,
            "home": self.home,
            "groups": groups_of(self.groups),
            "valid_from": _start(self.valid_from),
            # the last day counts in full
            "valid_until": _start(self.valid_until and self.valid_until + timedelta(days=1)),
        }


def at_home(store: Store, form: PersonForm) -> PersonForm:
    """The form with its home as the register writes it."""
    building, unit = form.building, form.unit
    if not (building and unit):
        return form
    with store.database.read() as session:
        building = building_of(session, building)
        unit = unit_in(session, building, unit)
    return form.model_copy(update={"building": building, "unit": unit})


def family_of(sent: dict[str, Any], names: Sequence[str], years: Sequence[str]) -> list[PersonForm]:
    """The others of a home that were entered in rows below the first person.

    They have its kind, home, language, validity and whether the face alone opens; what is about
    one person (number, telephone, groups, note, more time) is the first's only. A row without a
    name and a year is none. Raises ValidationError.
    """
    shared = {key: sent[key] for key in _SHARED if key in sent}
    rows = zip(names, years, strict=False)
    return [
        PersonForm.model_validate({**shared, "name": name, "birth_year": year})
        for name, year in rows
        if name.strip() or year.strip()
    ]


def mistakes(error: ValidationError, translate: Translate) -> list[str]:
    """What is wrong with the form, field by field, as staff read it."""
    lines = []
    for one in error.errors(include_url=False):
        field = str(one["loc"][0]) if one["loc"] else ""
        words = _WORDS.get(one["type"]) or _OF_FIELD.get(field, "is not possible")
        if one["type"] == "value_error" and field != "locale":
            words = str(one["ctx"]["error"])
        label = f"{translate(LABELS[field])}: " if field in LABELS else ""
        lines.append(label + translate(words))
    return lines


def of_person(store: Store, person: PersonRow) -> dict[str, Any]:
    """The form as it is for somebody in the register."""
    building, unit, label = (
        store.places.address(person.household_id) if person.household_id else ("", "", "")
    )
    last = person.valid_until and person.valid_until.astimezone() - timedelta(microseconds=1)
    return {
        "name": person.name,
        "number": person.number or "",
        "kind": person.kind,
        "building": building,
        "unit": unit,
        "household": label,
        "birth_year": person.birth_year or "",
        "phone": person.phone,
        "locale": person.locale,
        "valid_from": person.valid_from.astimezone().date() if person.valid_from else "",
        "valid_until": last.date() if last else "",
        "groups": ", ".join(person.groups),
        "note": person.note,
        "extended_unlock": person.extended_unlock,
        "face_alone": person.face_alone,
    }


def differences(
    there: Mapping[str, Any], typed: Mapping[str, Any], translate: Translate
) -> list[str]:
    """Where a form as typed differs from the record as it is now, field by field."""
    labels = {
        **LABELS,
        "extended_unlock": "Needs more time to walk through",
        "face_alone": "The face alone opens (no second proof asked for)",
    }
    return [
        translate(
            "{field}: now {there}, typed {typed}",
            field=translate(label),
            there=_as_read(field, there[field], translate),
            typed=_as_read(field, typed.get(field, ""), translate),
        )
        for field, label in labels.items()
        if str(there[field]) != str(typed.get(field, "")).strip()
    ]


def _as_read(field: str, value: Any, translate: Translate) -> str:
    if isinstance(value, bool):
        return translate("yes") if value else translate("no")
    text = str(value).strip()
    if field == "kind":
        return translate(f"kind {text}")
    return LANGUAGES.get(text, text) if field == "locale" else text or translate("empty")


EMPTY: dict[str, Any] = {
    **dict.fromkeys(PersonForm.model_fields, ""),
    "kind": "resident",
    "locale": "zh",
    "extended_unlock": False,
    "face_alone": True,
}


def _start(day: date | None) -> datetime | None:
    """Midnight of the box's own zone."""
    return datetime.combine(day, time()).astimezone() if day else None
