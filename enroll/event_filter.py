"""What is looked for among the events: a filter that is a link, and its parts in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from urllib.parse import urlencode

from gate.events import story
from gate.events.types import TYPES
from gate.texts.catalogue import word

# groups of types that people ask for, in the order they are offered
GROUPS: dict[str, tuple[str, ...]] = {
    "passages": ("passage.granted", "passage.denied", "passage.asked"),
    "let_in": ("passage.granted",),
    "turned_away": ("passage.denied", "passage.asked"),
    "alarms": tuple(
        kind for kind in TYPES if story.tone_of(kind) == "bad" and "denied" not in kind
    ),
    "door": tuple(kind for kind in TYPES if kind.startswith("door.")),
    "technical": tuple(
        kind
        for kind in TYPES
        if kind.startswith(("gate.", "camera.", "device.", "clock.", "store.", "outbox."))
    ),
}
WAYS = ("face", "card", "face+card", "permit", "pin", "staff")


@dataclass(frozen=True, slots=True)
class Filter:
    """Everything is optional; all parts together must be true of an event.

    Attributes:
        since, until: first and last day, local, inclusive, as ``YYYY-MM-DD``.
        type: a type of events, or the name of one of ``GROUPS``.
        who: part of a name.
        person: a pseudonym.
    """

    since: str = ""
    until: str = ""
    gate: str = ""
    type: str = ""
    reason: str = ""
    method: str = ""
    who: str = ""
    person: str = ""

    @property
    def types(self) -> tuple[str, ...]:
        """The types meant; empty for all."""
        return GROUPS.get(self.type, (self.type,) if self.type else ())

    def link(self, path: str = "/events", **changes: str) -> str:
        """The address that shows the events of this filter, with ``changes`` to it.

        A key that is no part of the filter, such as ``before``, is added at the end.
        """
        ours = {field.name for field in fields(self)}
        changed = replace(self, **{key: value for key, value in changes.items() if key in ours})
        values = {field.name: getattr(changed, field.name) for field in fields(self)}
        values |= {key: value for key, value in changes.items() if key not in ours}
        chosen = {key: value for key, value in values.items() if value}
        return f"{path}?{urlencode(chosen)}" if chosen else path


def type_in_words(type: str, language: str) -> str:
    """A group or a type as the list of choices shows it."""
    return word("group", type, language) if type in GROUPS else word("event", type, language)


def parts(
    chosen: Filter, language: str, name: str, shown: Mapping[str, date]
) -> list[tuple[str, str]]:
    """Each part in words and the link without it; the days only where they were chosen.

    Args:
        name: of the person whose pseudonym is filtered by.
        shown: the days the list runs from and to, under "since" and "until".
    """
    said = {
        "since": f"≥ {shown['since']}",
        "until": f"≤ {shown['until']}",
        "gate": chosen.gate,
        "type": type_in_words(chosen.type, language),
        "reason": story.why(chosen.reason, language),
        "method": story.way(chosen.method, language),
        "who": f"“{chosen.who}”",
        "person": name,
    }
    return [(text, chosen.link(**{key: ""})) for key, text in said.items() if getattr(chosen, key)]
