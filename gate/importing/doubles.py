"""Who is in a table twice, or in the register already: proposed here, decided by staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from gate.importing.choices import NEW, SAME
from gate.importing.homes import home_key
from gate.importing.text import compact
from gate.importing.wrong import Line
from gate.store.places import with_place
from gate.store.store import Store
from gate.store.tables import BuildingRow, PersonRow, UnitRow


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody of the register, as far as it says who they are."""

    id: int
    name: str
    number: str = ""
    home: tuple[str, str] = ("", "")
    birth_year: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A line that may be about somebody who is there already.

    Attributes:
        person: in the register; 0 when it is another line of the table.
        other: that line; 0 when it is somebody of the register.
        reason: number, home (name and home are the same) or name (only the name is).
        decided: ``SAME``, ``NEW``, or "" while nobody decided.
    """

    line: int
    name: str
    person: int
    other: int
    other_name: str
    reason: str
    decided: str


def known_people(store: Store) -> list[Known]:
    """Everybody who has not moved out."""
    query = with_place(select(PersonRow, BuildingRow.name, UnitRow.name)).where(PersonRow.active)
    with store.database.read() as session:
        return [
            Known(
                row.id,
                row.name,
                row.number or "",
                home_key(building or "", unit or ""),
                str(row.birth_year or ""),
                row.phone,
            )
            for row, building, unit in session.execute(query)
        ]


def propose(
    lines: Sequence[Line], known: Sequence[Known], decided: Mapping[int, str]
) -> list[Proposal]:
    """Who may be whom.

    What is certain is decided by itself: name and home are those of one person of the register
    and nothing speaks against it. All else is "" until somebody decides.
    """
    by_number = {one.number: one for one in known if one.number}
    by_name: dict[str, list[Known]] = {}
    for one in known:
        by_name.setdefault(compact(one.name), []).append(one)
    earlier: dict[str, list[Known]] = {}
    found = []
    for line in lines:
        me = _as_known(line)
        if not me.name or line.values.get("person"):
            continue
        key = compact(me.name)
        number = by_number.get(me.number)
        if number is not None:
            if compact(number.name) != key:
                found.append(_proposal(line, number, "number", decided, certain=False))
            continue
        homes = [one for one in by_name.get(key, ()) if _same_home(me, one)]
        names = [one for one in by_name.get(key, ()) if _maybe(me, one)]
        twice = [one for one in earlier.get(key, ()) if _same_home(me, one) or _maybe(me, one)]
        if len(homes) == 1:
            found.append(_proposal(line, homes[0], "home", decided, certain=True))
        elif len(names) == 1 and not homes:
            found.append(_proposal(line, names[0], "name", decided, certain=False))
        elif twice:
            reason = "home" if _same_home(me, twice[0]) else "name"
            found.append(_proposal(line, twice[0], reason, decided, certain=False))
        earlier.setdefault(key, []).append(me)
    return found


def resolve(lines: Sequence[Line], proposals: Sequence[Proposal]) -> list[Line]:
    """Lines with whom they are about, as ``#12`` of the register or ``line 5`` of the table."""
    same = {one.line: one for one in proposals if one.decided == SAME}
    new = {one.line: one for one in proposals if one.decided == NEW}
    resolved = []
    for line in lines:
        values = line.values
        if line.number in same:
            one = same[line.number]
            whom = f"#{one.person}" if one.person else f"line {one.other}"
            values = {**values, "person": whom}
        elif line.number in new and new[line.number].reason == "number":
            # another person cannot have the number of somebody else
            values = {key: value for key, value in values.items() if key != "number"}
        resolved.append(replace(line, values=values))
    return resolved


def _as_known(line: Line) -> Known:
    values = line.values
    return Known(
        -line.number,
        values.get("name", ""),
        values.get("number", ""),
        home_key(values.get("building", ""), values.get("unit", "")),
        values.get("birth_year", ""),
        values.get("phone", ""),
    )


def _same_home(me: Known, other: Known) -> bool:
    return bool(me.home[0]) and me.home == other.home and _maybe(me, other)


def _maybe(me: Known, other: Known) -> bool:
    """Whether nothing that both say is different."""
    pairs = [
        (me.number, other.number),
        (me.birth_year, other.birth_year),
        (me.phone, other.phone if not _same_place(me, other) else me.phone),
        (me.home[0] and me.home, other.home[0] and other.home),
    ]
    return all(not one or not two or one == two for one, two in pairs)


def _same_place(me: Known, other: Known) -> bool:
    return bool(me.home[0]) and me.home == other.home  # somebody may have a new telephone


def _proposal(
    line: Line, other: Known, reason: str, decided: Mapping[int, str], *, certain: bool
) -> Proposal:
    return Proposal(
        line.number,
        line.values["name"],
        max(0, other.id),
        max(0, -other.id),
        other.name,
        reason,
        decided.get(line.number, SAME if certain else ""),
    )
