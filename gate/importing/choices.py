"""What people decided about one table: answers to its questions, and what its columns mean."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from gate import files
from gate.errors import ConfigurationError
from gate.importing.days import ORDERS
from gate.importing.headings import HEADINGS
from gate.importing.serials import SYSTEMS
from gate.importing.values import CARD_FORMS
from gate.importing.wrong import Line

HIDDEN = ("with", "without")
HOMES = ("above", "none")
OWNERS = ("both", "there", "owners", "tenants")
ALL = "*"  # no sheet is called so
SAME, NEW = "same", "new"
LANGUAGES = ("zh", "en")
LEFT_OUT = ""  # a column that is not imported


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything undecided is "" or absent.

    Attributes:
        sheet: name of the sheet, or ``ALL`` of those with a home in each line.
        encoding: of a text file.
        columns: index of a column, from 0 → what it is read as; ``LEFT_OUT`` for nothing.
        card_form: one of ``CARD_FORMS``; date_order: one of ``ORDERS``.
        date_system: one of ``SYSTEMS``, for serial numbers in columns of dates.
        hidden, hidden_columns: whether hidden lines and columns are imported: one of ``HIDDEN``.
        homes: of lines whose home is empty below another: one of ``HOMES``.
        owners: who is imported where owner and tenant share a line: one of ``OWNERS``.
        language: of the page the table was uploaded on, one of ``LANGUAGES``; how 3-2-501 is kept.
        doubles: line → ``SAME`` person as the one proposed, or somebody ``NEW``.
    """

    sheet: str = ""
    encoding: str = ""
    columns: Mapping[int, str] = field(default_factory=dict)
    card_form: str = ""
    date_order: str = ""
    date_system: str = ""
    hidden: str = ""
    hidden_columns: str = ""
    homes: str = ""
    owners: str = ""
    language: str = ""
    doubles: Mapping[int, str] = field(default_factory=dict)

    def over(self, remembered: Mapping[int, str]) -> Choices:
        """With what was remembered of tables like this, where nothing was chosen now."""
        return replace(self, columns={**remembered, **self.columns})


def load_choices(path: Path) -> Choices:
    """Those saved; none when there are none or they are damaged."""
    try:
        return from_json(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError):
        return Choices()


def save_choices(path: Path, choices: Choices) -> None:
    """Written in full before it takes the place of older ones."""
    files.replace(path, json.dumps(asdict(choices), ensure_ascii=False).encode())


def load_lines(path: Path) -> list[Line]:
    """Lines of a plan. Raises ConfigurationError when they are not there or damaged."""
    try:
        raw = json.loads(path.read_text("utf-8"))
        return [Line(int(number), dict(values)) for number, values in raw]
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(
            "the check of the import did not finish", hint="discard it and upload the table again"
        ) from error


def save_lines(path: Path, lines: Sequence[Line]) -> None:
    """Written in full before they take the place of older ones."""
    raw = [[line.number, line.values] for line in lines]
    files.replace(path, json.dumps(raw, ensure_ascii=False).encode())


def from_json(raw: Any) -> Choices:
    """Choices of what was saved or sent; whatever is none of those on offer is dropped."""
    if not isinstance(raw, dict):
        return Choices()
    return Choices(
        sheet=str(raw.get("sheet") or "")[:200],
        encoding=str(raw.get("encoding") or "")[:40],
        columns=numbered(raw.get("columns"), (*HEADINGS, LEFT_OUT)),
        card_form=_one(raw.get("card_form"), CARD_FORMS),
        date_order=_one(raw.get("date_order"), ORDERS),
        date_system=_one(raw.get("date_system"), SYSTEMS),
        hidden=_one(raw.get("hidden"), HIDDEN),
        hidden_columns=_one(raw.get("hidden_columns"), HIDDEN),
        homes=_one(raw.get("homes"), HOMES),
        owners=_one(raw.get("owners"), OWNERS),
        language=_one(raw.get("language"), LANGUAGES),
        doubles=numbered(raw.get("doubles"), (SAME, NEW)),
    )


def numbered(raw: Any, allowed: tuple[str, ...]) -> dict[int, str]:
    """Number → one of ``allowed``."""
    if not isinstance(raw, dict):
        return {}
    return {
        int(key): value
        for key, value in raw.items()
        if str(key).isascii() and str(key).isdigit() and len(str(key)) < 11 and value in allowed
    }


def _one(value: Any, allowed: tuple[str, ...]) -> str:
    return value if value in allowed else ""
