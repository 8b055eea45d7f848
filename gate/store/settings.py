"""The ``[store]`` section."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field, SecretStr

from gate.section import Section


class StoreSettings(Section):
    """Where the register and the events are kept. Paths are relative to the data folder."""

    advanced: ClassVar[frozenset[str]] = frozenset({"busy_timeout", "queue", "outbox"})

    url: SecretStr = Field(
        SecretStr("sqlite:///gate.db"),
        description='any SQLAlchemy address, e.g. "postgresql+psycopg://gate@db/gate" (install its '
        "driver yourself)",
    )
    key: Path = Field(
        Path("gate.key"),
        description="the key of the templates, card numbers and the audit; keep a copy of it in a "
        "safe",
    )
    person_keys: SecretStr = Field(
        SecretStr(""),
        description='a database apart for a key of each person, such as "sqlite:///people.keys", '
        "so that templates of deleted people cannot be read in old backups either; empty: none; "
        "see docs/many-gates.md",
    )
    busy_timeout: float = Field(
        5.0, gt=0, le=60, description="how long a write waits for another process that is writing"
    )
    queue: int = Field(
        20_000,
        ge=100,
        le=1_000_000,
        description="events that may wait in memory while the disk refuses",
    )
    ballast: int = Field(
        16,
        ge=0,
        le=1024,
        description="megabytes kept back on the disk for the last events when it is full; 0 = none",
    )
    outbox: int = Field(
        500_000,
        ge=100_000,
        le=10_000_000,
        description="undelivered events of one receiver; beyond it the oldest leave the outbox "
        "(never the database)",
    )

    sparing: bool = Field(
        False,
        description="write less, for SD cards: a power cut may lose the events of the last half "
        "minute, and the desk sees states up to ten seconds late; see docs/operating.md",
    )

    def address(self, data: Path) -> str:
        """The database's address, with an SQLite file's relative path below ``data``."""
        return _below(self.url.get_secret_value(), data)

    def keys_address(self, data: Path) -> str:
        """The same of the people's keys; "" for none."""
        return _below(self.person_keys.get_secret_value(), data)


def _below(url: str, data: Path) -> str:
    scheme, separator, path = url.partition(":///")
    if scheme.startswith("sqlite") and separator and path and not path.startswith(":"):
        return f"{scheme}:///{data / path}"
    return url
