"""``gate update``: a new version, tried first, and back by itself when it does not serve."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from gate import files
from gate.commands import Config
from gate.commands.backup import PUBLIC, header_of, write
from gate.config.settings import DEFAULT, Settings, load
from gate.errors import ConfigurationError
from gate.setup import system
from gate.store.store import Store
from gate.texts.terminal import Console
from gate.update import run, signature
from gate.update.tree import Tree

HOME = Path("/usr/lib/gate")
KEY = Path("/etc/gate/update.pub")
SIGNER = "GATE_UPDATE_KEY"

out = Console(highlight=False, soft_wrap=True)


class Units:
    """The services of an installed box."""

    def stop(self) -> None:
        system.stop()

    def start(self) -> None:
        system.give_data()  # what this command wrote as root
        system.start()

    def deaths(self) -> int:
        return system.restarts("gate.service")


def update(
    file: Annotated[
        Path, typer.Argument(help="The file of the new version, with FILE.sig beside it.")
    ],
    backup: Annotated[
        Path | None, typer.Option(help="Where to put the backup made first; needs a recovery key.")
    ] = None,
    key: Annotated[
        Path, typer.Option(help="The public key of whoever releases the software.")
    ] = KEY,
    within: Annotated[
        float, typer.Option(min=10, help="How many seconds the new version has to start properly.")
    ] = run.READY_WITHIN,
    sign: Annotated[
        bool,
        typer.Option(
            "--sign", help=f"Sign FILE with the key in {SIGNER}, writing FILE.sig; no update."
        ),
    ] = False,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Make a signing key: FILE and FILE.pub.")
    ] = False,
    config: Config = DEFAULT,
) -> None:
    """Update this box: check the signature, back up, try the version on a copy, install it.

    If it does not run properly in time, the previous version is restored automatically, and the
    register too where the new version has changed its schema.
    """
    if new_key:
        _new_key(file)
        return
    if sign:
        private = os.environ.get(SIGNER)
        if not private:
            raise ConfigurationError(
                "there is no key to sign with", where=SIGNER, hint="put the private key there"
            )
        out.print(f"{signature.sign(file, private)}")
        return
    if not system.is_box(config) or not (HOME / "bin" / "python3").exists():
        raise ConfigurationError(
            "only an installed box can be updated by this command, as root",
            where=str(config),
            hint="sudo gate update FILE; for a checkout or a wheel use git or pip",
        )
    settings = load(config)
    outcome = run.update(
        file.absolute(),
        key,
        Tree(HOME),
        Units(),
        settings,
        config,
        before=lambda: _backup(settings, config, backup),
        ready_within=within,
        say=_say,
    )
    if outcome.done:
        _finish(file, config, outcome)
        return
    with Store.open(settings.store, settings.data, create=False) as store:
        store.audit.note("command line", "software.update", done=False, why=outcome.why)
    system.give_data()
    out.print(f"not updated: {outcome.why}", style="red")
    out.print(f"version {outcome.version} is back, {outcome.away:.0f} s without a gate")
    if outcome.register_back:
        out.print("the register of before the update was put back; what came since is lost")
    raise SystemExit(1)


def _say(text: str) -> None:
    with suppress(OSError):  # the terminal was closed: the update goes on
        out.print(text)


def _finish(file: Path, config: Path, outcome: run.Outcome) -> None:
    """What is left once the new version serves; what of it fails is said, and stops nothing."""
    # by the new version: this one may not know the register's schema any more
    python = str(HOME / "bin" / "python3")
    steps = [[python, "-P", "-m", "gate.update.note", str(config), outcome.version]]
    if file.suffix == ".deb":  # units and man pages too, and dpkg knows the version
        steps.append(["env", "GATE_UPDATE=1", "dpkg", "--force-confold", "-i", str(file)])
    for step in steps:
        try:
            system.run(step)
        except ConfigurationError as error:
            _say(f"{error}")
        system.give_data()
    _say(f"version {outcome.version} serves; {outcome.away:.0f} s without a gate")


def _backup(settings: Settings, config: Path, target: Path | None) -> None:
    """A sealed one where a recovery key was made; the copy for the way back is made anyway."""
    public = settings.data / PUBLIC
    if not public.exists():
        out.print("no recovery key: `gate backup` before an update is up to you", style="yellow")
        return
    with Store.open(settings.store, settings.data, create=False) as store:
        folder = target or settings.data / "backups"
        written = write(store, settings, config, folder, header_of(public))
    out.print(f"backup: {written.path}")


def _new_key(file: Path) -> None:
    private, public = signature.key_pair()
    files.create(file, f"{private}\n".encode())
    beside = file.with_name(file.name + ".pub")
    beside.write_text(public + "\n")
    out.print(f"{file}: keep it away from every gate\n{beside}: to each box as {KEY}")
