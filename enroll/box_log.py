"""The services' own log of the last day, read from the system's journal, newest line first.

Nothing is kept for it: journald has the lines already, with what the service manager says of a
service that died, so an SD card is written to no more than before. The user of the desk has to be
in the group ``systemd-journal``; the package and ``gate init`` see to it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from gate.events.cause import in_words
from gate.events.types import TYPES
from gate.log import take_out_personal
from gate.texts.catalogue import word

SPAN = timedelta(hours=24)
# what the page calls them → the unit
UNITS = {
    "gate": "gate.service",
    "desk": "gate-desk.service",
    "backup": "gate-backup.service",
    "kiosk": "gate-kiosk.service",
    "hub": "gate-hub.service",
    "hub-worker": "gate-hub-worker.service",
}
SECONDS = 10.0  # a day of a busy gate on an SD card is read in less
_LONGEST = 2000  # characters of a line that are shown
_PAIR = re.compile(r'([\w.-]+)=("(?:[^"\\]|\\.)*"|\S*)')
_INSIDE = ("event", "level", "logger", "timestamp")


class Level(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_ORDER = {level: place for place, level in enumerate(Level)}
_LEVELS = {"debug": Level.INFO, "critical": Level.ERROR, **{str(level): level for level in Level}}


class Trouble(StrEnum):
    """Why there is no log, or not all of it."""

    MISSING = "missing"  # no journalctl: not a system with systemd
    REFUSED = "refused"  # the user may not read the journal
    SLOW = "slow"  # only the newest part was looked through


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the journal.

    Attributes:
        at: UTC, when journald took it.
        unit: a key of ``UNITS``.
        level: how urgent.
        event: the name of the line, such as ``broker.fault``; empty for plain text.
        text: the rest: ``key=value`` pairs, or the plain text.
        cause: why, as the line has it; also in ``text``.
    """

    at: datetime
    unit: str
    level: Level
    event: str
    text: str
    cause: str = ""

    def says(self, language: str) -> str:
        """The line in words; plain text that others wrote is as it was."""
        if not self.event:
            return in_words(self.text, language)
        topic = "event" if self.event in TYPES else "log"
        known = word(topic, self.event, language)
        return known if known != self.event else in_words(self.event, language)

    def because(self, language: str) -> str:
        """The cause in words, "" where the line has none."""
        return in_words(self.cause, language) if self.cause else ""


@dataclass(frozen=True, slots=True)
class Found:
    """``lines``, newest first; ``more``: there are older ones; ``trouble``: if not all is well."""

    lines: tuple[Line, ...]
    more: bool = False
    trouble: Trouble | None = None


def parse(entry: str) -> Line | None:
    """A line of ``journalctl -o json``; None for one that cannot be read."""
    try:
        fields = json.loads(entry)
        at = datetime.fromtimestamp(int(fields["__REALTIME_TIMESTAMP"]) / 1e6, UTC)
        priority = int(fields.get("PRIORITY", 6))
        message = fields.get("MESSAGE")
        if isinstance(message, list) and all(isinstance(part, int) for part in message):
            message = bytes(message).decode("utf-8", "replace")  # journald's form of other bytes
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None
    if not isinstance(message, str):
        return None
    unit = _unit(str(fields.get("UNIT") or fields.get("_SYSTEMD_UNIT") or ""))
    level = Level.ERROR if priority <= 3 else Level.WARNING if priority == 4 else Level.INFO
    values = _values(message)
    event = str(values.get("event", ""))
    if not event:
        clean = take_out_personal(None, "", {"event": message})
        return Line(at, unit, level, "", _cut(str(clean["event"])))
    level = _LEVELS.get(str(values.get("level", "")), level)
    clean = take_out_personal(None, "", values)
    rest = " ".join(f"{key}={value}" for key, value in clean.items() if key not in _INSIDE)
    cause = str(clean.get("cause") or clean.get("why") or "")
    return Line(at, unit, level, event, _cut(rest), _cut(cause))


def matching(lines: Iterable[Line], level: Level, text: str, language: str) -> Iterator[Line]:
    """Those at least as urgent as ``level`` whose words, name or values hold ``text``."""
    wanted = text.casefold().strip()
    for line in lines:
        if _ORDER[line.level] < _ORDER[level]:
            continue
        whole = f"{line.says(language)}\n{line.because(language)}\n{line.event}\n{line.text}"
        if wanted in whole.casefold():
            yield line


def read(
    now: datetime,
    *,
    level: Level = Level.INFO,
    text: str = "",
    unit: str = "",
    before: datetime | None = None,
    limit: int = 200,
    language: str = "en",
    seconds: float = SECONDS,
) -> Found:
    """The newest ``limit`` lines of the last day that match; reads no further than it has to.

    Args:
        now: the end of the day, UTC.
        unit: a key of ``UNITS``; all without one.
        before: only lines older than this.
        seconds: after which what was found so far is the answer.
    """
    program = shutil.which("journalctl")
    if program is None:
        return Found((), trouble=Trouble.MISSING)
    units = [UNITS[unit]] if unit in UNITS else list(UNITS.values())
    command = [program, "--output=json", "--reverse", "--no-pager", "--quiet"]
    command += ["--output-fields=MESSAGE,PRIORITY,UNIT,_SYSTEMD_UNIT"]
    command += [f"--since=@{(now - SPAN).timestamp():.0f}"]
    if before is not None:
        command += [f"--until=@{(before - timedelta(microseconds=1)).timestamp():.6f}"]
    command += [f"--unit={name}" for name in units]
    # its language decides what it says of a refusal
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        late = threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, give_up)
        timer.start()
        try:
            parsed = (line for entry in process.stdout if (line := parse(entry)))
            found: list[Line] = []
            for line in matching(parsed, level, text, language):
                found.append(line)
                if len(found) > limit:
                    return Found(tuple(found[:limit]), more=True)
            said = process.stderr.read()
            refused = process.wait() != 0 or "permission" in said
        finally:
            timer.cancel()
            process.kill()
    if late.is_set():
        return Found(tuple(found), trouble=Trouble.SLOW)
    trouble = Trouble.REFUSED if refused and not found else None
    return Found(tuple(found), trouble=trouble)


def _unit(name: str) -> str:
    known = {unit: key for key, unit in UNITS.items()}
    return known.get(name, name)


def _values(message: str) -> dict[str, object]:
    """The pairs of a line of ours, in either form it is written in; empty for plain text."""
    if message.startswith("{"):
        try:
            read = json.loads(message)
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}
    if not message.startswith("event="):
        return {}
    return {key: _plain(value) for key, value in _PAIR.findall(message)}


def _plain(value: str) -> str:
    if value.startswith('"') and value.endswith('"') and len(value) > 1:
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
