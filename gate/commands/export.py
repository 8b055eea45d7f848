"""``gate export``: what platforms get, whether it fits, and what to do when it does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives import serialization

from gate.commands import Config, private_key
from gate.config.settings import DEFAULT, Settings, load
from gate.errors import ConfigurationError
from gate.exporting import preview
from gate.exporting.ledger import key_of
from gate.exporting.settings import ExportSettings
from gate.store.store import Store
from gate.texts.terminal import Console, named, table

export = typer.Typer(help="Records for platforms: check, view, send again.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Its name in [[export]].")]
First = Annotated[int, typer.Argument(help="Number of the first event.")]
Last = Annotated[int, typer.Argument(help="Number of the last event.")]


def _of(settings: Settings, name: str) -> ExportSettings:
    for each in settings.export:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in settings.export) or "none is configured"
    raise ConfigurationError(f"there is no export {name}", where="[[export]]", hint=known)


@export.command("list")
def list_(config: Config = DEFAULT) -> None:
    """Show how far each export has got."""
    settings = load(config)
    console = Console(soft_wrap=True)
    with Store.open(settings.store, settings.data, create=False) as store:
        for each in settings.export:
            seen = preview.view(each, settings.name, store)
            to = seen.where if each.enabled else named("value", "off")
            last = seen.state.last[:19].replace("T", " ") or named("value", "never")
            console.print(
                f"{each.name}: {seen.title} to {to}; {seen.waiting} events wait, "
                f"{seen.people} people there, last delivery (UTC) {last}",
                highlight=False,
                markup=False,
            )
    if not settings.export:
        console.print("no [[export]] is configured", markup=False)


@export.command()
def check(name: Name, config: Config = DEFAULT) -> None:
    """Check mapping and schemas, and show the newest record of each kind as it would be sent.

    Nothing is sent.
    """
    settings = load(config)
    each = _of(settings, name)
    console = Console(soft_wrap=True)
    with Store.open(settings.store, settings.data, create=False) as store:
        seen = preview.view(each, settings.name, store)
        shown = table("field", "from", "purpose", "consent", "")
        for field in seen.fields:
            on = "" if field.on else named("value", "off")
            name_of = f"{field.kind}: {field.name}"
            shown.add_row(name_of, field.source, field.purpose, field.consent, on)
        console.print(shown)
        records = preview.examples(each, settings.name, store, datetime.now(UTC))
    wrong = []
    for record in records:
        console.print(f"\nnewest {record.source.kind}:")
        console.print_json(json.dumps(record.data, ensure_ascii=False))
        for field_name, why in record.withheld.items():
            console.print(f"  withheld: {field_name} ({why})")
        if record.refused:
            console.print(f"  not sent: {record.refused}")
            if not record.must_stay:
                wrong.append(record.source.kind)
    if wrong:
        raise ConfigurationError(
            f"records that cannot be sent: {', '.join(wrong)}",
            where=f"[[export]] {name}",
            hint="correct the mapping, or give what is missing in values",
        )


@export.command()
def key(
    to: Annotated[Path, typer.Argument(help="A new file for the private key.")],
) -> None:
    """Make a key for sign = "ed25519"; prints the public key for the platform."""
    public = (
        private_key.make(to, "name a new file")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    print(public.decode(), end="")


@export.command()
def resend(name: Name, first: First, last: Last, config: Config = DEFAULT) -> None:
    """Send events to a platform again."""
    settings = load(config)
    each = _of(settings, name)
    with Store.open(settings.store, settings.data, create=False) as store:
        count = store.outbox.again(settings.name, each.receiver, first, last)
        store.audit.note("cli", "platform.resend", name, first=first, last=last, count=count)
    Console().print(f"{count} events will be sent again")


@export.command()
def skip(name: Name, first: First, last: Last, config: Config = DEFAULT) -> None:
    """Give up on events that a platform will never accept."""
    settings = load(config)
    each = _of(settings, name)
    with Store.open(settings.store, settings.data, create=False) as store:
        before = store.outbox.waiting(settings.name, each.receiver)
        store.outbox.delivered(settings.name, each.receiver, range(first, last + 1))
        count = before - store.outbox.waiting(settings.name, each.receiver)
        store.audit.note("cli", "platform.skip", name, first=first, last=last, count=count)
    Console().print(f"{count} events will not be sent")


@export.command()
def people(name: Name, config: Config = DEFAULT) -> None:
    """Send everybody again, for a platform that has lost them. Stop the gate first."""
    settings = load(config)
    each = _of(settings, name)
    with Store.open(settings.store, settings.data, create=False) as store:
        count = store.exports.forget(
            settings.name, each.receiver, key_of(settings.name, each.receiver)
        )
        store.audit.note("cli", "platform.people", name, count=count)
    Console().print(f"everybody will be sent again; the platform had {count} people")
