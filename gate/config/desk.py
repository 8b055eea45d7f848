"""The ``[desk]`` section. It stands here because ``gate`` imports nothing from ``enroll``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from gate.section import Section


class DeskSettings(Section):
    """Where the staff's pages are served, and how careful they are."""

    host: str = "127.0.0.1"
    port: int = Field(8443, ge=1, le=65535)
    # both or none; without them the pages are served in the clear, right on loopback only
    certificate: Path | None = None
    certificate_key: Path | None = None
    # the language before somebody has chosen one
    language: Literal["zh", "en"] = "zh"
    # the name of the community on the pages, the consent text and printed permits
    community: str = Field("", max_length=80)
    # hours after which a session ends, whatever happens; minutes without a click that end it too
    session_hours: float = Field(10, gt=0, le=24)
    idle_minutes: float = Field(30, gt=0, le=600)
    # wrong passwords in a row that lock an account, and for how many minutes
    attempts: int = Field(5, ge=2, le=20)
    lock_minutes: float = Field(15, gt=0, le=1440)
    # requests a minute from one address: to sign in, and in all
    sign_ins: int = Field(10, ge=1, le=1000)
    requests: int = Field(1200, ge=10, le=100_000)
    # megabytes of one photograph or form, and of an import's ZIP
    photo_megabytes: int = Field(12, ge=1, le=100)
    import_megabytes: int = Field(4096, ge=1, le=65536)
    # younger people need a guardian's consent
    guardian_below_age: int = Field(14, ge=0, le=18)
    # days kept (0: for ever): events, people who moved out or whose last day is over, answered
    # imports
    keep_events_days: int = Field(180, ge=0, le=3650)
    keep_moved_out_days: int = Field(30, ge=0, le=3650)
    keep_imports_days: int = Field(30, ge=0, le=3650)
    # days after which uploads of an import that was never finished are deleted
    keep_uploads_days: int = Field(7, ge=1, le=365)

    @model_validator(mode="after")
    def _both_or_none(self) -> DeskSettings:
        if (self.certificate is None) != (self.certificate_key is None):
            raise ValueError("certificate and certificate_key are given together or not at all")
        if self.certificate is None and self.host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError("a host other than this machine needs certificate and certificate_key")
        return self

    @property
    def tls(self) -> bool:
        return self.certificate is not None
