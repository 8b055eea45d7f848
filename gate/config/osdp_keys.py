"""The key with which OSDP readers are delivered is published: it keeps nobody out.

It is right while a reader is installed, so it is no mistake of the configuration.
"""

from __future__ import annotations

from gate.config.settings import Settings

_SCBK_D = "303132333435363738393a3b3c3d3e3f"  # of the standard

PUBLIC_KEY = (
    "its key is the public default key of OSDP: whoever reaches the cable can read along and show "
    "any card"
)
OWN_KEY = "give both ends a key of their own, 32 hexadecimal digits: `key`"


def with_public_key(settings: Settings) -> list[str]:
    """Which lines have that key: "reader NAME" for each reader, "reader_out" for the controller."""
    keys = {f"reader {r.name}": r.key for r in settings.reader if r.driver == "osdp"}
    out = settings.reader_out
    if out.enabled and out.driver == "osdp":
        keys["reader_out"] = out.key
    return [part for part, key in keys.items() if key.get_secret_value().lower() == _SCBK_D]
