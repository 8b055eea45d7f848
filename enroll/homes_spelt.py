"""Homes as people say them, found among those of the register: 3-2-501 is 3号楼 2单元501."""

from __future__ import annotations

import re
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from gate.importing.homes import home, home_key, is_flat, unit_key
from gate.store.tables import BuildingRow, UnitRow

_KEPT = 50_000  # homes whose keys are kept: more than any community has
# what a part of a home is followed by: other words are not looked for among the homes
_PLACE = re.compile("[0-9A-Za-z零一二三四五六七八九十][号號栋棟幢座楼樓单單室#-]|[#＃－]")


def homes_of(session: Session, text: str) -> set[int]:
    """Units that ``text`` may mean: building and flat in any spelling, the flat alone, or the
    building with a flat whose entrance is left out (3号楼501 for 3号楼 2单元501)."""
    if not _PLACE.search(text):
        return set()
    found = home(text)
    wanted = _key(*found) if found else None
    flat = _plain(unit_key(text)) if is_flat(text) else ""
    if wanted is None and not flat:
        return set()
    query = select(UnitRow.id, BuildingRow.name, UnitRow.name).join(
        BuildingRow, BuildingRow.id == UnitRow.building_id
    )
    meant = set()
    for number, building, unit in session.execute(query):
        key = _key(building, unit)
        said = wanted is not None and key[0] == wanted[0]
        if (flat and key[1] == flat) or (said and wanted and _is_in(key[1], wanted[1])):
            meant.add(number)
    return meant


def _is_in(unit: str, wanted: str) -> bool:
    return unit == wanted or ("-" not in wanted and unit.endswith(f"-{wanted}"))


@lru_cache(_KEPT)
def _key(building: str, unit: str) -> tuple[str, str]:
    one, two = home_key(building, unit)
    return _plain(one), _plain(two)


def _plain(text: str) -> str:
    """Without the zeros before a number: 03-02-0501 is 3-2-501."""
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", text)
