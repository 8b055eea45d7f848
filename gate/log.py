"""Logs: structlog, one line a fact, JSON in production, readable on a terminal.

Every module logs with ``logging.getLogger(__name__)`` and a short event name; what belongs to it
goes into ``extra``. Names, card numbers, templates and secrets are removed, whoever logs them; a
stack trace says where and what kind of error, without the values it was about.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gate.errors import GateError
from gate.events.redact import PERSONAL, REMOVED, redact
from gate.integrations.settings import LogSettings

log = logging.getLogger(__name__)

# added by the processors themselves, or never personal
_OWN = frozenset({"event", "level", "logger", "timestamp", "passage", "exception", "exc_info"})
# from the start of a word only: tried from each letter, a line of 100,000 letters took 20 seconds
_ADDRESS_PASSWORD = re.compile(r"(\b\w+://[^:/\s]*):[^@/\s]+@")


# errors whose words are of the program and its surroundings, and those whose are of what was read
_OF_PROGRAM = (OSError, ImportError, AttributeError, NameError, TypeError, MemoryError)
_OF_DATA = (ValueError, LookupError)
# a path may hold somebody's name or number, as that of a picture does
_NAMES = re.compile(r"\d{5,}|[^\x00-\x7f]+")
# in the words of others: what is quoted, too
_VALUES = re.compile(r"""(?<!\w)'.*?'(?!\w)|(?<!\w)".*?"(?!\w)|\d{5,}|[^\x00-\x7f]+""", re.DOTALL)


def set_up(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send the logs of the whole process through structlog. Call once, at the start.

    Args:
        stream: where to; without one standard error, and what no thread has caught goes there, too.
    """
    if stream is None:
        catch_uncaught()
    out = stream or sys.stderr
    chosen = _chosen(settings, out)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(lambda info: trace(info[1])),
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


def catch_uncaught() -> None:
    """Log what ends a thread, and what a destructor raises, as everything else is logged; Python's
    own words of it hold values."""
    threading.excepthook = _uncaught
    sys.unraisablehook = _unraisable


def _uncaught(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and args.exc_type is not SystemExit:
        job = args.thread.name if args.thread is not None else ""
        log.error("thread.failed", exc_info=args.exc_value, extra={"job": job})


def _unraisable(args: sys.UnraisableHookArgs) -> None:
    if args.exc_value is not None:
        log.error("thread.failed", exc_info=args.exc_value, extra={"job": "clean-up"})


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


def trace(error: BaseException) -> str:
    """The stack of an error and of those it came from, with their kinds. Of the words, what may be
    somebody's name or number is left out."""
    return "\n".join(_trace(error, set()))


def _trace(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _trace(before, seen)
        yield "which led to:"
    yield "Traceback (most recent call last):"
    yield from "".join(traceback.format_tb(error.__traceback__)).splitlines()
    yield without_values(error)
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield "among them:"
            yield from _trace(one, seen)


def without_values(error: BaseException) -> str:
    """The kind of an error and, where they can be of nobody, its words: one line of a trace."""
    words = _words(error)
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _words(error: BaseException) -> str:
    if isinstance(error, GateError):
        return error.what  # whom it is about is in ``where``
    if isinstance(error, _OF_PROGRAM):
        return _NAMES.sub("…", str(error))
    return "" if isinstance(error, _OF_DATA) else _VALUES.sub("…", str(error))
