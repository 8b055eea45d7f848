"""Logs: structlog, one line a fact, JSON in production, readable on a terminal.

Every module logs with ``logging.getLogger(__name__)`` and a short event name; what belongs to it
goes into ``extra``. Names, card numbers, templates and secrets are removed, whoever logs them.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gate.events.redact import PERSONAL, REMOVED, redact
from gate.integrations.settings import LogSettings

# added by the processors themselves, or never personal
_OWN = frozenset({"event", "level", "logger", "timestamp", "passage", "exception", "exc_info"})
_ADDRESS_PASSWORD = re.compile(r"(\w+://[^:/\s]*):[^@/\s]+@")


def set_up(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send the logs of the whole process through structlog. Call once, at the start."""
    out = stream or sys.stderr
    console = settings.format == "console" or (settings.format == "auto" and out.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        take_out_personal,
    ]
    last: Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty())
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
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


def take_out_personal(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    """The processor that removes values of personal keys, and passwords in addresses."""
    return {key: _clean(key, value) for key, value in line.items()}


def _clean(key: str, value: Any) -> Any:
    if key.startswith("_"):
        return value  # structlog's own
    if key not in _OWN:
        value = REMOVED if key.lower() in PERSONAL else redact(value)
    return _ADDRESS_PASSWORD.sub(r"\1:***@", value) if isinstance(value, str) else value
