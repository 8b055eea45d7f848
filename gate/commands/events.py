"""``gate events``: what happened, and what still has to be delivered."""

from __future__ import annotations

import errno
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from gate.commands import Config
from gate.config.settings import DEFAULT, load
from gate.errors import ConfigurationError
from gate.events.schema import event_schema
from gate.events.types import TYPES
from gate.files import PART
from gate.store.store import Store
from gate.texts.terminal import Console, coded, table

events = typer.Typer(help="Show, export and resend events.", no_args_is_help=True)

_PAGE = 500


def _open(config: Path) -> tuple[str, Store]:
    settings = load(config)
    return settings.name, Store.open(settings.store, settings.data, create=False)


@events.command("list")
def list_(
    count: Annotated[
        int, typer.Option("--count", "-n", help="How many of the newest events.")
    ] = 20,
    type: Annotated[
        list[str] | None, typer.Option(help="Only events of this type, e.g. door.forced.")
    ] = None,
    config: Config = DEFAULT,
) -> None:
    """Show the newest events."""
    shown_as = {coded("event", code): code for code in TYPES}  # what the table calls it will do
    types = [shown_as.get(given, given) for given in type or ()]
    _, store = _open(config)
    with store:
        rows = store.events.search(types=types, limit=count)
    shown = table("gate", "no.", "time (UTC)", "type", "decision", "reasons", "person")
    for row in reversed(rows):
        reasons = (coded("why", code) for code in row.body.get("reasons", ()))
        shown.add_row(
            row.gate,
            str(row.sequence),
            f"{row.time:%Y-%m-%d %H:%M:%S}",
            coded("event", row.type),
            coded("outcome", row.decision or ""),
            ", ".join(reasons),
            (row.person or "")[:8],
        )
    Console().print(shown)


@events.command()
def export(
    to: Annotated[Path, typer.Argument(help="A new file; one event a line, oldest first.")],
    days: Annotated[
        float, typer.Option(min=0, max=36_600, help="Only events of the last so many days.")
    ] = 31.0,
    config: Config = DEFAULT,
) -> None:
    """Write events to a file, as JSON lines."""
    _, store = _open(config)
    since = datetime.now(UTC) - timedelta(days=days)
    count = 0
    part = to.with_name(f".{to.name}{PART}")  # cut off, half of them must not look like all
    try:
        if to.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        with store, part.open("w", encoding="utf-8") as file:
            for body in store.events.since(since, _PAGE):
                file.write(json.dumps(body, ensure_ascii=False) + "\n")
                count += 1
            file.flush()
            os.fsync(file.fileno())
        part.replace(to)
    except OSError as error:
        raise ConfigurationError(
            f"the file cannot be written: {error.strerror}",
            where=str(to),
            hint="name a new file in a folder that the gate's user may write to",
        ) from error
    Console().print(f"{count} events in {to}")


@events.command()
def schema() -> None:
    """Print the JSON Schema of events, for those who receive them."""
    Console().print_json(data=event_schema())


@events.command()
def outbox(config: Config = DEFAULT) -> None:
    """Show how many events wait for each receiver."""
    name, store = _open(config)
    with store:
        waiting = store.outbox.receivers(name)
        capacity = store.outbox.capacity
    for receiver, count in waiting.items():
        Console().print(f"{receiver}: {count} of at most {capacity} events wait")
    if not waiting:
        Console().print("nothing waits")


@events.command()
def resend(
    first: Annotated[int, typer.Argument(help="Number of the first event.")],
    last: Annotated[int, typer.Argument(help="Number of the last event.")],
    receiver: Annotated[str, typer.Option(help="mqtt or webhook.")] = "mqtt",
    config: Config = DEFAULT,
) -> None:
    """Send events of this gate again."""
    if receiver not in ("mqtt", "webhook"):
        raise ConfigurationError(
            f"there is no receiver {receiver}", where="--receiver", hint="mqtt or webhook"
        )
    name, store = _open(config)
    with store:
        count = store.outbox.again(name, receiver, first, last)
        store.audit.note("cli", "events.resend", name, first=first, last=last, count=count)
    Console().print(f"{count} events will be sent again")
