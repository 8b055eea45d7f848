"""``gate keys``: who may command this gate over MQTT."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.commands import Config, private_key
from gate.config.settings import DEFAULT, Settings, load
from gate.errors import ConfigurationError
from gate.integrations.command_client import ask
from gate.integrations.signed_command import COMMANDS, key_id, order, sign
from gate.store.command_keys import Note
from gate.store.store import Store
from gate.texts.terminal import Console, table

keys = typer.Typer(help="Keys that may command this gate over MQTT.", no_args_is_help=True)


def _store(settings: Settings, *, create: bool = False) -> Store:
    return Store.open(settings.store, settings.data, create=create)


@keys.command()
def make(
    name: Annotated[str, typer.Argument(help="Whose key it is, e.g. platform.")],
    command: Annotated[
        list[str], typer.Option(help=f"What it may order, one or more of: {', '.join(COMMANDS)}.")
    ],
    to: Annotated[
        Path | None,
        typer.Option(
            help="Where to write the private key; otherwise keys/NAME.pem in the data folder."
        ),
    ] = None,
    config: Config = DEFAULT,
) -> None:
    """Make a key: the private half goes to a file for the sender, the public half into the gate."""
    unknown = sorted(set(command) - set(COMMANDS))
    if unknown:
        raise ConfigurationError(
            f"there is no command {unknown[0]}", where="--command", hint=f"one of {COMMANDS}"
        )
    settings = load(config)
    target = to or _place(settings, name)
    with _store(settings, create=True) as store:
        left = _left(store, target) if to is None else None
        private = left or private_key.make(target, "use --to")
        public = private.public_key().public_bytes_raw()
        note = _note(store, "key.make", commands=list(command))
        try:
            row = store.command_keys.add(key_id(public), name, public, command, note)
        except BaseException:
            target.unlink()
            raise
    Console().print(f"{row.id} {name}: may order {', '.join(command)}")
    console = Console(soft_wrap=True)
    console.print(f"Move {target} to the sender and nobody else; the gate needs no copy.")


@keys.command("list")
def list_(config: Config = DEFAULT) -> None:
    """Show all keys, what they may order, and whether they were revoked."""
    with _store(load(config)) as store:
        rows = store.command_keys.list()
    if not rows:
        Console().print("No key yet: `gate keys make NAME --command open`")
        return
    shown = table("key", "name", "may order", "made", "revoked")
    for row in rows:
        revoked = f"{row.revoked:%Y-%m-%d %H:%M}" if row.revoked else ""
        shown.add_row(row.id, row.name, ", ".join(row.commands), f"{row.created:%F}", revoked)
    Console().print(shown)


@keys.command()
def revoke(
    name: Annotated[str, typer.Argument(help="Name or id of the key.")], config: Config = DEFAULT
) -> None:
    """Revoke a key, from the next command on."""
    with _store(load(config)) as store:
        row = store.command_keys.revoke(name, _note(store, "key.revoke"))
    Console().print(f"{row.id} {row.name}: revoked")


@keys.command()
def reset(
    name: Annotated[str, typer.Argument(help="Name or id of the key.")], config: Config = DEFAULT
) -> None:
    """Reset the counter of a key, for a sender that has lost count."""
    settings = load(config)
    with _store(settings) as store:
        row = store.command_keys.reset(settings.name, name, _note(store, "key.reset"))
    Console().print(f"{row.id} {row.name}: counter reset")


@keys.command()
def send(
    command: Annotated[str, typer.Argument(help=f"One of: {', '.join(COMMANDS)}.")],
    key: Annotated[Path, typer.Option(help="The private key's file.")],
    gate: Annotated[str | None, typer.Option(help="The gate; this one if not given.")] = None,
    minutes: Annotated[float, typer.Option(min=0.1, max=1440, help="For hold: how long.")] = 5.0,
    config: Config = DEFAULT,
) -> None:
    """Sign a command, send it, and print the answer."""
    settings = load(config)
    target = gate or settings.name
    now = int(time.time() * 1000)
    arguments = {"until": now + int(minutes * 60_000)} if command == "hold" else {}
    message = sign(_read(key), order(command, target, now, **arguments))
    answer = ask(settings.mqtt, target, message)
    Console().print(" ".join(f"{name}={value}" for name, value in answer.items()))
    if answer["result"] != "done":
        raise typer.Exit(1)


def _note(store: Store, action: str, **details: Any) -> Note:
    """The line of the audit, in the transaction of what it is about."""
    return lambda session, row: store.audit.note_in(session, "cli", action, row.id, **details)


def _left(store: Store, file: Path) -> Ed25519PrivateKey | None:
    """A key that was made and never put into the gate: the command was cut off in between."""
    if not file.is_file():
        return None
    private = _read(file)
    known = {row.id for row in store.command_keys.list()}
    return None if key_id(private.public_key().public_bytes_raw()) in known else private


def _place(settings: Settings, name: str) -> Path:
    """In the data folder, which only its owner reads: not where the command happens to be run."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ConfigurationError(
            "this name cannot be the name of a file", where=name, hint="use --to"
        )
    folder = settings.data / "keys"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the key cannot be written: {error.strerror}", where=str(folder), hint="use --to"
        ) from error
    return folder / f"{name}.pem"


def _read(path: Path) -> Ed25519PrivateKey:
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        why = getattr(error, "strerror", None) or "not a key"
        raise ConfigurationError(
            f"the key cannot be read: {why}", where=str(path), hint="make one: `gate keys make`"
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigurationError(
            "this is no Ed25519 key", where=str(path), hint="make one: `gate keys make`"
        )
    return private
