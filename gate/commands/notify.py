"""``gate notify``: try the ways alarms go to staff."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from gate.commands import Config
from gate.config.settings import DEFAULT, load
from gate.errors import BrokerError, ConfigurationError
from gate.notify import words
from gate.notify.plan import SEVERITY, Message
from gate.notify.sending import AppriseSender
from gate.texts.catalogue import word
from gate.texts.terminal import Console, coded, table

notify = typer.Typer(help="Alarms to telephones and chats.", no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True)


@notify.command("test")
def send_test(
    name: Annotated[str | None, typer.Argument(help="A receiver; otherwise all.")] = None,
    config: Config = DEFAULT,
) -> None:
    """Send a test message to the receivers in the configuration."""
    settings = load(config)
    chosen = [to for to in settings.notify.to if name in (None, to.name)]
    if not chosen:
        raise ConfigurationError(
            f"there is no receiver {name or ''}".rstrip(),
            where="[[notify.to]]",
            hint="add one to the configuration; docs/operating.md has the addresses",
        )
    sender = AppriseSender(tuple(chosen))
    now = datetime.now(UTC)
    failed = []
    for to in chosen:
        message = Message(to.name, "gate.started", "info", 1, now, now)
        label = f"{settings.label or settings.name} (test 测试)"
        language = settings.notify.language
        try:
            sender.send(
                to,
                words.title(message, label, language),
                words.body(message, language, settings.zone),
                urgent=False,
            )
        except BrokerError as error:
            failed.append(error)
            out.print(f"{to.name}: {error.what}", style="red")
        else:
            out.print(f"{to.name}: sent")
    if failed:
        raise failed[0]


@notify.command()
def kinds(config: Config = DEFAULT) -> None:
    """List the events that are alarms, with their severity."""
    language = load(config).notify.language
    shown = table("type", "severity", "")
    for kind, severity in SEVERITY.items():
        shown.add_row(kind, coded("severity", severity), word("event", kind, language))
    out.print(shown)
