"""``gate join`` and ``gate leave``: this box becomes one of a hub, or is alone again."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from gate.commands import Config
from gate.config.settings import DEFAULT, load
from gate.replica import join as replica
from gate.store.store import Store


def join(
    url: Annotated[list[str], typer.Argument(help="The hub's address, or all it has, then CODE.")],
    config: Config = DEFAULT,
) -> None:
    """Make this box one of a hub: gate join https://hub:8444 ABCD-EFGH-JKLM-NPQR

    People enrolled here go along, with faces, cards and rules. A gate that runs follows the hub
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
        out.print(f"people taken along: {done.new} new, {done.known} known there already")
    if done.double:
        out.print(f"{done.double} without their card: somebody else has it; see the hub's desk")


def leave(
    offline: Annotated[bool, typer.Option(help="Do not ask the hub: it is gone.")] = False,
    config: Config = DEFAULT,
) -> None:
    """Let this box be alone again, with the people it has now."""
    settings = load(config)
    with Store.open(settings.store, settings.data, create=False) as store:
        heard = replica.leave(store, settings.data, ask=not offline)
    word = "the hub knows" if heard else "the hub did not hear of it: revoke the box there"
    Console(highlight=False, soft_wrap=True).print(f"{settings.name} is alone again; {word}")
