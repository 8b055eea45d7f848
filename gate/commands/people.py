"""``gate people``: who is in the register. Names appear on this box's terminal and nowhere else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from gate import files
from gate.clock import use_zone
from gate.commands import Config
from gate.commands.own_register import refuse_on_a_box
from gate.config.settings import DEFAULT, load
from gate.errors import StoreError
from gate.importing.export import export as lines_of
from gate.setup import asking
from gate.store.store import Store
from gate.store.tables import PersonRow
from gate.texts.terminal import Console, coded, here, named, table

people = typer.Typer(help="List, show, remove and export the people.", no_args_is_help=True)

Who = Annotated[str, typer.Argument(help="The person's number, name (if nobody shares it) or #id.")]


def find_person(store: Store, who: str) -> PersonRow:
    """By the community's own number, by ``#id``, or by a name only one person has.

    Raises StoreError when there is nobody, or more than one.
    """
    digits = who.removeprefix("#")
    by_id = who.startswith("#") and digits.isascii() and digits.isdigit() and len(digits) < 19
    found = store.people.get(int(digits)) if by_id else store.people.by_number(who)
    if found is not None:
        return found
    named = [row for row in store.people.find(who) if row.name == who]
    if len(named) == 1:
        return named[0]
    if named:
        raise StoreError(
            f"{len(named)} people are called {who}",
            where=", ".join(f"#{row.id}" for row in named),
            hint="name one of them by #id",
        )
    an_id = who.isascii() and who.isdigit() and len(who) < 19 and store.people.get(int(who))
    meant = f"; an id is written in quotes: '#{who}'" if an_id else ""
    raise StoreError(
        f"there is nobody {who} in the register",
        where="people",
        hint=f"look with `gate people list TEXT`{meant}",
    )


@people.command("list")
def list_(
    text: Annotated[str, typer.Argument(help="Part of a name, number or unit.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    config: Config = DEFAULT,
) -> None:
    """List people by name."""
    settings = load(config)
    use_zone(settings.timezone)
    with Store.open(settings.store, settings.data, create=False) as store:
        rows = store.people.find(text, limit + 1)
        total = store.people.count()
    shown = table("id", "number", "name", "kind", "state")
    for row in rows[:limit]:
        kind = coded("kind", row.kind)
        cells = (f"#{row.id}", row.number or "", row.name, kind, _state(row))
        shown.add_row(*(escape(cell) for cell in cells))
    console = Console()
    console.print(shown)
    more = f"; more than {limit} match" if len(rows) > limit else ""
    console.print(f"{total:,} in the register{more}", highlight=False, style="dim")


@people.command()
def show(who: Who, config: Config = DEFAULT) -> None:
    """Show what the register holds about one person; of the face only that there is one."""
    settings = load(config)
    use_zone(settings.timezone)
    with Store.open(settings.store, settings.data, create=False) as store:
        row = find_person(store, who)
        store.audit.note("cli", "person.view", row.ref)
        home = store.places.address(row.household_id) if row.household_id else ("", "", "")
        consent = store.consents.answer(row.id)
        qualities = store.templates.qualities(row.id)
        credentials = store.credentials.of(row.id)
    table = Table(box=None, show_header=False, pad_edge=False)
    answer = (
        f"{coded('consent', consent.answer)} ({consent.text_version}, {consent.at:%F})"
        if consent
        else named("value", "none")
    )
    for heading, value in {
        "name": row.name,
        "number": row.number or "",
        "pseudonym": row.ref,
        "kind": coded("kind", row.kind),
        "state": _state(row),
        "home": " ".join(part for part in home if part),
        "valid until": f"{row.valid_until.astimezone():%F}" if row.valid_until else "",
        "groups": ", ".join(row.groups),
        "consent": answer,
        "face": "  ".join(
            here(f"{encoder}: {len(values)}, quality {min(values):.2f} to {max(values):.2f}")
            for encoder, values in qualities.items()
        ),
        "credentials": ", ".join(
            coded("credential", held.kind) for held in credentials if held.revoked is None
        ),
    }.items():
        table.add_row(f"[dim]{named('column', heading)}[/]", escape(value) or "-")
    Console().print(table, highlight=False)


@people.command()
def remove(
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    config: Config = DEFAULT,
) -> None:
    """Delete a person with face, cards, permits and consent; the gate forgets them at once."""
    settings = load(config)
    use_zone(settings.timezone)
    with Store.open(settings.store, settings.data, create=False) as store:
        refuse_on_a_box(store, settings.data)
        row = find_person(store, who)
        if not yes:
            asking.sure_or_end(here(f"Delete {row.name} (#{row.id}) for good?"))
        gone = store.people.delete(row.id)
        store.audit.note("cli", "person.delete", row.ref)
    Console().print(f"#{row.id}: deleted", highlight=False)
    if not gone:
        Console().print("the freed pages are overwritten within the hour by the running gate")


@people.command()
def export(
    file: Annotated[
        Path | None, typer.Argument(help="A CSV file; without one, the table is printed.")
    ] = (None),
    config: Config = DEFAULT,
) -> None:
    """Write the register as a table: no faces, no card numbers."""
    settings = load(config)
    use_zone(settings.timezone)
    with Store.open(settings.store, settings.data, create=False) as store:
        store.audit.note("cli", "people.export")
        if file is None:
            sys.stdout.writelines(line.removeprefix("\ufeff") for line in lines_of(store))
            return
        try:
            text = "".join(lines_of(store)).encode()
            if file.exists() and not file.is_file():  # /dev/stdout
                file.write_bytes(text)
            else:
                files.replace(file.resolve(), text, 0o600, durable=True)
        except OSError as error:
            raise StoreError(
                f"the table cannot be written: {error.strerror}",
                where=str(file),
                hint="check the folder",
            ) from None
    Console().print(f"{file}: written; it holds names, keep it safe", highlight=False)


def _state(row: PersonRow) -> str:
    if row.blocked:
        return named("person", "blocked")
    return named("person", "active" if row.active else "moved out")
