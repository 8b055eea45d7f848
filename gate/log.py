"""Logs: structlog, one line a fact, JSON in production, readable on a terminal.

Every module logs with ``logging.getLogger(__name__)`` and a short event name; what belongs to it
goes into ``extra``. Names, card numbers, templates and secrets are removed, whoever logs them.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gate.events.redact import PERSONAL, REMOVED, redact
from gate.integrations.settings import LogSettings

# added by the processors themselves, or never personal
_OWN = frozenset({"event", "level", "logger", "timestamp", "passage", "exception", "exc_info"})
# from the start of a word only: tried from each letter, a line of 100,000 letters took 20 seconds
_ADDRESS_PASSWORD = re.compile(r"(\b\w+://[^:/\s]*):[^@/\s]+@")


def set_up(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send the logs of the whole process through structlog. Call once, at the start."""
    out = stream or sys.stderr
    chosen = _chosen(settings, out)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        take_out_personal,
    ]
    last: Processor
    if chosen == "console":
        last = structlog.dev.ConsoleRenderer(colors=out.isatty())
    elif chosen == "journal":
        last = _for_journal
    else:
        last = structlog.processors.JSONRenderer(ensure_ascii=False)
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    handler.addFilter(Throttle())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    for loud in ("httpx", "httpcore", "alembic", "amqtt", "transitions", "asyncio"):
        logging.getLogger(loud).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _chosen(settings: LogSettings, out: TextIO) -> str:
    if settings.format != "auto":
        return settings.format
    if out.isatty():
        return "console"
    return "journal" if os.environ.get("JOURNAL_STREAM") else "json"


_PRIORITY = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_logfmt = structlog.processors.LogfmtRenderer(key_order=["event"])


def _for_journal(logger: WrappedLogger, method: str, line: EventDict) -> str:
    """``<4>event=door.forced gate=north``: journald takes the number for the line's priority and
    has the time itself; each line of a trace gets the number too."""
    priority = f"<{_PRIORITY.get(str(line.pop('level', 'info')), 6)}>"
    line.pop("timestamp", None)
    trace = str(line.pop("exception", ""))
    plain = {key: _one_line(value) for key, value in line.items() if not key.startswith("_")}
    text = str(_logfmt(logger, method, plain))
    return "\n".join(priority + part for part in (text, *trace.splitlines()))


def _one_line(value: Any) -> Any:
    return value if isinstance(value, bool) or value is None else " ".join(str(value).split())


class Throttle(logging.Filter):
    """At most ``most`` equal lines in ``window`` seconds; the next one says how many were dropped.

    Equal: of one logger, level and message, whatever is in ``extra``. A flood must not fill the
    disk with lines.
    """

    def __init__(
        self,
        most: int = 20,
        window: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._most, self._window, self._clock = most, window, clock
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, int, str], tuple[float, int]] = {}  # since when, how many

    def filter(self, record: logging.LogRecord) -> bool:
        key = (record.name, record.levelno, str(record.msg)[:80])
        now = self._clock()
        with self._lock:
            since, count = self._seen.get(key, (now, 0))
            dropped = 0
            if now - since >= self._window:
                since, count, dropped = now, 0, max(0, count - self._most)
            if len(self._seen) > 1000:
                self._seen.clear()
            self._seen[key] = (since, count + 1)
        if dropped:
            record.dropped = dropped
        return count < self._most


def take_out_personal(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    """The processor that removes values of personal keys, and passwords in addresses."""
    return {key: _clean(key, value) for key, value in line.items()}


def _clean(key: str, value: Any) -> Any:
    if key.startswith("_"):
        return value  # structlog's own
    if key not in _OWN:
        value = REMOVED if key.lower() in PERSONAL else redact(value)
    return _ADDRESS_PASSWORD.sub(r"\1:***@", value) if isinstance(value, str) else value
