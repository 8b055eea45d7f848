"""``gate config``: is the configuration right, and what is in force?"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Annotated

import typer

from gate.commands import Config
from gate.config.osdp_keys import OWN_KEY, PUBLIC_KEY, with_public_key
from gate.config.places import base_of
from gate.config.reference import as_page, as_toml
from gate.config.settings import DEFAULT, build, load
from gate.config.together import clashes
from gate.config.upgrade import upgraded
from gate.errors import ConfigurationError
from gate.setup import shipped
from gate.texts.terminal import Console, language

config = typer.Typer(help="Check and show the configuration.", no_args_is_help=True)


@config.command()
def check(config: Config = DEFAULT) -> None:
    """Read the configuration and report every mistake at once."""
    settings = load(config)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    found = clashes(settings)
    if bad := [clash for clash in found if clash.bad]:
        raise ConfigurationError(
            "not everything in the configuration goes together:\n"
            + "\n".join(f"  - {clash.says}\n    {clash.hint}" for clash in bad),
            where=str(config),
            hint="correct each line above; `gate config check` reads the file again",
        )
    console.print(f"{config}: no mistakes; this is {settings.name}")
    for clash in found:
        console.print(f"{clash.says}")
        console.print(f"  {clash.hint}")
    for part in with_public_key(settings):
        console.print(f"{part}: {PUBLIC_KEY}")
        console.print(f"  {OWN_KEY}")


@config.command()
def reference(
    page: Annotated[bool, typer.Option("--page", help="Print the reference page instead.")] = False,
) -> None:
    """Print a configuration file with every key, its default and what it means."""
    sys.stdout.write(as_page() if page else as_toml())


@config.command()
def show(config: Config = DEFAULT) -> None:
    """Print every value in force, including defaults and the environment; secrets are hidden."""
    Console().print_json(load(config).model_dump_json())


@config.command()
def upgrade(
    config: Config = DEFAULT,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what would change.")
    ] = False,
) -> None:
    """Update a configuration of an earlier version: keys that were removed or have moved."""
    load(config)  # reports every mistake before anything is changed
    old = config.read_text("utf-8-sig")
    new = upgraded(old, str(config))
    say = Console(soft_wrap=True, highlight=False, markup=False).print
    for words, keys in (
        ("removed, no longer used", new.retired),
        ("moved to [advanced]", new.moved),
        ("removed, the default", new.defaults),
    ):
        for key in keys:
            say(f"{key}: {words}")
    if not new.changed:
        say(f"{config}: nothing to change")
        return
    if build(tomllib.loads(new.text)) != build(tomllib.loads(old)):
        raise ConfigurationError(
            "the rewritten configuration would not mean the same; nothing was written",
            where=str(config),
            hint="move the keys named above by hand; see docs/configuration.md",
        )
    if dry_run:
        return
    mode = config.stat().st_mode & 0o7777
    kept = config.with_name(f"{config.name}.before-upgrade")
    shipped.place(old, kept, mode, replace=True)
    shipped.place(new.text, config, mode, replace=True)
    say(f"{config}: rewritten; what it was is in {kept.name}")


@config.command()
def init(
    config: Config = DEFAULT,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a configuration with every key at its default; `gate init` asks for the values."""
    if not shipped.place(as_toml(language()), config, 0o640, replace=force):
        raise ConfigurationError(
            "there is a configuration already",
            where=str(config),
            hint="change it with `gate init` or an editor, or replace it with --force",
        )
    Console(soft_wrap=True).print(f"{config}", highlight=False)


@config.command()
def path(config: Config = DEFAULT) -> None:
    """Print where the configuration, the data and the models of this box are."""
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"configuration  {config.absolute()}")
    if config.exists():
        settings = load(config)
        console.print(f"data           {settings.data.absolute()}")
        console.print(f"models         {settings.models.folder.absolute()}")
    else:
        console.print(f"data           {base_of(config.absolute())} (no configuration yet)")


@config.command()
def units(
    folder: Annotated[Path, typer.Argument(help="Where to write them.")] = shipped.UNITS,
    config: Config = DEFAULT,
) -> None:
    """Write the systemd units for this installation: gate, desk, kiosk, backup."""
    for unit in shipped.place_units(config.absolute(), folder):
        Console(soft_wrap=True).print(f"{unit}", highlight=False)
