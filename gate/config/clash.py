"""Something in a configuration that cannot be as it is, though each key is right in itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clash:
    """Keys that do not go together.

    Attributes:
        bad: False where something only has no effect, or is likely not what was meant.
        says: what is wrong, with the keys as they are in the file.
        hint: what to do.
    """

    bad: bool
    says: str
    hint: str
