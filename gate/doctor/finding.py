"""What was found of one part."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    OK = 0
    WARN = 1
    BAD = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part, and what to do where something is to be done."""

    part: str
    level: Level
    says: str
    hint: str = ""
