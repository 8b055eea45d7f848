"""``gate account``: the desk's accounts from the box itself, also when nobody can sign in."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from enroll.accounts import Accounts
from enroll.permissions import Role
from gate.clock import SystemClock
from gate.commands import Config
from gate.config.settings import DEFAULT, load
from gate.errors import StoreError
from gate.store.store import Store
from gate.store.tables import AccountRow

account = typer.Typer(help="List, add and reset the desk's accounts.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="The login.")]
out = Console(highlight=False, soft_wrap=True)


@account.command("list")
def list_(config: Config = DEFAULT) -> None:
    """Show every account, its role and whether it may sign in."""
    settings = load(config)
    with Store.open(settings.store, settings.data, create=False) as store:
        rows = Accounts(store.database, settings.desk, SystemClock()).all()
    table = Table("login", "name", "role", "state", box=None)
    for row in rows:
        state = "disabled" if row.disabled else "active"
        table.add_row(*(escape(cell) for cell in (row.login, row.name, row.role, state)))
    out.print(table if rows else "no accounts yet; `gate desk` prints a code for the first one")


@account.command()
def add(
    login: Login,
    role: Annotated[Role, typer.Option(help="What the account may do.")] = Role.DESK,
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Add an account; its password is asked for."""
    settings = load(config)
    with Store.open(settings.store, settings.data) as store:
        accounts = Accounts(store.database, settings.desk, SystemClock())
        row = accounts.create(login, _password(), role, name)
        store.audit.note("command line", "account.created", str(row.id), role=role.value)
    out.print(f"{row.login}: {role.value}")


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


def _find(accounts: Accounts, login: str) -> AccountRow:
    for row in accounts.all():
        if row.login == login.strip().lower():
            return row
    raise StoreError(
        f"there is no account {login}", where="accounts", hint="look with `gate account list`"
    )


def _password() -> str:
    return str(typer.prompt("new password", hide_input=True, confirmation_prompt=True))
