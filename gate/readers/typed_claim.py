"""From a line typed by a keyboard reader to the credential it represents. Pure."""

from __future__ import annotations

from gate.errors import AccessError
from gate.readers.card_number import canonical
from gate.readers.claim import ClaimKind, Shown
from gate.readers.settings import ReaderSettings


def typed_claim(line: str, settings: ReaderSettings) -> Shown | None:
    """The credential a typed line represents; None when it cannot be one."""
    kind = ClaimKind(settings.kind)
    text = line.strip()
    if kind is ClaimKind.PERMIT:
        return (kind, text) if text else None
    if kind is ClaimKind.PIN:
        return (kind, text) if text.isascii() and text.isdigit() and len(text) <= 12 else None
    try:
        return kind, canonical(text, settings.form, settings.card_bits)
    except AccessError:
        return None
