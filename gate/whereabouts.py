"""Where people are and when they were last seen: anti-passback, and elders who live alone.

Belongs to the main loop (``heard``, ``tick``); what must outlive a restart goes to the store by
``keep``, which another thread carries out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from gate.access import not_seen
from gate.access.antipassback import Place, passed, presences
from gate.access.not_seen import Gap, Watched
from gate.access.request import Presence
from gate.clock import Clock
from gate.passage import outputs
from gate.settings import Settings

KEY = "whereabouts"
EVERY = 60.0  # seconds between two looks at who was not seen
GAPS_KEPT = timedelta(days=30)

Keep = Callable[[str, dict[str, Any]], None]
Tell = Callable[[not_seen.Notice], None]


class Whereabouts:
    """``places`` and ``watched`` are values; this holds the newest of each.

    Args:
        kept: what an earlier run kept, None at first start.
        agreed: people who wish to be missed, as the consents say.
        keep: store a value under a key, soon; must not wait.
        tell: somebody was not seen, or is back.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        kept: Mapping[str, Any] | None,
        agreed: frozenset[int],
        keep: Keep,
        tell: Tell,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._keep = keep
        self._tell = tell
        self._passing: dict[str, int] = {}
        self._next = 0.0
        self._blind: datetime | None = None
        kept = kept or {}
        self.places = {int(k): Place(**v) for k, v in kept.get("places", {}).items()}
        self._gaps = tuple(Gap(*map(datetime.fromisoformat, pair)) for pair in kept.get("gaps", ()))
        known = {int(k): _watched(v) for k, v in kept.get("watched", {}).items()}
        now = clock.utc()
        last = kept.get("at")
        if last is not None:  # nobody knows what happened while the gate was down
            self._gaps += (Gap(datetime.fromisoformat(last), now),)
        self.watched = {p: known.get(p, Watched(p, now)) for p in agreed}

    def presence(self) -> dict[int, Presence]:
        """Where everybody is, for the rules."""
        hours = self._settings.access.antipassback_hours
        return presences(self.places, self._clock.utc().timestamp(), hours)

    def heard(self, output: outputs.Output, now: float) -> None:
        """Told by the loop of all it did."""
        match output:
            case outputs.Decided(id, decision) if decision.person is not None:
                self._seen(decision.person.id)
                if decision.outcome.value == "grant":
                    self._passing[id] = decision.person.id
            case outputs.EventOut("passage.ended", id, details):
                person = self._passing.pop(id, None)
                if person is not None and details.get("passed") is not False:
                    inward = self._settings.access.inward
                    moment = self._clock.utc().timestamp()
                    self.places = passed(self.places, person, inward, moment)
                    self._save()

    def tick(self, now: float, working: bool) -> None:
        """Once a minute: who has been away too long. ``working``: the gate could see people."""
        wall = self._clock.utc()
        if not working and self._blind is None:
            self._blind = wall
        elif working and self._blind is not None:
            self._gaps += (Gap(self._blind, wall),)
            self._blind = None
        if now < self._next:
            return
        self._next = now + EVERY
        self._gaps = tuple(gap for gap in self._gaps if wall - gap.end < GAPS_KEPT)
        gaps = self._gaps if self._blind is None else (*self._gaps, Gap(self._blind, wall))
        hours = self._settings.access.not_seen.hours
        self.watched, notices = not_seen.check(self.watched, gaps, wall, hours)
        for notice in notices:
            self._tell(notice)
        self._save()

    def agree(self, agreed: frozenset[int]) -> None:
        """The consents changed: who is new is watched from now on, who withdrew no more."""
        now = self._clock.utc()
        self.watched = {p: self.watched.get(p, Watched(p, now)) for p in agreed}

    def acknowledge(self, person: int, by: str) -> None:
        """A named member of staff saw to it."""
        self.watched, notices = not_seen.acknowledge(self.watched, person, by, self._clock.utc())
        for notice in notices:
            self._tell(notice)
        self._save()

    def pause(self, person: int, until: datetime) -> None:
        """Away until ``until``, as they told staff."""
        self.watched = not_seen.pause(self.watched, person, until)
        self._save()

    def _seen(self, person: int) -> None:
        self.watched, notices = not_seen.seen(self.watched, person, self._clock.utc())
        for notice in notices:
            self._tell(notice)

    def _save(self) -> None:
        self._keep(
            KEY,
            {
                "at": self._clock.utc().isoformat(),
                "places": {str(k): asdict(v) for k, v in self.places.items()},
                "watched": {str(k): _plain(v) for k, v in self.watched.items()},
                "gaps": [[g.begin.isoformat(), g.end.isoformat()] for g in self._gaps],
            },
        )


_TIMES = ("since", "seen", "paused_until", "told")


def _plain(watched: Watched) -> dict[str, Any]:
    values = asdict(watched)
    return values | {k: values[k].isoformat() for k in _TIMES if values[k] is not None}


def _watched(values: Mapping[str, Any]) -> Watched:
    times = {k: datetime.fromisoformat(values[k]) for k in _TIMES if values.get(k)}
    return Watched(
        int(values["person"]),
        times["since"],
        times.get("seen"),
        times.get("paused_until"),
        times.get("told"),
        str(values.get("acknowledged_by", "")),
    )
