"""``gate permit``: electronic permits, issued, checked and withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from gate import files
from gate.access.decision import Method, Outcome
from gate.access.permit_keys import KeyFolder, own_key, private_key
from gate.access.policy import decide
from gate.access.reasons import text as words_of
from gate.access.request import Request
from gate.clock import use_zone
from gate.commands import Config
from gate.commands.own_register import refuse_on_a_box
from gate.commands.people import Who, find_person
from gate.config.settings import DEFAULT, Settings, load
from gate.errors import AccessError
from gate.services.permits import PermitBook
from gate.services.rule_set import build_context
from gate.store.store import Store
from gate.texts.terminal import Console

permit = typer.Typer(help="Electronic permits: signed QR codes.", no_args_is_help=True)


@permit.command()
def issue(
    who: Who,
    to: Annotated[Path, typer.Option(help="Where to write the PDF.")] = Path("permit.pdf"),
    days: Annotated[
        float, typer.Option(min=0.01, max=3660, help="How many days it is valid, from now.")
    ] = 1.0,
    uses: Annotated[int, typer.Option(min=0, help="How often it opens the gate; 0: no limit.")] = 0,
    gate: Annotated[list[str] | None, typer.Option(help="A gate it opens; otherwise all.")] = None,
    household: Annotated[
        bool,
        typer.Option("--household", help="Count it as a visitor permit of the person's household."),
    ] = False,
    config: Config = DEFAULT,
) -> None:
    """Sign a permit and write it as a PDF to print or to send."""
    from gate.access.permit_print import permit_pdf

    settings = load(config)
    use_zone(settings.timezone)
    now = datetime.now(UTC)
    if to.exists():
        raise AccessError(
            "there is a file of that name, perhaps another permit",
            where=str(to),
            hint="name another with --to, or take it away",
        )
    key = private_key(own_key(settings.data))
    with _book(settings) as (store, book):
        refuse_on_a_box(store, settings.data)
        row = find_person(store, who)
        home = row.household_id
        if household and home is None:
            raise AccessError(
                "this person belongs to no household",
                where=row.name,
                hint="enter building and unit first",
            )
        issued = book.issue(
            key,
            row.id,
            now,
            now + timedelta(days=days),
            now=now,
            uses=uses,
            gates=gate or (),
            household=home if household else None,
        )
        store.audit.note("cli", "permit.issue", issued.permit.serial, person=row.id)
    pdf = permit_pdf(
        issued.permit,
        issued.text,
        name=row.name,
        community=settings.desk.community,
        zone=now.astimezone().tzinfo or UTC,
    )
    try:
        files.replace(to, pdf)
    except OSError as error:
        raise AccessError(
            f"the permit cannot be written: {error.strerror}",
            where=str(to),
            hint=f"choose another place, then: gate permit revoke {issued.permit.serial}",
        ) from None
    Console().print(f"permit {issued.permit.serial} for {row.name}: {to}", markup=False)


@permit.command()
def check(
    code: Annotated[str, typer.Argument(help="The text of the QR code.")],
    config: Config = DEFAULT,
) -> None:
    """Say whether this gate would accept a permit now."""
    settings = load(config)
    use_zone(settings.timezone)
    now = datetime.now(UTC)
    with _book(settings) as (store, book):
        person, shown = book.look_up(code, settings.name, now)
        rules = build_context(settings, store).rules
    when = now.astimezone(settings.zone)
    request = Request(Method.PERMIT, person, when, settings.name, credential=shown)
    decision = decide(request, rules)
    if decision.outcome is not Outcome.GRANT:
        problem = words_of(decision.reasons[0], "en")
        raise AccessError(problem.head, where=shown.serial or "the text", hint=problem.then)
    assert person is not None
    Console().print(f"good: permit {shown.serial} of {person.ref}")


@permit.command()
def revoke(
    serial: Annotated[str, typer.Argument(help="The serial number printed on the permit.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the register.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Withdraw a permit: no gate accepts it any more."""
    settings = load(config)
    with _book(settings) as (store, book):
        refuse_on_a_box(store, settings.data)
        book.revoke(serial, reason)
        store.audit.note("cli", "permit.revoke", serial)
    Console().print(f"permit {serial} is withdrawn")


@contextmanager
def _book(settings: Settings) -> Iterator[tuple[Store, PermitBook]]:
    private_key(own_key(settings.data))  # there is one from the first use on
    keys = KeyFolder(settings.data)
    with Store.open(settings.store, settings.data, create=False) as store:
        yield store, PermitBook(store, keys, settings.access.permit)
