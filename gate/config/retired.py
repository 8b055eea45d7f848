"""Keys that an older configuration file may still have: accepted, reported, without effect.

Nobody set them; what each was is a constant next to the code that uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RETIRED: Mapping[str, frozenset[str]] = {
    "recognition": frozenset({"search_idle", "max_faces", "fnir"}),
    "temperature": frozenset(
        {"hottest", "plausible_low", "plausible_high", "retry_first", "retry_most", "name"}
    ),
    "access.passage": frozenset(
        {"temperature_wait", "status_wait", "probable", "show_deny", "ask_wait"}
    ),
    "access.guessing": frozenset({"slowest"}),
    "access.permit": frozenset({"clock_tolerance"}),
    "camera": frozenset({"retry_first", "retry_most"}),
    "reader": frozenset({"repeat", "patience", "retry_first", "retry_most"}),
    "reader_out": frozenset({"retry_first", "retry_most"}),
    "relay": frozenset({"retry_first", "retry_most"}),
    "webhook": frozenset({"timeout", "batch", "retry_most"}),
    "notify": frozenset({"repeat_most", "per_hour", "oldest"}),
    "status": frozenset({"threads", "failures", "rest"}),
    "mqtt": frozenset({"session_expiry", "window", "retry_first"}),
    "commands": frozenset({"skew", "per_minute", "lifetime"}),
    "desk": frozenset({"lock_minutes"}),
    "store": frozenset({"check_at_start"}),
    "models": frozenset({"silent_after", "retries"}),
}


def without(values: Mapping[str, Any], section: str = "") -> tuple[dict[str, Any], list[str]]:
    """``values``, nested as in the file, without the retired keys; and which those were.

    Of sections of which there are several (``[[reader]]``) each is looked at; a key is named once.
    """
    kept: dict[str, Any] = {}
    found: dict[str, None] = {}
    for key, value in values.items():
        path = f"{section}.{key}" if section else key
        if key in RETIRED.get(section, ()):
            found[path] = None
        elif isinstance(value, Mapping):
            kept[key], inner = without(value, path)
            found.update(dict.fromkeys(inner))
        elif isinstance(value, list | tuple) and path in RETIRED:
            entries = []
            for entry in value:
                left, inner = without(entry, path) if isinstance(entry, Mapping) else (entry, [])
                entries.append(left)
                found.update(dict.fromkeys(inner))
            kept[key] = entries
        else:
            kept[key] = value
    return kept, list(found)
