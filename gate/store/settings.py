"""The ``[store]`` section."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from gate.section import Section


class StoreSettings(Section):
    """Where the register and the events are kept. Paths are relative to the data folder."""

    # any SQLAlchemy address; may hold a password and is never printed
    url: SecretStr = SecretStr("sqlite:///gate.db")
    key: Path = Path("gate.key")
    # how long a write waits for another process that is writing
    busy_timeout: float = Field(5.0, gt=0, le=60)
    check_at_start: bool = True
    # events waiting in memory to be written
    queue: int = Field(20_000, ge=100, le=1_000_000)
    # megabytes kept back for the last events of a full disk
    ballast: int = Field(16, ge=0, le=1024)
    # undelivered events of one receiver; beyond it the oldest leave the outbox
    outbox: int = Field(500_000, ge=100_000, le=10_000_000)

    def address(self, data: Path) -> str:
        """The database's address, with an SQLite file's relative path below ``data``."""
        url = self.url.get_secret_value()
        scheme, separator, path = url.partition(":///")
        if scheme.startswith("sqlite") and separator and path and not path.startswith(":"):
            return f"{scheme}:///{data / path}"
        return url
