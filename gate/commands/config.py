"""``gate config``: is the configuration right, and what is in force?"""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from gate.commands import Config
from gate.config.reference import as_page, as_toml
from gate.config.settings import DEFAULT, load

config = typer.Typer(help="Check and show the configuration.", no_args_is_help=True)


@config.command()
def check(config: Config = DEFAULT) -> None:
    """Read the configuration and report every mistake at once."""
    settings = load(config)
    Console().print(f"{config}: no mistakes; this is {settings.name}", highlight=False)


@config.command()
def reference(
    page: Annotated[bool, typer.Option("--page", help="the reference page instead")] = False,
) -> None:
    """Print a configuration file with every key, its default and what it means."""
    sys.stdout.write(as_page() if page else as_toml())


@config.command()
def show(config: Config = DEFAULT) -> None:
    """Print all values in force, defaults and environment included; secrets are hidden."""
    Console().print_json(load(config).model_dump_json())
