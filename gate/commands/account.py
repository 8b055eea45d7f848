"""``gate account``: the desk's accounts from the box itself, also when nobody can sign in."""

from __future__ import annotations

import sys
from typing import Annotated

import segno
import typer
from rich.markup import escape

from enroll.accounts import Accounts
from enroll.permissions import Role
from enroll.second_factor import SecondFactor
from gate.clock import SystemClock
from gate.commands import Config
from gate.config.settings import DEFAULT, load
from gate.errors import AccessError, StoreError
from gate.setup import asking
from gate.store.store import Store
from gate.store.tables import AccountRow
from gate.texts.terminal import Console, coded, here, named, table

account = typer.Typer(help="List, add and reset the desk's accounts.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="The login.")]
out = Console(highlight=False, soft_wrap=True)


@account.command("list")
def list_(config: Config = DEFAULT) -> None:
    """Show every account, its role and whether it may sign in."""
    settings = load(config)
    with Store.open(settings.store, settings.data, create=False) as store:
        rows = Accounts(store.database, settings.desk, SystemClock()).all()
    shown = table("login", "name", "role", "state")
    for row in rows:
        state = named("account", "disabled" if row.disabled else "active")
        cells = (row.login, row.name, coded("role", row.role), state)
        shown.add_row(*map(escape, cells))
    out.print(shown if rows else "no accounts yet; `gate desk` prints a code for the first one")


@account.command()
def add(
    login: Login,
    role: Annotated[Role, typer.Option(help="What the account may do.")] = Role.DESK,
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Add an account; asks for its password."""
    settings = load(config)
    with Store.open(settings.store, settings.data) as store:
        accounts = Accounts(store.database, settings.desk, SystemClock())
        row = accounts.create(login, _password(), role, name)
        store.audit.note("command line", "account.created", str(row.id), role=role.value)
    out.print(f"{row.login}: {coded('role', role.value)}")


@account.command()
def reset(login: Login, config: Config = DEFAULT) -> None:
    """Give an account a new password, unlock it and end its sessions."""
    settings = load(config)
    with Store.open(settings.store, settings.data, create=False) as store:
        accounts = Accounts(store.database, settings.desk, SystemClock())
        row = _find(accounts, login)
        accounts.set_password(row.id, _password())
        if row.disabled is not None:
            accounts.change(row.id, Role(row.role), disabled=False)
        store.audit.note("command line", "account.reset", str(row.id))
    out.print(f"{row.login}: new password set; its sessions have ended")


@account.command()
def totp(
    login: Login,
    off: Annotated[bool, typer.Option("--off", help="Go back to the password alone.")] = False,
    config: Config = DEFAULT,
) -> None:
    """Set up a second factor, an app's code beside the password; prints recovery codes."""
    settings = load(config)
    with Store.open(settings.store, settings.data, create=False) as store:
        row = _find(Accounts(store.database, settings.desk, SystemClock()), login)
        second = SecondFactor(store.key_values, store.vault, SystemClock())
        if off:
            second.disable(row.id)
            store.audit.note("command line", "account.totp_off", str(row.id))
            out.print(f"{row.login}: password alone")
            return
        secret, address = second.new(row.login, settings.label or settings.name)
        out.print("scan this with the app, or type the secret:")
        segno.make(address).terminal(out=sys.stdout, compact=True)
        out.print(secret)
        if not second.fits(secret, str(typer.prompt(here("the code it shows now")))):
            raise AccessError(
                "the code does not fit, nothing was changed",
                where=row.login,
                hint="check the time of telephone and box, then try again",
            )
        second.enable(row.id, secret)
        store.audit.note("command line", "account.totp", str(row.id))
        _print_codes(second.recovery_codes(row.id))


@account.command()
def recovery(login: Login, config: Config = DEFAULT) -> None:
    """Print new recovery codes, each good for one sign-in in place of the app's code."""
    settings = load(config)
    with Store.open(settings.store, settings.data, create=False) as store:
        row = _find(Accounts(store.database, settings.desk, SystemClock()), login)
        second = SecondFactor(store.key_values, store.vault, SystemClock())
        if not second.wanted(row.id):
            raise AccessError(
                "this account has no second factor",
                where=row.login,
                hint="set it up with `gate account totp`",
            )
        codes = second.recovery_codes(row.id)
        store.audit.note("command line", "account.recovery", str(row.id))
    _print_codes(codes)


def _print_codes(codes: list[str]) -> None:
    out.print("recovery codes; shown once, each works once, older ones are void:")
    for code in codes:
        out.print(f"    {code}", style="bold")


def _find(accounts: Accounts, login: str) -> AccountRow:
    for row in accounts.all():
        if row.login == login.strip().lower():
            return row
    raise StoreError(
        f"there is no account {login}", where="accounts", hint="look with `gate account list`"
    )


def _password() -> str:
    return asking.secret("new password", "once more")
