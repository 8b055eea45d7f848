"""What one answer settles for a whole table."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN = 5  # examples of a question


@dataclass(frozen=True, slots=True)
class Question:
    """Something one answer settles for the whole table.

    Attributes:
        about: sheet, columns, card_form, date_order, date_system, hidden,
            hidden_columns, homes or owners.
        options: the answers on offer; empty for ``columns``, which are chosen one by one.
        examples: (as written, what each option makes of it), in the order of ``options``; of
            ``sheet`` (its name, (lines in it, its number among those that can be read as one)).
        lines: how many are concerned.
        answer: "" while it is open.
    """

    about: str
    options: tuple[str, ...]
    examples: tuple[tuple[str, tuple[str, ...]], ...] = ()
    lines: int = 0
    answer: str = ""
