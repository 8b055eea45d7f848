"""What is logged while a command runs, as lines for whoever is at the terminal.

A service has its own log (``gate.log``), which takes the place of this one when it is set up.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def shown() -> Iterator[None]:
    """While it is open, warnings are said in the terminal's language, and an error that nothing
    has caught, in whatever thread, names nobody."""
    root, handler, hook = logging.getLogger(), _Notices(logging.WARNING), threading.excepthook
    root.addHandler(handler)
    if not os.environ.get("GATE_DEBUG"):
        threading.excepthook = _uncaught
    try:
        yield
    finally:
        root.removeHandler(handler)
        threading.excepthook = hook


class _Notices(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        from gate.texts.terminal import Console

        try:
            Console(stderr=True, soft_wrap=True, highlight=False).print(
                _said(record), style="yellow", markup=False
            )
            if record.exc_info and record.exc_info[1] is not None:
                _print_trace(record.exc_info[1])
        except Exception:  # as every handler: what is said of the work must not stop it
            self.handleError(record)


def _said(record: logging.LogRecord) -> str:
    from gate.events.cause import in_words
    from gate.texts.catalogue import catalogue
    from gate.texts.terminal import language

    to = language()
    text = record.getMessage()
    line = catalogue(to).get(f"log {text}") or in_words(text, to)
    cause, where = getattr(record, "cause", ""), getattr(record, "where", "")
    between, (before, after) = ("：", "（）") if to == "zh" else (": ", (" (", ")"))
    line += f"{between}{in_words(cause, to)}" if isinstance(cause, str) and cause else ""
    return line + (f"{before}{where}{after}" if isinstance(where, str) and where else "")


def _uncaught(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and args.exc_type is not SystemExit:
        _print_trace(args.exc_value)


def _print_trace(error: BaseException) -> None:
    from gate.log import trace

    sys.stderr.write(trace(error) + "\n")
