"""From a line typed by a keyboard reader to the credential it represents. Pure."""

from __future__ import annotations

from gate.errors import AccessError
from gate.readers.card_number import canonical
from gate.readers.claim import UNREADABLE, ClaimKind, Shown
from gate.readers.settings import ReaderSettings


def typed_claim(line: str, settings: ReaderSettings) -> Shown:
    """The credential a typed line represents; ``UNREADABLE`` when it cannot be one."""
    kind = ClaimKind(settings.kind)
    text = line.strip()
    if kind is ClaimKind.PERMIT:
        return kind, text or UNREADABLE
    if kind is ClaimKind.PIN:
        good = text.isascii() and text.isdigit() and len(text) <= 12
        return kind, text if good else UNREADABLE
    try:
        turned = settings.byte_order == "reversed"
        return kind, canonical(text, settings.form, settings.card_bits, reversed_bytes=turned)
    except AccessError:
        return kind, UNREADABLE
