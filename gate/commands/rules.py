"""``gate rules``: schedules, holidays and who may pass, kept in the register."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from gate.access.decision import Kind, Method
from gate.access.request import Allow
from gate.access.schedule import HOLIDAY
from gate.commands import Config
from gate.commands.own_register import refuse_on_a_box
from gate.config.settings import DEFAULT, Settings, load
from gate.errors import AccessError
from gate.services.rule_set import rules_of, unknown_schedules
from gate.store.store import Store
from gate.texts.terminal import Console, coded, named, table

rules = typer.Typer(
    help="Schedules, holidays and who may pass; running gates apply a change within a second.",
    no_args_is_help=True,
)

Remove = Annotated[bool, typer.Option("--remove", help="Remove it.")]
_MOST_DAYS = 366


@rules.command("list")
def list_(config: Config = DEFAULT) -> None:
    """Show the rules in force, from both the configuration and the register."""
    with _open(config, changes=False) as (settings, store):
        known = rules_of(settings.access, store.rulebook)
        schedules = {**settings.access.schedules, **store.rulebook.schedules()}
        names = {row.day: row.name for row in store.rulebook.holidays()}
    console = Console(highlight=False)
    console.print(_table(("allowed", "who", "where", "when", "how"), map(_allowed, known.allow)))
    console.print(_table(("schedule", "when"), schedules.items()))
    days = (
        (f"{day}", coded("day", kind), names.get(day, ""))
        for day, kind in sorted(known.days.items())
    )
    console.print(_table(("day", "counts as", "name"), days))
    for name in unknown_schedules(known, settings.access.hold_open):
        console.print(f"there is no schedule {name}: closed", style="red", markup=False)


@rules.command()
def schedule(
    name: Annotated[str, typer.Argument(help="The name by which rules refer to it.")],
    text: Annotated[str, typer.Argument(help='"mon-fri 07:00-19:00; holiday closed"')] = "",
    remove: Remove = False,
    config: Config = DEFAULT,
) -> None:
    """Make, change or remove a weekly schedule."""
    with _open(config) as (_, store):
        if remove:
            store.rulebook.remove_schedule(name)
        else:
            store.rulebook.set_schedule(name, text)
        store.audit.note("cli", "rules.schedule", name, text="" if remove else text)
    _done(name, remove)


@rules.command()
def day(
    first: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="2026-10-01")],
    last: Annotated[
        datetime | None, typer.Argument(formats=["%Y-%m-%d"], help="The last of several days.")
    ] = None,
    counts_as: Annotated[
        str, typer.Option(help="holiday, or the weekday (mon to sun) a working day counts as.")
    ] = HOLIDAY,
    name: Annotated[str, typer.Option(help="What the day is called.")] = "",
    remove: Remove = False,
    config: Config = DEFAULT,
) -> None:
    """Mark days as holidays, or as working days that make up for others."""
    days = _days(first.date(), (last or first).date())
    with _open(config) as (_, store):
        for each in days:
            if remove:
                store.rulebook.remove_day(each)
            else:
                store.rulebook.set_day(each, counts_as, name)
        kind = "" if remove else counts_as
        store.audit.note("cli", "rules.day", f"{days[0]}", until=f"{days[-1]}", counts_as=kind)
    _done(f"{days[0]}" + (f" to {days[-1]}" if len(days) > 1 else ""), remove)


@rules.command()
def allow(
    name: Annotated[
        str, typer.Argument(help="Name of the rule; an existing one of this name is replaced.")
    ],
    kind: Annotated[
        list[Kind] | None, typer.Option(help="What kind of people; without it, every kind.")
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="Only members of one of these groups.")
    ] = None,
    gate: Annotated[
        list[str] | None, typer.Option(help="At which gates; without it, at all.")
    ] = None,
    schedule: Annotated[str, typer.Option(help="On which schedule; without it, always.")] = "",
    method: Annotated[
        list[Method] | None, typer.Option(help="By what means; without it, face or card.")
    ] = None,
    both: Annotated[bool, typer.Option("--both", help="Face and card together.")] = False,
    remove: Remove = False,
    config: Config = DEFAULT,
) -> None:
    """Say who may pass where, when and how. One matching rule is enough."""
    with _open(config) as (settings, store):
        if remove:
            store.rulebook.remove_allow(name)
        else:
            given = {"kinds": kind, "groups": group, "gates": gate, "methods": method}
            body = {key: value for key, value in given.items() if value}
            store.rulebook.set_allow(name, {**body, "schedule": schedule, "both": both})
        store.audit.note("cli", "rules.allow", name, removed=remove)
        missing = unknown_schedules(rules_of(settings.access, store.rulebook))
    _done(name, remove)
    if schedule in missing:
        Console().print(f"there is no schedule {schedule} yet: closed", markup=False)


@contextmanager
def _open(config: Config, *, changes: bool = True) -> Iterator[tuple[Settings, Store]]:
    settings = load(config)
    with Store.open(settings.store, settings.data, create=changes) as store:
        if changes:
            refuse_on_a_box(store, settings.data)
        yield settings, store


def _days(first: date, last: date) -> list[date]:
    count = (last - first).days + 1
    if not 1 <= count <= _MOST_DAYS:
        raise AccessError(
            "the last day comes after the first, within a year",
            where=f"{first} to {last}",
            hint="turn them round",
        )
    return [first + timedelta(days=n) for n in range(count)]


def _done(what: str, removed: bool) -> None:
    Console().print(f"{what}: {'removed' if removed else 'saved'}", highlight=False, markup=False)


def _allowed(allow: Allow) -> tuple[str, ...]:
    who = ", ".join(coded("kind", kind) for kind in sorted(allow.kinds))
    who = who or named("allowed", "everybody")
    if allow.groups:
        groups = ", ".join(sorted(allow.groups))
        who = named("allowed", "{who} in {groups}").format(who=who, groups=groups)
    where = ", ".join(sorted(allow.gates)) or named("allowed", "everywhere")
    how = ", ".join(coded("method", method) for method in sorted(allow.methods))
    if allow.both:
        how = named("allowed", "face and card together")
    return coded("allow", allow.name), who, where, allow.schedule, how


def _table(headings: tuple[str, ...], rows: Iterable[Iterable[str]]) -> Table:
    shown = table(*headings, pad_edge=False)
    for row in rows:
        shown.add_row(*map(escape, row))
    return shown
