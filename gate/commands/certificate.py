"""``gate certificate``: how the browser of a tablet comes to trust the desk."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import segno
import typer

from gate.commands import Config
from gate.config.settings import DEFAULT, load
from gate.setup import desk_certificate, system
from gate.setup.document import Document
from gate.texts.terminal import Console


def certificate(
    host: Annotated[
        list[str] | None,
        typer.Option(help="A further name or address under which the desk is reached."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="Where to copy the authority's certificate for the tablets.")
    ] = None,
    config: Config = DEFAULT,
) -> None:
    """Make the desk's certificate, open the desk to the network, say how tablets trust it.

    Run it again when the box has a new name or address; tablets go on trusting it.
    """
    out = Console(highlight=False, soft_wrap=True)
    settings = load(config)
    hosts = (*desk_certificate.own_hosts(), *(host or ()))
    authority, own, key = desk_certificate.make(settings.data, hosts)
    document = Document.open(config)
    document.set("desk.certificate", str(own.absolute()))
    document.set("desk.certificate_key", str(key.absolute()))
    document.set("desk.host", "0.0.0.0")
    document.set("desk.hosts", [*dict.fromkeys([*settings.desk.hosts, *hosts])])
    document.save()
    if system.is_box(config):
        system.give_data()
    if to is not None:
        shutil.copyfile(authority, to / "gate-authority.crt")
        to = to / "gate-authority.crt"
    address = f"https://{desk_certificate.LOCAL}:{settings.desk.port}/"
    out.print(f"for: {', '.join(hosts)}")
    out.print(f"1. start the desk again; it is then at {address}")
    out.print(f"2. install {to or authority} on each tablet as a trusted authority, once")
    out.print("3. scan this with the tablet:")
    segno.make(address).terminal(out=sys.stdout, compact=True)
