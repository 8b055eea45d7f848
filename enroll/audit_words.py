"""Lines of the audit in words: who, what, and the details; a code only where there are no words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gate.texts.catalogue import catalogue, word

# details whose values are codes, and what is before them in the keys of their words
_VALUES = {
    "role": ("role ",),
    "purpose": ("purpose ",),
    "kind": ("record ", "kind "),
    "reason": ("audit reason ", "reason ", "retention."),
    "cause": ("audit reason ", "reason "),
    "how": ("audit reason ",),
    "what": ("audit reason ",),
    "command": ("order ", "audit command."),
    "counts_as": ("day ",),
    "language": ("audit language ",),
}


def action(code: str, language: str) -> str:
    """``person.view`` as "record looked at"; orders and events in the words they have anyway."""
    texts = catalogue(language)
    family, _, rest = code.partition(".")
    if f"audit {code}" in texts:
        return texts[f"audit {code}"]
    if family in ("order", "command") and f"order {rest}" in texts:
        how = texts[f"audit {family}"]
        return how.format(order=texts[f"order {rest}"])
    return word("event", code, language)


def actor(name: str, language: str) -> str:
    """A login as it is; the program's own parts by name; a box or a key with its name."""
    texts = catalogue(language)
    for kind in ("box ", "key:"):
        if name.startswith(kind):
            return texts[f"audit actor {kind[:3]}"].format(name=name[len(kind) :])
    return word("audit actor", name, language)


def details(values: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    """Each detail as its name and value in words."""
    return [(_name(key, language), _value(key, value, language)) for key, value in values.items()]


def _name(key: str, language: str) -> str:
    texts = catalogue(language)
    return texts.get(f"audit detail {key}", texts.get(f"detail {key}", key))


def _value(key: str, value: Any, language: str) -> str:
    texts = catalogue(language)
    if isinstance(value, bool):
        return texts[f"audit {'yes' if value else 'no'}"]
    if isinstance(value, list | tuple):
        return texts["audit comma"].join(_value(key, one, language) for one in value)
    if isinstance(value, Mapping):
        return texts["audit comma"].join(f"{k} {_value(k, v, language)}" for k, v in value.items())
    for prefix in _VALUES.get(key, ()):
        if f"{prefix}{value}" in texts:
            return texts[f"{prefix}{value}"]
    return "" if value is None else str(value)
