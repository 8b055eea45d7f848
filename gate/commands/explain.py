"""``gate explain``: why somebody was let in, or was not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gate.access.explanation import retell
from gate.clock import use_zone
from gate.commands import Config
from gate.config.settings import DEFAULT, load
from gate.errors import StoreError
from gate.events import story
from gate.store.store import Store
from gate.store.tables import EventRow
from gate.texts import terminal
from gate.texts.catalogue import LANGUAGES, word

_DECISIONS = ("passage.granted", "passage.denied", "passage.asked")


def _one_of_ours(language: str | None) -> str | None:
    if language is not None and language not in LANGUAGES:
        raise typer.BadParameter(f"{language} is not one of {', '.join(LANGUAGES)}")
    return language


def explain(
    event: Annotated[
        str, typer.Argument(help="An event's id, its number at this gate, or `last`.")
    ] = "last",
    language: Annotated[
        str | None,
        typer.Option(callback=_one_of_ours, help="The language; otherwise the terminal's."),
    ] = None,
    config: Config = DEFAULT,
) -> None:
    """Say what happened and why, then which rule decided and the values it was based on."""
    language = language or terminal.language()
    settings = load(config)
    use_zone(settings.timezone)
    with Store.open(settings.store, settings.data, create=False) as store:
        row = _find(store, event, settings.name)
        others = [
            other.body
            for other in (store.events.passage(row.passage) if row.passage else ())
            if other.id != row.id
        ]
    zone = datetime.now(UTC).astimezone().tzinfo or UTC
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for label, words in (
        *in_sentences(row.body, language),
        *retell(row.body, language, zone, others),
    ):
        table.add_row(label, Text(words))  # not markup
    Console().print(table)


def in_sentences(body: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    """The same sentences as on the desk's page of an event, without the name."""
    told = story.tell(body, language)
    lines = [("story", told.line)]
    lines += [("why", text) for text in told.why]
    lines += [("remedy", text) for text in told.remedy]
    return [(word("explain", label, language), text) for label, text in lines]


def _find(store: Store, wanted: str, gate: str) -> EventRow:
    row: EventRow | None
    if wanted == "last":
        row = next(iter(store.events.search(gate=gate, types=_DECISIONS, limit=1)), None)
    elif wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
        with store.database.read() as session:
            row = session.get(EventRow, (gate, int(wanted)))
    else:
        row = store.events.get(wanted)
    if row is None:
        raise StoreError(
            "there is no such event",
            where=wanted,
            hint="take an id from the desk's list of events, a number, or `last`",
        )
    if row.decision is None:
        raise StoreError(
            f"the event is no decision but {row.type}",
            where=wanted,
            hint=f"take one of {', '.join(_DECISIONS)}",
        )
    return row
