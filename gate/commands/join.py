"""``gate join`` and ``gate leave``: this box becomes one of a hub, or is alone again."""

from __future__ import annotations

from typing import Annotated

import typer

from gate.commands import Config
from gate.config.settings import DEFAULT, load
from gate.replica import join as replica
from gate.store.store import Store
from gate.texts.terminal import Console


def join(
    url: Annotated[
        list[str], typer.Argument(help="The hub's address, or several of them, then the code.")
    ],
    config: Config = DEFAULT,
) -> None:
    """Make this box one of a hub's: gate join https://hub:8444 ABCD-EFGH-JKLM-NPQR

    People enrolled here come along, with faces, cards and rules. A running gate follows the hub
    within two seconds.
    """
    *urls, code = url
    if not urls:
        raise typer.BadParameter("the hub's address and the code are needed")
    settings = load(config)
    out = Console(highlight=False, soft_wrap=True)
    with Store.open(settings.store, settings.data) as store:
        done = replica.join(store, settings.data, settings.name, tuple(urls), code)
    out.print(f"{done.gate} belongs to the hub now")
    if done.new or done.known:
        out.print(f"people taken along: {done.new} new, {done.known} already known there")
    if done.double:
        out.print(f"{done.double} without their card: somebody else has it; see the hub's desk")


def leave(
    offline: Annotated[
        bool, typer.Option(help="Do not contact the hub: it no longer exists.")
    ] = False,
    config: Config = DEFAULT,
) -> None:
    """Take this box out of its hub; it keeps the people it has now."""
    settings = load(config)
    with Store.open(settings.store, settings.data, create=False) as store:
        heard = replica.leave(store, settings.data, ask=not offline)
    out = Console(highlight=False, soft_wrap=True)
    if heard:
        out.print(f"{settings.name} has left the hub; the hub has been told")
    else:
        out.print(f"{settings.name} has left the hub; the hub was not told: revoke the box there")
