"""The ``[notify]`` section."""

from __future__ import annotations

from datetime import time
from typing import ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr, field_validator

from gate.events.types import TYPES
from gate.section import Section
from gate.texts.catalogue import Language

Severity = Literal["critical", "warning", "info"]


class NotifyReceiver(Section):
    """Somebody who gets alarms: a telephone, a chat, a mailbox."""

    name: str = Field(
        "staff", pattern=r"^[a-z0-9-]{1,20}$", description="a name for logs and `gate notify test`"
    )
    url: SecretStr = Field(
        SecretStr(""),
        description="an Apprise address, such as wecombot://KEY, dingtalk://TOKEN, feishu://TOKEN, "
        "mailtos://USER:PASSWORD@HOST, ntfys://TOPIC; see docs/operating.md",
    )
    severity: Severity = Field(
        "warning", description='from which severity on: "critical", "warning" or "info"'
    )
    kinds: tuple[str, ...] = Field(
        (),
        description='only these types of events, such as "door.fire" or "door.*"; [] = all that '
        "are alarms",
    )
    quiet_from: time = Field(
        time(0, 0), description="local time from which only critical alarms are sent"
    )
    quiet_until: time = Field(
        time(0, 0), description="local time until which; the same as quiet_from: never quiet"
    )

    @field_validator("kinds")
    @classmethod
    def _are_types(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        for kind in kinds:
            family = kind.removesuffix("*")
            if kind not in TYPES and not (
                kind.endswith(".*") and any(known.startswith(family) for known in TYPES)
            ):
                raise ValueError(f'"{kind}" is no type of event; see docs/events.md')
        return kinds

    def wants(self, kind: str) -> bool:
        """Whether ``kinds`` has the type, by name or family."""
        return not self.kinds or any(
            kind == one or (one.endswith(".*") and kind.startswith(one[:-1])) for one in self.kinds
        )

    def quiet(self, local: time) -> bool:
        since, until = self.quiet_from, self.quiet_until
        if since == until:
            return False
        return since <= local < until if since < until else local >= since or local < until


class HouseholdWay(Section):
    """A way to notify residents of their visitors; who agreed to it is kept at the desk.

    Only the part of the address that differs from person to person is typed at the desk, so nobody
    there can make it send elsewhere.
    """

    name: str = Field("sms", pattern=r"^[a-z0-9-]{1,20}$", description="a name for logs")
    label: str = Field("", max_length=40, description='what staff read, such as "短信"')
    url: SecretStr = Field(
        SecretStr(""),
        description="an Apprise address with {to} where the person's own part goes, such as "
        "bark://HOST/{to}, mailtos://USER:PASSWORD@HOST?to={to}, ntfys://HOST/{to}",
    )

    @field_validator("url")
    @classmethod
    def _has_one_place(cls, url: SecretStr) -> SecretStr:
        text = url.get_secret_value()
        if text and (text.count("{to}") != 1 or "{" in text.replace("{to}", "")):
            raise ValueError("the address needs {to} once, and no other braces")
        return url

    def address(self, to: str) -> SecretStr:
        """The Apprise address of one person; ``to`` is escaped."""
        return SecretStr(self.url.get_secret_value().replace("{to}", quote(to, safe="")))


class NotifySettings(Section):
    """Alarms to telephones and chats by Apprise (``pip install "access-gate[notify]"``).

    Messages say the gate, what happened, how often and when; nothing about a person.
    """

    advanced: ClassVar[frozenset[str]] = frozenset({"group", "repeat"})

    enabled: bool = Field(False, description="whether alarms are sent")
    language: Language = Field("zh", description="the language of the messages")
    group: float = Field(
        60.0,
        ge=0,
        le=3600,
        description="seconds for which further alarms of one kind are collected into one message; "
        "the first is sent at once",
    )
    repeat: float = Field(
        600.0,
        ge=0,
        le=86_400,
        description="seconds after which a critical alarm is sent again while nobody has "
        "acknowledged it at the desk; 0: never",
    )
    visitor_name: bool = Field(
        False,
        description="whether the message about an arrival names the visitor; otherwise it says "
        "only that a visitor came, where and when",
    )
    to: tuple[NotifyReceiver, ...] = ()
    way: tuple[HouseholdWay, ...] = ()
