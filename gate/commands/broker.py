"""``gate broker``: a Mosquitto that lets each gate write only below its own name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from gate import files
from gate.commands import Config
from gate.config.settings import DEFAULT, GATE_NAME, load
from gate.errors import BrokerError
from gate.integrations.connection import check as try_connection
from gate.integrations.pki import (
    make_authority,
    make_certificate,
    renew_certificate,
    write_revocations,
)
from gate.integrations.topics import Topics
from gate.setup.shipped import place, text
from gate.texts.terminal import Console

broker = typer.Typer(help="Set up and test the message broker.", no_args_is_help=True)


_AUTHORITY = typer.Option(
    "--authority",
    help="Where the authority's key is kept, e.g. a memory stick; else FOLDER-authority.",
)


@broker.command()
def setup(
    folder: Annotated[Path, typer.Argument(help="Where certificates and configuration go.")],
    host: Annotated[
        list[str], typer.Option(help="A name or address under which gates reach the broker.")
    ],
    gate: Annotated[list[str], typer.Option(help="The name of a gate; repeat it for several.")],
    receiver: Annotated[
        list[str] | None, typer.Option(help="Who reads events: platform, homeassistant.")
    ] = None,
    authority: Annotated[Path | None, _AUTHORITY] = None,
) -> None:
    """Make an authority, certificates for broker, gates and receivers, and Mosquitto's files.

    Run it again with more names to add them: what is there stays.
    """
    console = Console(soft_wrap=True)
    folder = folder.resolve()
    for name in (*gate, *(receiver or ())):
        if not re.fullmatch(GATE_NAME, name) or name in ("ca", "broker"):
            raise BrokerError(
                f"{name!r} cannot be the name of a gate or receiver",
                where="--gate, --receiver",
                hint="write 1 to 32 small letters, digits and hyphens; ca and broker are taken",
            )
    keys = _keys(folder, authority)
    make_authority(folder, keys)
    made = [
        name
        for name, hosts in [
            ("broker", tuple(host)),
            *((name, ()) for name in [*gate, *(receiver or ["platform"])]),
        ]
        if make_certificate(folder, name, hosts, keys)
    ]
    if not (folder / "ca.crl").exists():
        write_revocations(folder, keys=keys)
    (folder / "data").mkdir(exist_ok=True)
    for name, mode in (("mosquitto.conf", 0o644), ("acl", 0o600)):
        # what is there may have been changed by hand
        place(text(f"mosquitto/{name}", FOLDER=folder), folder / name, mode)
    console.print(f"{folder}: certificates for {', '.join(made) or 'nobody new'}")
    console.print(f"1. Take {keys}/ca.key off this machine: whoever has it can be any gate.")
    console.print("   (setup, revoke and renew need it again: --authority says where it is)")
    console.print(f"2. Give the folder to the broker's user:  chown -R mosquitto {folder}")
    console.print("   (started by root or as a service, Mosquitto reads it as that user)")
    console.print(f"   and start the broker:  mosquitto -c {folder}/mosquitto.conf")
    for name in gate:
        console.print(f"3. Copy ca.crt, {name}.crt, {name}.key to /etc/gate on {name}; gate.toml:")
        console.print(
            f'   [mqtt]\n   host = "{host[0]}"\n   port = 8883\n   ca = "/etc/gate/ca.crt"\n'
            f'   certificate = "/etc/gate/{name}.crt"\n   key = "/etc/gate/{name}.key"',
            markup=False,
        )
    console.print("4. Test it there:  gate broker check")


@broker.command()
def revoke(
    folder: Annotated[Path, typer.Argument(help="The folder that `gate broker setup` made.")],
    name: Annotated[str, typer.Argument(help="Whose certificate: a gate or a receiver.")],
    authority: Annotated[Path | None, _AUTHORITY] = None,
) -> None:
    """Revoke a certificate: the broker refuses it once it has been restarted.

    SIGHUP is not enough: Mosquitto then refuses new connections but keeps the existing ones.
    """
    folder = folder.resolve()
    write_revocations(folder, name, _keys(folder, authority))
    console = Console(soft_wrap=True)
    console.print(f"{name}: revoked; now restart the broker:  systemctl restart mosquitto")
    console.print("   (until then whoever is connected with it stays connected)")


@broker.command()
def renew(
    folder: Annotated[Path, typer.Argument(help="The folder that `gate broker setup` made.")],
    name: Annotated[str, typer.Argument(help="Whose certificate: broker, a gate or a receiver.")],
    authority: Annotated[Path | None, _AUTHORITY] = None,
) -> None:
    """Replace a key and certificate that will expire soon; the old ones are kept."""
    folder = folder.resolve()
    renew_certificate(folder, name, _keys(folder, authority))
    where = "restart the broker" if name == "broker" else f"copy {name}.crt and {name}.key there"
    Console().print(f"{name}: renewed; now {where}", markup=False)


@broker.command()
def check(config: Config = DEFAULT) -> None:
    """Connect with the settings of this gate and say what is wrong, if anything."""
    settings = load(config)
    try_connection(settings.mqtt, Topics(settings.mqtt.prefix, settings.name))
    Console().print(f"{settings.mqtt.host}:{settings.mqtt.port}: the broker lets us in")


def _keys(folder: Path, authority: Path | None) -> Path:
    """The folder of the authority's key: not the broker's, which is its user's to read.

    A key that an earlier version left among the broker's files is moved out of them.
    """
    keys = authority.resolve() if authority else folder.with_name(f"{folder.name}-authority")
    old, new = folder / "ca.key", keys / "ca.key"
    if old.exists() and keys != folder and not new.exists():
        try:
            keys.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.replace(new, old.read_bytes(), 0o600, durable=True)
            old.unlink()
        except OSError as error:
            raise BrokerError(
                f"the authority's key cannot be moved: {error.strerror}",
                where=f"{old}, {new}",
                hint="run it as the user the key belongs to, or move the file yourself",
            ) from None
    return keys
