"""A small register as a version of the gate leaves it: ``python tools/old_register.py FOLDER``.

Run by the code of that version (its checkout in PYTHONPATH); it writes ``FOLDER/SCHEMA.sql`` and
``FOLDER/SCHEMA.hex`` (its key; of nobody). fixtures/registers/ holds one of each schema, from which
tests/store/test_old_registers.py migrates. A new migration brings the register of the schema before
it, made by the code before it.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from gate.events.event import Event
from gate.recognition.face import Template
from gate.store.migrate import revision
from gate.store.settings import StoreSettings
from gate.store.store import Store

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
PEOPLE = ("李红", "Zoë Müller", "王小明")
EVENTS = ("gate.started", "passage.granted", "door.unlocked", "door.locked", "passage.ended")


def vector(number: int) -> np.ndarray:
    """The face of person ``number``: float32 (8,), unit length."""
    made = np.arange(1, 9, dtype=np.float32) * (1 + number) % 7 + 1
    return (made / np.linalg.norm(made)).astype(np.float32)


def fill(store: Store) -> None:
    for number, name in enumerate(PEOPLE):
        person = store.people.create(name, number=f"A{number}")
        store.templates.add(Template(person.id, vector(number), "test/1", 0.9))
        store.credentials.add(person.id, "card", f"{1000 + number}")
        store.audit.note("wang", "person.created", person.ref)
    store.people.delete(3)
    store.events.append(
        [
            Event.make("north", type, START + timedelta(seconds=n), passage="p-1", person="ref-1")
            for n, type in enumerate(EVENTS)
        ]
    )
    store.key_values.set("note", {"kept": True})


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        with Store.open(StoreSettings(ballast=0), data, receivers=("mqtt",)) as store:
            fill(store)
            schema = revision(store.database)
        with sqlite3.connect(data / "gate.db") as raw:
            (target / f"{schema}.sql").write_text("\n".join(raw.iterdump()) + "\n")
        shutil.copy(data / "gate.key", target / f"{schema}.hex")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
