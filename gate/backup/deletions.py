"""The list of deletions beside the backups: an old backup brings back nobody who was deleted since.

A backup is sealed, often for a key the box does not hold, so nothing can be taken out of one. Each
backup therefore writes, beside the files, who was deleted from this register up to then: no name
and no pseudonym, but a keyed hash under the register's own key, which every backup of it holds.
Without that key the list says how many people were deleted, and nothing else.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from gate import files
from gate.errors import StoreError
from gate.store.store import Store
from gate.store.tables import ErasureRow, PersonRow

SUFFIX = ".deleted"


def beside(folder: Path, gate: str) -> Path:
    """Where the list of a gate is."""
    return folder / f"{gate}{SUFFIX}"


def write(store: Store, folder: Path, gate: str) -> Path:
    """Renew the list; whoever it held before stays on it. Raises StoreError."""
    path = beside(folder, gate)
    with store.database.read() as session:
        refs = session.scalars(select(ErasureRow.ref)).all()
    lines = sorted(read(path) | {store.vault.erasure(ref) for ref in refs})
    try:
        files.replace(path, "".join(f"{line}\n" for line in lines).encode(), 0o600, durable=True)
    except OSError as error:
        raise StoreError(
            f"the list of deletions cannot be written: {error.strerror}",
            where=str(path),
            hint="name a folder with room that the gate's user may write to",
        ) from error
    return path


def read(path: Path) -> set[str]:
    """The hashes of a list; empty where there is none. Raises StoreError."""
    try:
        return set(path.read_text("ascii").split())
    except FileNotFoundError:
        return set()
    except (OSError, ValueError) as error:
        raise StoreError(
            "the list of deletions cannot be read",
            where=str(path),
            hint="put back a copy of it, or move it away: deleted people may then come back",
        ) from error


def apply(store: Store, listed: set[str]) -> int:
    """Delete whoever is listed and in the register; how many people that were.

    The files are wiped of them. Raises StoreError.
    """
    with store.database.read() as session:
        rows = session.execute(select(PersonRow.ref, PersonRow.id)).all()
    gone = [person for ref, person in rows if store.vault.erasure(ref) in listed]
    if gone:
        with store.database.write() as session:
            for person in gone:
                store.people.delete_in(session, person)
        store.database.wipe()
        store.audit.note("restore", "people.deleted_again", count=len(gone))
    return len(gone)
