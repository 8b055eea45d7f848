"""Which homes of the register a text may mean."""

from __future__ import annotations

import pytest

from enroll.homes_spelt import homes_of

HOMES = (
    *(("3号楼", "2单元501"), ("3号楼", "1单元501"), ("3号楼", "2单元1501"), ("13号楼", "2-501")),
    *(("A座", "1201"), ("2期3号楼", "2单元501")),
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *(("3-2-501", {0}), ("3#2-501", {0}), ("03-02-0501", {0}), ("三幢二单元501室", {0})),
        *(("3号楼501", {0, 1}), ("3号楼1501", {2}), ("2-501", {0, 3, 5}), ("13栋2-501", {3})),
        *(("A座1201", {4}), ("2期3号楼2单元501", {5}), ("二期3栋2单元501", {5})),
        *(("501", set()), ("王芳", set()), ("138-0000-0001", set()), ("3号楼", set())),
    ],
)
def test_a_home_is_found_as_people_say_it(store, text, meant):
    units = [store.places.household(*home).unit_id for home in HOMES]
    with store.database.read() as session:
        assert {units.index(unit) for unit in homes_of(session, text)} == meant
