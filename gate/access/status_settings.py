"""The ``[status]`` section: an external service that reports a status for people."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, SecretStr, model_validator

from gate.section import Section

THREADS = 4  # concurrent queries

Policy = Literal["show", "advise", "require", "refer"]


class StatusItemSettings(Section):
    """Something the service knows and what follows from it; the rest of its answer is ignored."""

    name: str = Field(
        examples=["code"],
        pattern=r"^[a-z0-9_]{1,40}$",
        description="the key in the service's answer",
    )
    zh: str = Field("", max_length=12, description="what it is called on the screen, in Chinese")
    en: str = Field("", max_length=24, description="what it is called on the screen, in English")
    policy: Policy = Field(
        "show",
        description="when it is not good: show it, advise, refuse entry (require), or refer to "
        "staff",
    )
    unavailable: Policy = Field("show", description="the same when nothing is known")


class StatusSettings(Section):
    """An external service that reports a status for people; see docs/status.md. When disabled,
    nothing of it is visible.
    """

    advanced: ClassVar[frozenset[str]] = frozenset({"budget", "fresh"})

    enabled: bool = Field(False, description="switched off, nothing of it is visible")
    url: str = Field("", description="queried with POST; plain http only on the local network")
    token: SecretStr = Field(
        SecretStr(""),
        description="sent as a bearer token; better given as the environment variable "
        "GATE_STATUS__TOKEN",
    )
    budget: float = Field(
        0.4,
        ge=0.05,
        le=10,
        description="time limit for a complete answer (seconds); a later one is discarded",
    )
    fresh: float = Field(
        300.0,
        ge=0,
        le=86400,
        description="seconds for which an answer is reused without a new query",
    )
    items: tuple[StatusItemSettings, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> StatusSettings:
        if self.enabled and not self.url.startswith(("http://", "https://")):
            raise ValueError("url must begin with http:// or https:// when status is enabled")
        if self.enabled and not self.items:
            raise ValueError("status is enabled and no [[status.items]] say what to look for")
        names = [item.name for item in self.items]
        if len(set(names)) != len(names) or "temperature" in names:
            raise ValueError("each item once, and none called temperature")
        return self
