"""Takes out what must never leave the box: names, numbers of cards, templates, secrets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Any

REMOVED = "[removed]"

# keys whose values are personal or secret wherever they appear
PERSONAL = frozenset(
    {"name", "names", "full_name", "person_name", "holder", "phone", "address", "birth_date"}
    | {"born", "birth_year", "card", "card_number", "number", "pin", "permit", "value", "claim"}
    | {"credential", "template", "vector", "embedding", "image", "photo", "landmarks"}
    | {"password", "secret", "token", "key", "private"}
)


def redact(value: Any, depth: int = 0) -> Any:
    """The same value made of JSON types only, with the values of personal keys taken out."""
    if depth > 8:
        return REMOVED
    if isinstance(value, Mapping):
        return {
            str(key): REMOVED if str(key).lower() in PERSONAL else redact(inner, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redact(inner, depth + 1) for inner in value]
    if isinstance(value, Enum):
        return redact(value.value, depth + 1)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:  # a NumPy number
        return redact(value.item(), depth + 1)
    return REMOVED
