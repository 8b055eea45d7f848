"""A home as the register writes it, whatever was typed."""

from __future__ import annotations

import pytest

from gate.importing.as_registered import building_of, unit_in


@pytest.mark.parametrize(
    ("typed", "found"),
    [("3", "3号楼"), ("三栋", "3号楼"), ("13", "13"), ("A座", "A座"), ("5", "5"), ("5栋", "5栋")],
)
def test_a_building_is_the_one_that_is_meant(store, typed, found):
    for building in ("3号楼", "5号楼", "5栋", "5幢"):
        store.places.household(building, "101")
    with store.database.read() as session:
        assert building_of(session, typed) == found


@pytest.mark.parametrize(
    ("typed", "found"),
    [("2-501", "2单元501"), ("二单元501室", "2单元501"), ("501", "501"), ("601", "601")],
)
def test_a_flat_is_the_one_that_is_meant(store, typed, found):
    for building, unit in (("3号楼", "2单元501"), ("3号楼", "601室"), ("3号楼", "601户")):
        store.places.household(building, unit)
    with store.database.read() as session:
        assert unit_in(session, "3号楼", typed) == found
