"""Homes go with the undo of the import that made them, on both databases."""

from __future__ import annotations

import pytest

from gate.importing.photos import NoPhotos
from gate.importing.run import run
from gate.importing.undo import look, undo
from gate.importing.wrong import Line
from gate.store.tables import ImportRow


@pytest.mark.slow
def test_homes_an_import_made_go_and_others_stay(store):
    kept = store.places.household("9", "101").id
    with store.database.write() as session:
        row = ImportRow(name="x", state="done")
        session.add(row)
        session.flush()
        job = row.id
    places = [("3", "501"), ("9", "101"), ("9", "102")]
    lines = [
        Line(number, {"name": f"Li {number}", "building": building, "unit": unit})
        for number, (building, unit) in enumerate(places, 2)
    ]
    list(run(store, job, lines, NoPhotos(), None, by="clerk"))
    assert look(store, job).homes == 2
    list(undo(store, job, "manager"))
    assert [row.name for row in store.places.buildings()] == ["9"]
    (building,) = store.places.buildings()
    assert [row.name for row in store.places.units(building.id)] == ["101"]
    assert store.places.address(kept) == ("9", "101", "")
    assert store.key_values.beginning("import.homes:") == {}
