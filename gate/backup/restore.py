"""Put a backup in the place of what is there, and say what was lost between the two."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select

import gate.backup.placing as placing
from gate import files
from gate.backup import archive, deletions, sealed
from gate.backup.kept_out import keep_out
from gate.errors import GateError, StoreError
from gate.store.engine import Database
from gate.store.migrate import revision
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import ErasureRow, PersonRow

_ERASURES = "0003"  # the schema since which every deletion is noted


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to.

    Attributes:
        manifest: of the backup.
        aside: where the data folder that was there is kept; None when there was none.
        deleted_again: people whom the backup held and who had been deleted since.
        kept_out: people, cards, permits, keys and boxes that had been blocked since, and are again.
        newer_people: people enrolled after the backup, who are lost.
        newer_events: events recorded after the backup, by number.
        compared: whether the old register could be read to find out.
        listed: how many deletions the list beside the backup holds; None where there is none.
    """

    manifest: archive.Manifest
    aside: Path | None
    deleted_again: int
    newer_people: int
    newer_events: int
    compared: bool
    listed: int | None = None
    kept_out: int = 0


def restore(
    file: Path,
    secret: str,
    data: Path,
    store: StoreSettings,
    *,
    replace: bool,
    now: datetime,
) -> Restored:
    """Unpack beside, check everything, and only then swap; nothing is lost when it fails.

    Whoever the list of deletions beside ``file`` holds is deleted before that.
    The configuration is not touched; ``place_configuration`` writes the backup's.

    Raises StoreError: wrong secret, damaged, a database is there and ``replace`` was not said.
    """
    if (data / store.key).exists() and not replace:
        raise StoreError(
            "there is a register already",
            where=str(data),
            hint="stop the gate and the desk, then say --replace; the old folder is kept beside",
        )
    place = Path(store.address(data).partition(":///")[2]).name
    try:
        with placing.unpacking_folder(data) as folder:
            files.require_room(folder, file.stat().st_size)
            with opened(file) as source:
                header = sealed.open_header(source, secret, str(file))
                manifest = archive.extract(source, header, folder, str(file))
            ledger = deletions.beside(file.parent, manifest.gate)
            listed = deletions.read(ledger)
            fresh = folder / archive.DATA.rstrip("/")
            if not fresh.is_dir():
                raise StoreError(
                    "the backup holds no register",
                    where=str(file),
                    hint="name a backup made by `gate backup`",
                )
            with closing(Database(store.address(fresh))) as unopened:
                before_erasures = (revision(unopened) or "") < _ERASURES
            with Store.open(store, fresh, copied=False) as restored:
                # opened: migrated, and database and key checked, before anything is swapped
                restored.events.new_epoch()
                again = deletions.apply(restored, listed)
            aside = placing.put_in_place(fresh, data, place, now)
    except OSError as error:
        raise StoreError(
            f"the backup cannot be put back: {error.strerror or error}",
            where=str(error.filename or data),
            hint="check room and owner of the folder; what was there is unchanged",
        ) from error
    done = _compared(manifest, aside, data, store, all_missing=before_erasures)
    return replace_fields(
        done,
        deleted_again=done.deleted_again + again,
        listed=len(listed) if ledger.exists() else None,
    )


def place_configuration(file: Path, secret: str, configuration: Path) -> bool:
    """Write the backup's configuration where there is none, before its values are needed.

    Returns whether it was written; one that is there stays. Raises StoreError: wrong secret,
    damaged, the backup has none, the file cannot be written.
    """
    if configuration.exists():
        return False
    with opened(file) as source:
        header = sealed.open_header(source, secret, str(file))
        kept = archive.configuration(source, header, str(file))
    if kept is None:
        raise StoreError(
            "there is no configuration, here or in the backup",
            where=str(configuration),
            hint="write one first, then restore again",
        )
    try:
        configuration.parent.mkdir(parents=True, exist_ok=True)
        files.replace(configuration, kept, durable=True)
    except OSError as error:
        raise StoreError(
            f"the configuration cannot be written: {error.strerror or error}",
            where=str(configuration),
            hint="check room and owner of the folder",
        ) from None
    return True


def opened(file: Path) -> BinaryIO:
    """A backup for reading. Raises StoreError."""
    try:
        return file.open("rb")
    except OSError as error:
        raise StoreError(
            f"the backup cannot be read: {error.strerror}", where=str(file), hint="check the name"
        ) from None


def _compared(
    manifest: archive.Manifest,
    aside: Path | None,
    data: Path,
    settings: StoreSettings,
    *,
    all_missing: bool,
) -> Restored:
    """Delete again whom the old register had deleted, where it can be read and has the same key.

    Whoever it never had stays: it may itself have been put back from an older backup.
    ``all_missing``: the backup is of a version that did not note deletions, so that whoever is
    missing from the old register counts as deleted.
    """
    nothing = Restored(manifest, aside, 0, 0, 0, compared=False)
    if aside is None:
        return nothing
    try:
        with Store.open(settings, aside, copied=False) as old, Store.open(settings, data) as new:
            if old.vault.fingerprint != new.vault.fingerprint:
                return nothing
            before, after = _people(old), _people(new)
            missing = after.keys() - before.keys()
            if not all_missing:
                missing &= _erased(old)
            gone = [after[ref] for ref in missing]
            for person in gone:
                new.people.delete(person)
            if gone:
                new.database.wipe()
                new.audit.note("restore", "people.deleted_again", count=len(gone))
            out = keep_out(old, new)
            newer = max(0, old.events.last_sequence(manifest.gate) - manifest.last_event)
            enrolled = len(before.keys() - after.keys())
            return Restored(
                manifest, aside, len(gone), enrolled, newer, compared=True, kept_out=out
            )
    except GateError:
        return nothing  # the old one is damaged: that may be why somebody restores


def _people(store: Store) -> dict[str, int]:
    with store.database.read() as session:
        return {row[0]: row[1] for row in session.execute(select(PersonRow.ref, PersonRow.id))}


def _erased(store: Store) -> set[str]:
    with store.database.read() as session:
        return set(session.scalars(select(ErasureRow.ref)))
