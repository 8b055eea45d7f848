"""The ``[[export]]`` sections."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import httpx
from pydantic import Field, SecretStr, model_validator

from gate.section import Section

Kind = Literal["passage", "person", "device"]


class ExportSettings(Section):
    """A platform that gets passages, people or device states in its own format, one section each;
    see docs/exporting.md. Try one with ``gate export check``.
    """

    name: str = Field("platform", pattern=r"^[a-z0-9-]{1,12}$", description="its name")
    enabled: bool = Field(True, description="whether anything is sent")
    mapping: str = Field(
        "webhook",
        description='what is sent and how it is written: "webhook", "json-lines", "csv", '
        '"community", or the path of your own file',
    )
    url: str = Field(
        examples=["https://platform.example/api/"],
        description="where to: https://… (http:// on a trusted network), sftp://user@host/folder, "
        "or file:///folder",
    )
    kinds: frozenset[Kind] = Field(
        frozenset({"passage", "person", "device"}),
        description="which records are sent, of those the mapping has; of several gates on one "
        'register give "person" to one only',
    )
    purposes: tuple[str, ...] = Field(
        (),
        description="purposes of the mapping that are switched on; a field of a person whose "
        "purpose is not among them is never sent",
    )
    values: dict[str, str] = Field(
        {},
        examples=[{"place": "community-1", "direction": "in"}],
        description="what the mapping takes from the site: its codes of place, door and direction",
    )
    batch: int = Field(50, ge=1, le=1000, description="records in one request or file at most")
    every: float = Field(
        0.0,
        ge=0,
        le=86_400,
        description="seconds to collect records before they are sent; for files 60 or more",
    )
    timeout: float = Field(
        10.0, gt=0, le=300, description="seconds for one delivery from beginning to end"
    )
    retry_most: float = Field(
        300.0, ge=0.1, le=3600, description="the longest wait between attempts, seconds"
    )
    sign: Literal["none", "hmac", "ed25519"] = Field(
        "none", description="how requests are signed: with secret, or with signing_key"
    )
    secret: SecretStr = Field(
        SecretStr(""), description='for sign = "hmac": at least 16 characters'
    )
    signing_key: Path | None = Field(
        None, description='for sign = "ed25519": a private key, made by `gate export key`'
    )
    token: SecretStr = Field(
        SecretStr(""), description="sent as Authorization: Bearer; with sftp the password"
    )
    ca: Path | None = Field(
        None, description="the authority of the platform's certificate; without it the system's"
    )
    certificate: Path | None = Field(
        None, description="a client certificate for https; with sftp the private key to sign in"
    )
    key: Path | None = Field(None, description="the private key of the client certificate")
    known_hosts: Path | None = Field(
        None, description="for sftp: the file with the server's host key"
    )

    @property
    def receiver(self) -> str:
        """Its name in the outbox."""
        return f"export:{self.name}"

    @property
    def place(self) -> str:
        """The url as it may be shown and logged: with neither user, password nor query."""
        scheme, _, rest = self.url.partition("://")
        host, slash, path = rest.split("?", 1)[0].partition("/")
        return f"{scheme}://{host.rsplit('@', 1)[-1]}{slash}{path}"

    @property
    def scheme(self) -> str:
        return self.url.split(":", 1)[0].lower()

    @model_validator(mode="after")
    def _complete(self) -> ExportSettings:
        if self.enabled and self.scheme not in ("https", "http", "sftp", "file"):
            raise ValueError("url must begin with https://, http://, sftp:// or file:///")
        try:
            httpx.URL(self.url)
        except httpx.InvalidURL as error:
            raise ValueError(f"url cannot be used: {error}") from None
        if self.sign == "hmac" and len(self.secret.get_secret_value()) < 16:
            raise ValueError("secret must be at least 16 characters")
        if self.sign == "ed25519" and self.signing_key is None:
            raise ValueError('sign = "ed25519" needs signing_key')
        if self.enabled and self.scheme == "sftp" and self.known_hosts is None:
            raise ValueError("sftp needs known_hosts: the server must be known before it gets data")
        if self.scheme.startswith("http") and (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key must both be given")
        return self
