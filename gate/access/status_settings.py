"""The ``[status]`` section: an external service that reports a status for people."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from gate.section import Section

Policy = Literal["show", "advise", "require", "refer"]


class StatusItemSettings(Section):
    """One ``[[status.items]]``: something the service knows and what follows from it."""

    # the key in the service's answer
    name: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    # what it is called on the screen
    zh: str = Field("", max_length=12)
    en: str = Field("", max_length=24)
    # when it is not good: show it, advise, refuse entry (require), or refer to staff
    policy: Policy = "show"
    # the same when nothing is known
    unavailable: Policy = "show"


class StatusSettings(Section):
    """When disabled, nothing of it is visible."""

    enabled: bool = False
    # queried with POST; plain http only on the local network
    url: str = ""
    token: SecretStr = SecretStr("")
    # time limit for a complete answer (seconds); a later one is discarded
    budget: float = Field(0.4, ge=0.05, le=10)
    # seconds for which an answer is reused without a new query
    fresh: float = Field(300.0, ge=0, le=86400)
    # consecutive failures after which the service is not queried, and for how many seconds
    failures: int = Field(3, ge=1, le=100)
    rest: float = Field(15.0, ge=0.1, le=3600)
    # concurrent queries
    threads: int = Field(4, ge=1, le=32)
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
