"""UUID version 7 (RFC 9562, section 5.7): sorts by the time it was made."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID


def uuid7(at: datetime) -> str:
    """A new id for something that happened ``at``: 48 bits of Unix milliseconds, 74 random."""
    milliseconds = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    value = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    value |= 0b10 << 62 | secrets.randbits(62)
    return str(UUID(int=value))
