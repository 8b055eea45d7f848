"""The sections of what leaves the gate: mqtt, homeassistant, commands, webhook, http, log."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import ClassVar, Literal

import httpx
from pydantic import Field, SecretStr, model_validator

from gate.section import Section
from gate.texts.catalogue import Language

CommandName = Literal["open", "hold", "lockdown", "normal", "reload", "sync"]


class MqttSettings(Section):
    """Where events go, and where commands come from."""

    advanced: ClassVar[frozenset[str]] = frozenset(
        {"protocol", "keepalive", "rate", "settle", "retry_most"}
    )

    enabled: bool = Field(True, description="whether events are published and commands received")
    broker: Literal["external", "mosquitto", "embedded"] = Field(
        "external",
        description='"external": a broker that runs anyway; "mosquitto" or "embedded": the gate '
        "starts one (for trials)",
    )
    host: str = Field("127.0.0.1", description="the broker's address")
    port: int = Field(
        1883,
        ge=0,
        le=65535,
        description="8883 with TLS; 0: any free port, for a broker the gate starts",
    )
    protocol: Literal["5", "3.1.1"] = Field(
        "5", description="the embedded broker speaks 3.1.1 only"
    )
    prefix: str = Field(
        "gate",
        pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$",
        description='all topics are below <prefix>/<name>; the shipped ACL is written for "gate"',
    )
    username: str = Field("", description="a client certificate is better, see below")
    password: SecretStr = Field(SecretStr(""), description="best set by GATE_MQTT__PASSWORD")
    keepalive: int = Field(
        30,
        ge=5,
        le=3600,
        description="seconds without a sign of life before the broker considers the gate offline",
    )
    rate: int = Field(
        500,
        ge=1,
        le=100_000,
        description="events a second at most: draining a backlog must not slow the passages",
    )
    settle: float = Field(
        10.0,
        ge=0,
        le=3600,
        description="seconds an acknowledged event stays in the outbox: a broker that dies loses "
        "what it had not saved yet, and gets it again (Mosquitto saves every [broker] "
        "autosave_interval seconds)",
    )
    retry_most: int = Field(
        60, ge=1, le=3600, description="the longest wait between two attempts, in seconds"
    )
    ca: Path | None = Field(
        None,
        description="the certificate of the authority that signed the broker's; without it there is"
        " no TLS. `gate broker setup` makes the three files",
    )
    certificate: Path | None = Field(None, description="the gate's client certificate")
    key: Path | None = Field(None, description="the private key of the client certificate")

    @model_validator(mode="after")
    def _certificate_has_its_key(self) -> MqttSettings:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key must both be given")
        if self.certificate is not None and self.ca is None:
            raise ValueError("a client certificate needs ca as well")
        return self


class HomeAssistantSettings(Section):
    """Home Assistant finds the gate by MQTT discovery."""

    advanced: ClassVar[frozenset[str]] = frozenset({"prefix"})

    enabled: bool = Field(False, description="whether the gate announces itself to Home Assistant")
    prefix: str = Field("homeassistant", description="its discovery prefix")
    language: Language = Field(
        "en", description='the language of the entities\' names: "en" or "zh"'
    )
    buttons: tuple[Literal["lockdown", "sync", "reload"], ...] = Field(
        (),
        description="buttons that work without a signature; nothing that opens a door can be here",
    )
    personal: bool = Field(
        False,
        description="whether the last passage shows the person's pseudonym and body temperature",
    )


class CommandSettings(Section):
    """Signed commands over MQTT; keys are made by ``gate keys make``."""

    advanced: ClassVar[frozenset[str]] = frozenset({"hold_most"})

    enabled: bool = Field(True, description="whether signed commands are accepted")
    hold_most: float = Field(
        14_400, gt=0, le=86_400, description="the longest hold-open that can be ordered, seconds"
    )


class WebhookSettings(Section):
    """Events to a web address, signed; see docs/mqtt.md."""

    enabled: bool = Field(False, description="whether events are sent")
    url: str = Field("", description="https, or http on a trusted network")
    secret: SecretStr = Field(
        SecretStr(""), description="at least 16 characters; best set by GATE_WEBHOOK__SECRET"
    )

    @model_validator(mode="after")
    def _complete(self) -> WebhookSettings:
        if self.enabled and not self.url.startswith(("https://", "http://")):
            raise ValueError("url must begin with https:// (or http:// on a trusted network)")
        try:
            httpx.URL(self.url)
        except httpx.InvalidURL as error:
            raise ValueError(f"url cannot be used: {error}") from None
        if self.enabled and len(self.secret.get_secret_value()) < 16:
            raise ValueError("secret must be at least 16 characters")
        return self


class HttpSettings(Section):
    """/healthz, /readyz, /metrics: read-only, without personal data."""

    enabled: bool = Field(False, description="whether they are served")
    host: str = Field(
        "127.0.0.1",
        description="another address than the loopback shows the figures to the network",
    )
    port: int = Field(9464, ge=0, le=65535, description="TCP port; 0: any free one")

    @model_validator(mode="after")
    def _an_address(self) -> HttpSettings:
        ip_address(self.host)
        return self


class LogSettings(Section):
    """Logs go to standard error, one event a line, without names or card numbers."""

    format: Literal["auto", "json", "console", "journal"] = Field(
        "auto",
        description='"json", "console", "journal" (key=value with the severity as journald reads '
        'it), or "auto": console on a terminal, journal under systemd, JSON elsewhere',
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description='"debug", "info", "warning", "error"'
    )
