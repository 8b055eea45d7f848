"""The sections of what leaves the gate: mqtt, homeassistant, commands, webhook, http, log."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Literal

import httpx
from pydantic import Field, SecretStr, model_validator

from gate.section import Section

CommandName = Literal["open", "hold", "lockdown", "normal", "reload", "sync"]


class MqttSettings(Section):
    """Where events go, and where commands come from."""

    enabled: bool = True
    # external: a broker that runs anyway; mosquitto and embedded: one started by the gate itself
    broker: Literal["external", "mosquitto", "embedded"] = "external"
    host: str = "127.0.0.1"
    port: int = Field(1883, ge=0, le=65535)  # 0: any free one, for a broker of our own
    # the embedded broker speaks 3.1.1 only
    protocol: Literal["5", "3.1.1"] = "5"
    prefix: str = Field("gate", pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")
    username: str = ""
    password: SecretStr = SecretStr("")
    keepalive: int = Field(30, ge=5, le=3600)
    # seconds the broker keeps our session while we are away (MQTT 5)
    session_expiry: int = Field(86_400, ge=0, le=4_294_967_295)
    # messages under way at one time; not more than the broker takes (Mosquitto: 20)
    window: int = Field(20, ge=1, le=10_000)
    # events a second at most: draining a backlog must not slow the passages
    rate: int = Field(500, ge=1, le=100_000)
    # seconds an acknowledged event stays in the outbox: a broker that dies loses what it had not
    # saved yet, and gets it again (Mosquitto saves every [broker] autosave_interval seconds)
    settle: float = Field(10.0, ge=0, le=3600)
    # seconds between attempts to connect: the first, and the longest
    retry_first: int = Field(1, ge=1, le=60)
    retry_most: int = Field(60, ge=1, le=3600)
    # TLS: the authority that signed the broker's certificate; empty = no TLS
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @model_validator(mode="after")
    def _certificate_has_its_key(self) -> MqttSettings:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key must both be given")
        if self.certificate is not None and self.ca is None:
            raise ValueError("a client certificate needs ca as well")
        return self


class HomeAssistantSettings(Section):
    enabled: bool = False
    prefix: str = "homeassistant"
    # the language of the entities' names
    language: Literal["en", "zh"] = "en"
    # buttons that work without a signature; nothing that opens a door can stand here
    buttons: tuple[Literal["lockdown", "sync", "reload"], ...] = ()
    # whether the last passage shows the person's pseudonym and body temperature
    personal: bool = False


class CommandSettings(Section):
    """Signed commands over MQTT; keys are made by ``gate keys make``."""

    enabled: bool = True
    # how far a sender's clock may be ahead, seconds
    skew: float = Field(5.0, ge=0, le=300)
    # the longest time a command may stay valid, seconds
    lifetime: float = Field(60.0, gt=0, le=3600)
    # commands of one key in a minute; more are refused
    per_minute: int = Field(30, ge=1, le=1000)
    # the longest hold-open that can be ordered, seconds
    hold_most: float = Field(14_400, gt=0, le=86_400)


class WebhookSettings(Section):
    enabled: bool = False
    url: str = ""
    # HMAC-SHA-256 key shared with the receiver
    secret: SecretStr = SecretStr("")
    timeout: float = Field(5.0, gt=0, le=60)
    batch: int = Field(50, ge=1, le=500)
    retry_most: float = Field(300.0, ge=1, le=3600)

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

    enabled: bool = False
    host: str = "127.0.0.1"
    port: int = Field(9464, ge=0, le=65535)

    @model_validator(mode="after")
    def _an_address(self) -> HttpSettings:
        ip_address(self.host)
        return self


class LogSettings(Section):
    format: Literal["auto", "json", "console"] = "auto"  # auto: console on a terminal
    level: Literal["debug", "info", "warning", "error"] = "info"
