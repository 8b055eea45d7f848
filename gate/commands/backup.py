"""``gate backup`` and ``gate restore``: everything a box needs to live again, in one file."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gate import files
from gate.backup import archive, deletions, sealed
from gate.backup import restore as restoring
from gate.backup.sftp import SCHEME, SftpFolder
from gate.commands import Config
from gate.config.settings import DEFAULT, Settings, load
from gate.errors import StoreError
from gate.setup import asking, system
from gate.store.copies import working_folder
from gate.store.missing import BACKUPS
from gate.store.store import Store
from gate.texts.terminal import Console

PASSPHRASE = "GATE_BACKUP_PASSPHRASE"  # for timers, by the service manager's credentials
PUBLIC = "backup.pub"  # in the data folder; what it seals only the recovery key opens

out = Console(highlight=False, soft_wrap=True)


def backup(
    to: Annotated[
        str | None, typer.Argument(help="Where to put it: a folder, or sftp://USER@HOST/FOLDER.")
    ] = None,
    keep: Annotated[
        int, typer.Option(min=1, help="How many backups of this gate to keep there.")
    ] = 14,
    new_recovery_key: Annotated[
        bool,
        typer.Option(
            "--new-recovery-key",
            help="Make a recovery key and show it once; from now on backups are sealed for it.",
        ),
    ] = False,
    config: Config = DEFAULT,
) -> None:
    """Back up register, keys, certificates and configuration while the gate runs.

    The file is sealed for the recovery key if one was made, else by a passphrase (asked for, or
    from the environment variable GATE_BACKUP_PASSPHRASE), then read back and compared.
    """
    settings = load(config)
    public = settings.data / PUBLIC
    with Store.open(settings.store, settings.data, create=False) as store:
        if new_recovery_key:
            _make_key(public)
            store.audit.note("command line", "backup.recovery_key")
        header = header_of(public)
        begun = time.monotonic()
        if to is not None and to.startswith(SCHEME):
            written, place, dropped = _to_server(store, settings, config, to, header, keep)
        else:
            target = Path(to) if to else settings.data / BACKUPS
            written = write(store, settings, config, target, header)
            deletions.write(store, target, settings.name)
            place, dropped = str(target), len(archive.rotate(target, settings.name, keep))
        seconds = time.monotonic() - begun
        store.key_values.set(
            archive.NEWEST,
            {
                "made": written.manifest.made,
                "folder": place,
                "size": written.size,
                "last_event": written.manifest.last_event,
            },
        )
        store.audit.note("command line", "backup.made", size=written.size)
    held = written.manifest
    out.print(f"{place}/{written.path.name}")
    out.print(
        f"{held.people:,} people, {held.events:,} events, {written.size / 1e6:.1f} MB, "
        f"written and read back in {seconds:.1f} s"
    )
    if dropped:
        out.print(f"{dropped} older deleted, the newest {keep} kept")
    if SCHEME not in place and Path(place).resolve().is_relative_to(settings.data.resolve()):
        out.print(
            "this is on the gate's own disk: copy it elsewhere, or name a folder", style="red"
        )


def _to_server(
    store: Store, settings: Settings, config: Path, to: str, header: sealed.Header, keep: int
) -> tuple[archive.Written, str, int]:
    """Written here, sent, compared there. What was written, where it is, how many it replaced."""
    folder = SftpFolder(to, settings.backup)
    with working_folder(settings.data, "backup-") as own:
        written = write(store, settings, config, own, header)
        folder.send(written.path)
        folder.send(deletions.write(store, own, settings.name))
    return written, folder.place, len(folder.rotate(settings.name, keep))


def write(
    store: Store, settings: Settings, config: Path, target: Path, header: sealed.Header
) -> archive.Written:
    """A backup of this box into the folder ``target``. Raises StoreError."""
    return archive.write(
        store.database,
        settings.data,
        config,
        target,
        header,
        gate=settings.name,
        counts=(
            store.people.count(),
            store.events.count(),
            store.events.last_sequence(settings.name),
        ),
        now=datetime.now(UTC),
    )


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `gate backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the existing register.")
    ] = False,
    config: Config = DEFAULT,
) -> None:
    """Restore a backup, on this box or a new one, and list what was lost since it was made."""
    with restoring.opened(file) as source:  # before anybody types a long secret
        sealed.read_header(source, str(file))
    secret = os.environ.get(PASSPHRASE) or asking.secret(
        "passphrase or recovery key", variable=PASSPHRASE
    )
    if restoring.place_configuration(file, secret, config):
        out.print(f"configuration of the backup written to {config}")
    settings = load(config)
    done = restoring.restore(
        file,
        secret,
        settings.data,
        settings.store,
        replace=replace,
        now=datetime.now(UTC),
    )
    if system.is_box(config):
        system.make_user()
        system.give_data()
    held = done.manifest
    made = datetime.fromisoformat(held.made).astimezone(settings.zone)
    when = f"{made:%Y-%m-%d %H:%M:%S %Z}"
    out.print(f"restored as of {when}: {held.people:,} people, {held.events:,} events")
    if done.compared:
        out.print(f"lost since then: {done.newer_people} people, {done.newer_events} events")
        out.print(f"deleted again, as they had been since then: {done.deleted_again} people")
        out.print(f"blocked again, as they had been since then: {done.kept_out}")
    else:
        out.print("what came after it is lost: enrolments, deletions, cards, rules, events")
        out.print("block again whoever and whatever was blocked since then: it counts again")
        if done.listed is None:
            out.print(
                f"no list of deletions lies beside the backup: {held.gate}{deletions.SUFFIX}",
                style="red",
            )
            out.print("delete again whoever was deleted since then; look at your paper records")
        else:
            out.print(f"deleted again, by the list beside the backup: {done.deleted_again} people")
            out.print("delete again whoever was deleted after the newest backup was made")
    if done.aside is not None:
        out.print(f"what was there is kept in {done.aside}; delete it when all is well")
    out.print("next: gate doctor")


def _make_key(public: Path) -> None:
    text, half = sealed.new_recovery_key()
    files.replace(public, f"{half.hex()}\n".encode(), durable=True)
    out.print("The recovery key; it is shown once and kept nowhere. Write it down twice:\n")
    out.print(f"    {text}\n", style="bold")


def header_of(public: Path) -> sealed.Header:
    """Seals for the recovery key if one was made, else by a passphrase. Raises StoreError."""
    if public.exists():
        try:
            return sealed.for_recovery_key(bytes.fromhex(public.read_text().strip()))
        except ValueError:
            raise StoreError(
                "the public half of the recovery key is damaged",
                where=str(public),
                hint="make a new one with `gate backup --new-recovery-key`",
            ) from None
    given = os.environ.get(PASSPHRASE)
    if given is None:
        given = asking.secret("passphrase", "once more", variable=PASSPHRASE)
    return sealed.with_passphrase(given)
