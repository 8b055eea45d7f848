"""``gate hub``: one register for many gates, and what boxes may follow it."""

from __future__ import annotations

import re
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from gate.commands import Config
from gate.config.settings import DEFAULT, GATE_NAME, Settings, load
from gate.errors import ConfigurationError
from gate.hub.boxes import Boxes, shut_out
from gate.hub.keys import CommunityKeys
from gate.store.store import Store
from gate.texts.terminal import Console, named, table

hub = typer.Typer(help="One register for many gates.", no_args_is_help=True)

Gate = Annotated[str, typer.Argument(help="The name of a gate.")]
BY = "command line"


@hub.command()
def run(config: Config = DEFAULT) -> None:
    """Serve the boxes of this register: changes, events, pairing.

    Two or more may run for one register on PostgreSQL; a box uses whichever answers.
    """
    settings = load(config)
    from gate import log
    from gate.hub.app import Hub
    from gate.hub.server import build_server, listen_for_boxes

    log.set_up(settings.log)
    with _store(settings) as store:
        server = build_server(Hub(store, settings.hub, settings.models))
        listening = listen_for_boxes(settings.hub.host, settings.hub.port)
        port = listening.getsockname()[1]
        Console(highlight=False, soft_wrap=True).print(f"hub: port {port}")
        with listening:
            server.run(sockets=[listening])


@hub.command("copy-keys")
def copy_keys(
    file: Annotated[Path, typer.Argument(help="The file; it replaces the copy made before.")],
    config: Config = DEFAULT,
) -> None:
    """Copy the people's keys ([store] person_keys), to be kept safe beside the backups.

    Keep only the newest copy: an older one would still open the templates of people deleted
    since.
    """
    settings = load(config)
    with _store(settings) as store:
        if store.person_keys is None:
            raise ConfigurationError(
                "people have no keys of their own here",
                where="[store] person_keys",
                hint='set it, for example to "sqlite:///people.keys"; see docs/many-gates.md',
            )
        store.person_keys.copy(file)
    Console(highlight=False, soft_wrap=True).print(f"{file}: the keys as of now", markup=False)


@hub.command()
def worker(config: Config = DEFAULT) -> None:
    """Learn whitening and calibration for every gate, and tidy up; one for each register."""
    settings = load(config)
    from gate import log
    from gate.hub.worker import Worker

    log.set_up(settings.log)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with _store(settings) as store:
        Worker(store).run(stopping)


@hub.command()
def pair(gate: Gate, config: Config = DEFAULT) -> None:
    """Make the code with which one box joins as a gate: valid for ten minutes, once."""
    if not re.fullmatch(GATE_NAME, gate):
        raise ConfigurationError(
            f"{gate!r} cannot be the name of a gate",
            where="gate hub pair",
            hint="write 1 to 32 small letters, digits and hyphens",
        )
    settings = load(config)
    with _store(settings) as store:
        code = Boxes(store).new_code(gate, BY)
    out = Console(highlight=False, soft_wrap=True)
    out.print(f"code for {gate}: {code}   (ten minutes, once)")
    name = settings.hub.hosts[0] if settings.hub.hosts else "HUB"
    out.print(f"on the box:  gate join https://{name}:{settings.hub.port} {code}")


@hub.command()
def scope(
    gate: Gate,
    building: Annotated[
        list[str] | None, typer.Option(help="A building whose residents pass there.")
    ] = None,
    group: Annotated[list[str] | None, typer.Option(help="A group that passes there.")] = None,
    area: Annotated[
        str | None, typer.Option(help="Where the gate is, to be shown at the desk.")
    ] = None,
    everybody: Annotated[bool, typer.Option(help="Everybody in the register.")] = False,
    config: Config = DEFAULT,
) -> None:
    """Say whose data the box of a gate holds: it holds nobody else's."""
    with _store(load(config)) as store:
        nobody: list[str] | None = [] if everybody else None
        row = Boxes(store).set_gate(
            gate, area=area, buildings=building or nobody, groups=group or nobody
        )
        store.audit.note(BY, "gate.scope", gate, buildings=row.buildings, groups=row.groups)
    who = [f"{named('scope', 'building')} {name}" for name in row.buildings]
    who += [f"{named('scope', 'group')} {name}" for name in row.groups]
    shown = ", ".join(who) or named("scope", "everybody")
    Console(highlight=False).print(f"{gate}: {shown}")


@hub.command()
def boxes(config: Config = DEFAULT) -> None:
    """Show every box and its state."""
    shown = table("gate", "box", "state", "seen", "at", "outbox", "people", "version")
    with _store(load(config)) as store:
        for row in Boxes(store).all(active=False):
            status = row.status
            state = named("box", row.state)
            if loading := status.get("loading"):
                state += f" ({named('box', 'loading')} {loading['done']:,}/{loading['of']:,})"
            shown.add_row(
                row.gate,
                row.id[:8],
                state if not row.reason else f"{state}: {named('box', row.reason)}",
                row.seen.isoformat(timespec="seconds") if row.seen else named("value", "never"),
                str(row.cursor),
                str(status.get("outbox", "")),
                str(status.get("people", "")),
                str(status.get("version", "")),
            )
    Console(highlight=False, soft_wrap=True).print(shown)


@hub.command()
def revoke(
    gate: Gate,
    reason: Annotated[str, typer.Option(help="Why, for the audit record.")] = "revoked",
    config: Config = DEFAULT,
) -> None:
    """Shut out the box of a gate and change the keys; for a box that was stolen or is broken."""
    with _store(load(config)) as store:
        epoch = shut_out(store, gate, reason, BY)
    if epoch is None:
        raise ConfigurationError(
            "that gate has no box", where=gate, hint="look with `gate hub boxes`"
        )
    Console(highlight=False).print(f"{gate}: shut out; keys of epoch {epoch} from now on")


@hub.command()
def rotate(config: Config = DEFAULT) -> None:
    """Change the keys that protect templates on their way to the boxes, while everything runs."""
    with _store(load(config)) as store:
        epoch = CommunityKeys(store).rotate()
        store.audit.note(BY, "keys.rotated", str(epoch))
    Console(highlight=False).print(f"keys of epoch {epoch} from now on")


def _store(settings: Settings) -> Store:
    return Store.open(settings.store, Path(settings.data))
