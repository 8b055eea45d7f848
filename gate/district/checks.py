"""What must hold in a district, whatever happens: each function returns what does not."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gate.district.box import FILE
from gate.district.layout import Layout
from gate.store.places import with_place
from gate.store.store import Store
from gate.store.tables import BuildingRow, EventRow, PersonRow

Person = tuple[str, bool, str]  # name, blocked, building
People = dict[str, Person]  # by pseudonym
Series = list[tuple[int, int, str]]  # epoch, sequence, id

_PEOPLE = """
SELECT people.ref, people.name, people.blocked, coalesce(buildings.name, '') FROM people
LEFT JOIN households ON households.id = people.household_id
LEFT JOIN units ON units.id = households.unit_id
LEFT JOIN buildings ON buildings.id = units.building_id
"""
_EVENTS = """
SELECT coalesce(json_extract(body, '$.epoch'), 0), sequence, id FROM events ORDER BY sequence
"""


def on_box(data: Path) -> People:
    """Everybody in the register of a box, read from its file while it runs."""
    return {ref: (name, bool(blocked), house) for ref, name, blocked, house in _rows(data, _PEOPLE)}


def at_hub(store: Store, layout: Layout) -> dict[str, People]:
    """Who should be on each gate's box. Raises StoreError."""
    found: dict[str, People] = {name: {} for name in layout.names}
    query = with_place(
        select(PersonRow.ref, PersonRow.name, PersonRow.blocked, PersonRow.groups, BuildingRow.name)
    )
    with store.database.read() as session:
        rows = session.execute(query).all()
    for ref, name, blocked, groups, house in rows:
        for gate in layout.gates_of(house or "", groups):
            found[gate][ref] = (name, blocked, house or "")
    return found


def people_differ(gate: str, box: People, hub: People) -> list[str]:
    """Somebody too many, too few, or not as at the hub: a change was lost or someone is out of
    scope."""
    wrong = [f"{gate}: {ref} is out of scope" for ref in box.keys() - hub.keys()]
    wrong += [f"{gate}: {ref} is missing" for ref in hub.keys() - box.keys()]
    both = box.keys() & hub.keys()
    return wrong + [f"{gate}: {ref} is not as at the hub" for ref in both if box[ref] != hub[ref]]


def strangers(gate: str, box: People, allowed: Iterable[str]) -> list[str]:
    """Somebody on a box who never belonged there."""
    return [f"{gate}: {ref} never belonged there" for ref in box.keys() - set(allowed)]


def events_of_box(data: Path) -> Series:
    return [(int(epoch), int(n), id) for epoch, n, id in _rows(data, _EVENTS)]


def events_at_hub(store: Store) -> dict[str, Series]:
    """In the order in which the hub has numbered them. Raises StoreError."""
    query = select(EventRow.gate, EventRow.body, EventRow.id).order_by(
        EventRow.gate, EventRow.sequence
    )
    found: dict[str, Series] = defaultdict(list)
    with store.database.read() as session:
        for gate, body, id in session.execute(query.execution_options(yield_per=5_000)):
            found[gate].append((body.get("epoch", 0), body["sequence"], id))
    return found


def out_of_order(gate: str, hub: Series) -> list[str]:
    """Within each epoch numbers only grow, and no id comes twice."""
    wrong, last = [], dict[int, int]()
    for epoch, sequence, _ in hub:
        if sequence <= last.get(epoch, 0):
            wrong.append(f"{gate}: event {sequence} of epoch {epoch} comes after a later one")
        last[epoch] = max(sequence, last.get(epoch, 0))
    if len({id for _, _, id in hub}) != len(hub):
        wrong.append(f"{gate}: an event is at the hub twice")
    return wrong


def events_missing(gate: str, box: Series, hub: Series) -> list[str]:
    """Once the outbox is empty the hub has all of them."""
    missing = {id for _, _, id in box} - {id for _, _, id in hub}
    return [f"{gate}: {len(missing)} events are not at the hub"] if missing else []


def bytes_left(folders: Mapping[str, Path], names: Iterable[str]) -> list[str]:
    """Names of deleted people that are still in a file of a box."""
    wanted = [name.encode() for name in names]
    wrong = []
    for gate, folder in folders.items():
        for path in folder.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            if any(name in content for name in wanted):
                wrong.append(f"{gate}: {path.name} still holds the name of somebody deleted")
    return wrong


def _rows(data: Path, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{data / FILE}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()
