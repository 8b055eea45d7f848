"""The ``[desk]`` section. It is here because ``gate`` imports nothing from ``enroll``."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field, model_validator

from gate.section import Section
from gate.texts.catalogue import Language


class DeskSettings(Section):
    """Where the staff's pages are served, and how careful they are."""

    advanced: ClassVar[frozenset[str]] = frozenset(
        {"attempts", "sign_ins", "requests", "photo_megabytes", "import_megabytes"}
    )

    host: str = Field(
        "127.0.0.1",
        description="where the staff's pages are served; another machine reaches them only with a "
        "certificate",
    )
    port: int = Field(8443, ge=1, le=65535, description="TCP port")
    hosts: tuple[str, ...] = Field(
        (),
        description="further names under which browsers reach the desk; addresses, localhost and "
        "this machine's name are answered anyway",
    )
    certificate: Path | None = Field(
        None,
        description="both or none; without them the pages are served in the clear, right on "
        "loopback only",
    )
    certificate_key: Path | None = Field(None, description="the private key of the certificate")
    language: Language = Field(
        "zh", description="the language before somebody has chosen one: zh or en"
    )
    community: str = Field(
        "",
        max_length=80,
        description="the name of the community on the pages, the consent text and printed permits",
    )
    live_picture: bool = Field(
        False,
        description="whether clerks and managers may look through the camera of a gate on this "
        "machine: a minute at a time, written down in the audit, never stored; put up a notice "
        "that people at the gate can read",
    )
    session_hours: float = Field(
        10, gt=0, le=24, description="hours after which a session ends, whatever happens"
    )
    idle_minutes: float = Field(
        30, gt=0, le=600, description="minutes without a click after which it ends"
    )
    attempts: int = Field(
        5,
        ge=2,
        le=20,
        description="wrong passwords from one address to one account that are checked at "
        "once; after them each one doubles the wait, up to 15 minutes; no account is ever locked "
        "as a whole",
    )
    sign_ins: int = Field(
        10, ge=1, le=1000, description="attempts to sign in from one address in a minute"
    )
    requests: int = Field(
        1200, ge=10, le=100_000, description="requests from one address in a minute"
    )
    photo_megabytes: int = Field(
        12, ge=1, le=100, description="the largest photograph or form, in megabytes"
    )
    import_megabytes: int = Field(
        4096, ge=1, le=65536, description="the largest ZIP file of an import, in megabytes"
    )
    guardian_below_age: int = Field(
        14,
        ge=0,
        le=18,
        description="people younger than this need a guardian's consent for their face",
    )
    keep_events_days: int = Field(
        180, ge=0, le=3650, description="days for which events are kept; 0: no limit"
    )
    keep_moved_out_days: int = Field(
        30,
        ge=0,
        le=3650,
        description="days for which people who moved out, or whose last day is over, are kept; 0: "
        "no limit",
    )
    keep_imports_days: int = Field(
        30, ge=0, le=3650, description="days for which finished imports are kept; 0: no limit"
    )
    keep_uploads_days: int = Field(
        7,
        ge=1,
        le=365,
        description="days after which the uploads of an import that was never finished are deleted:"
        " they hold photographs",
    )

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
