"""Lines of a table, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the table. ``number`` is the line as the spreadsheet shows it, from 2."""

    number: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Wrong:
    """One mistake: in which line and column, and what it is.

    Attributes:
        text: one of a fixed few, to be translated; ``{which}`` in it is replaced by ``which``.
        which: another line, or the photograph meant: as it was given, with braces in it or not.
    """

    line: int
    column: str
    text: str
    which: str = ""

    @property
    def what(self) -> str:
        """In English."""
        return self.words(str)

    def words(self, translate: Callable[[str], str]) -> str:
        """In another language; what has no place in the text comes before it."""
        text = translate(self.text)
        if "{which}" in text or not self.which:
            return text.replace("{which}", self.which)
        return f"{self.which}: {text}"
