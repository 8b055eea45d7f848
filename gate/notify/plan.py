"""Which alarm is sent to whom and when. Pure: events, acknowledgements and times in, messages out.

The first alarm of a kind is sent at once. What follows within ``group`` seconds is counted and sent
as one message at the end of that time. A critical alarm is repeated until somebody acknowledges it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gate.notify.settings import NotifySettings, Severity

SEVERITY: dict[str, Severity] = {
    "door.forced": "critical",
    "door.fire": "critical",
    "door.tamper": "critical",
    "door.fault": "critical",
    "passage.duress": "critical",
    "store.lost": "critical",
    "store.memory": "critical",
    "gate.fault": "critical",
    "person.not_seen": "critical",
    "door.held": "warning",
    "door.lockdown": "warning",
    "door.refused": "warning",
    "passage.tailgating": "warning",
    "camera.lost": "warning",
    "camera.covered": "warning",
    "camera.frozen": "warning",
    "camera.moved": "warning",
    "camera.slow": "warning",
    "door.unsteady": "warning",
    "device.lost": "warning",
    "gallery.foreign": "warning",
    "credential.guessing": "warning",
    "attack.presentation": "warning",
    "outbox.dropped": "warning",
    "clock.implausible": "warning",
    "gate.started": "info",
    "gate.stopped": "info",
    "door.recovered": "info",
    "door.fire_reset": "info",
    "door.hold": "info",
    "door.normal": "info",
    "camera.back": "info",
    "camera.clear": "info",
    "device.back": "info",
    "gallery.usable": "info",
    "store.back": "info",
    "person.not_seen_ended": "info",
}
RANK = {"info": 0, "warning": 1, "critical": 2}
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one receiver.

    Attributes:
        kind: the type of the events.
        count, first, last: how many, and the times of the first and the last.
        subject: the device or camera concerned, "" where there is none or several.
        repeated: how often it was sent before without an acknowledgement.
        events: ids of the events it is about.
    """

    receiver: str
    kind: str
    severity: Severity
    count: int
    first: datetime
    last: datetime
    subject: str = ""
    repeated: int = 0
    events: tuple[str, ...] = ()


@dataclass(slots=True)
class _Group:
    """Alarms of one kind for one receiver since the last message about them."""

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    subjects: set[str] = field(default_factory=set)
    events: list[str] = field(default_factory=list)
    sent: datetime | None = None  # when the newest message about the kind went


@dataclass(slots=True)
class _Open:
    """A critical alarm that was sent and is not acknowledged."""

    message: Message  # as it was sent last
    at: datetime


REPEATS = 3  # of a critical alarm that nobody acknowledges: who does not hear three is not there
PER_HOUR = 30  # messages to one receiver; beyond it only critical ones, so that a storm buries none
NEWS = timedelta(hours=6)  # an alarm that could not be sent for so long is in the log, and no news


class Plan:
    """The state between two looks; one owner, the notifier's thread."""

    def __init__(self, settings: NotifySettings) -> None:
        self._settings = settings
        self._to = {to.name: to for to in settings.to}
        self._groups: dict[tuple[str, str], _Group] = {}
        self._open: dict[tuple[str, str], _Open] = {}
        self._sent: dict[str, deque[datetime]] = {to.name: deque() for to in settings.to}

    def add(self, event: Mapping[str, Any], now: datetime) -> bool:
        """Take in one event as it is published (docs/events.md). Whether anybody wants it."""
        kind = str(event["type"])
        severity = SEVERITY.get(kind)
        at = datetime.fromisoformat(str(event["time"]))
        if severity is None or now - at > NEWS:
            return False
        wanted = False
        for to in self._settings.to:
            if RANK[severity] < RANK[to.severity] or not to.wants(kind):
                continue
            wanted = True
            group = self._groups.setdefault((to.name, kind), _Group())
            group.count += 1
            group.first = group.first or at
            group.last = at
            group.events.append(str(event["id"]))
            if subject := _subject(event):
                group.subjects.add(subject)
        return wanted

    def due(self, now: datetime, local: datetime) -> list[Message]:
        """The messages to send now; a message counts as sent when it is returned.

        Args:
            now: aware.
            local: the same in the gate's time zone, for the quiet hours.
        """
        window = timedelta(seconds=self._settings.group)
        found = []
        for (name, kind), group in self._groups.items():
            if not group.count or group.first is None or group.last is None:
                continue
            if group.sent is not None and now - group.sent < window:
                continue
            severity = SEVERITY[kind]
            if severity != "critical" and (
                self._to[name].quiet(local.time()) or not self._room(name, now)
            ):
                continue  # kept for later, counted on
            subject = group.subjects.pop() if len(group.subjects) == 1 else ""
            message = Message(
                name,
                kind,
                severity,
                group.count,
                group.first,
                group.last,
                subject,
                events=tuple(group.events),
            )
            self._groups[name, kind] = _Group(sent=now)
            self._sent[name].append(now)
            if severity == "critical":
                self._open[name, kind] = _Open(message, now)
            found.append(message)
        return found + self._repeats(now)

    def back(self, message: Message) -> None:
        """A message that could not be sent waits again; what came since is added to it."""
        group = self._groups.setdefault((message.receiver, message.kind), _Group())
        group.count += message.count
        group.first = min(message.first, group.first or message.first)
        group.last = max(message.last, group.last or message.last)
        group.events = [*message.events, *group.events]
        group.sent = None
        if message.subject:
            group.subjects.add(message.subject)
        self._open.pop((message.receiver, message.kind), None)

    def waiting_for(self) -> set[str]:
        """Ids of the events whose acknowledgement ends a repetition."""
        return {id for one in self._open.values() for id in one.message.events}

    def unsent(self) -> set[str]:
        """Ids of the events that are in no message yet."""
        return {id for group in self._groups.values() for id in group.events}

    def acknowledged(self, events: Collection[str]) -> None:
        """Somebody has seen to these: nothing about them is repeated."""
        for key, one in list(self._open.items()):
            if set(one.message.events) & set(events):
                del self._open[key]

    def _repeats(self, now: datetime) -> list[Message]:
        if not self._settings.repeat:
            return []
        found = []
        wait = timedelta(seconds=self._settings.repeat)
        for key, one in list(self._open.items()):
            if now - one.at < wait:
                continue
            repeated = one.message.repeated
            if repeated >= REPEATS:
                del self._open[key]
                continue
            one.at, one.message = now, replace(one.message, repeated=repeated + 1)
            self._sent[one.message.receiver].append(now)
            found.append(one.message)
        return found

    def _room(self, name: str, now: datetime) -> bool:
        sent = self._sent[name]
        while sent and now - sent[0] > HOUR:
            sent.popleft()
        return len(sent) < PER_HOUR


def _subject(event: Mapping[str, Any]) -> str:
    """The device concerned; nothing else of the details may leave the gate this way."""
    details = event.get("details") or {}
    for key in ("device", "camera", "reader", "part"):
        if isinstance(details.get(key), str):
            return str(details[key])
    return ""
