"""What an outside service knows about a person, as findings for the rules.

The rules never wait for the service: ``StatusLookup`` asks in a thread of its own, caches answers
while they are fresh, and stops asking a failing service for a while.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gate.access.request import Finding, Weight
from gate.access.status_settings import StatusItemSettings, StatusSettings


@dataclass(frozen=True, slots=True)
class StatusItem:
    """One thing the service says.

    Attributes:
        good: None when the service itself does not know.
        value: for the screen, short.
    """

    good: bool | None
    value: str = ""


Answer = Mapping[str, StatusItem]


class StatusProvider(Protocol):
    """Asks a service. Called in threads of its own; must come back within its budget."""

    def ask(self, ref: str) -> Answer:
        """What is known of the person with this pseudonym, by item.

        Raises StatusError: no answer in time, an error, or an answer that is not understood.
        """
        ...

    def close(self) -> None:
        """Close connections. May be called twice."""
        ...


def judge(answer: Answer | None, settings: StatusSettings) -> tuple[Finding, ...]:
    """Findings for all configured items; None is "not available".

    Items the configuration does not name are left out: a service does not decide what is shown.
    """
    return tuple(_finding(item, (answer or {}).get(item.name)) for item in settings.items)


def labels(items: Sequence[StatusItemSettings]) -> dict[str, dict[str, str]]:
    """Names of the items for the screen: item → language → words."""
    return {item.name: {"zh": item.zh or item.name, "en": item.en or item.name} for item in items}


_WEIGHTS = {
    "show": Weight.SHOW,
    "advise": Weight.ADVISE,
    "require": Weight.REQUIRE,
    "refer": Weight.REFER,
}


def _finding(item: StatusItemSettings, said: StatusItem | None) -> Finding:
    if said is None or said.good is None:
        value = said.value if said else ""
        return Finding(item.name, None, _WEIGHTS[item.unavailable], "status_unknown", value)
    weight = _WEIGHTS[item.policy]
    return Finding(item.name, said.good, weight, "" if said.good else "status_bad", said.value)
