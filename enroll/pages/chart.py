"""The wall chart of each building, on the screen and on A3."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path
from fastapi.responses import Response

from enroll.page import go, render
from enroll.permissions import Permission
from enroll.pinyin import natural_key
from enroll.visit import Visit, allowed
from enroll.wall_chart import Mark, chart_of

router = APIRouter()

View = Annotated[Visit, Depends(allowed(Permission.PEOPLE_VIEW))]
# icon and tone of each mark: never the colour alone
SIGNS = {
    Mark.HELP: ("hand", "bad"),
    Mark.BLOCKED: ("circle-x", "bad"),
    Mark.ENDED: ("clock", "warn"),
    Mark.ENDS_SOON: ("hourglass", "warn"),
    Mark.NO_FACE: ("scan-face", "plain"),
    Mark.ALONE: ("user", "warn"),
    Mark.MISSED: ("bell", "good"),
}


@router.get("/chart")
def first(visit: View) -> Response:
    """The first building's chart; without any building a page that says what to do."""
    buildings = sorted(visit.desk.store.places.buildings(), key=lambda row: natural_key(row.name))
    if buildings:
        return go(f"/chart/{buildings[0].id}")
    return render(visit.request, "chart.html", visit, chart=None, buildings=[])


@router.get("/chart/{building}")
def chart(
    visit: View, building: Annotated[int, Path(ge=1, le=2**62)], names: bool = True
) -> Response:
    """A building's chart; without names each person is shown by kind only."""
    store = visit.desk.store
    found = chart_of(store.database, building, visit.desk.clock.utc())
    if found is None:
        raise HTTPException(404)
    visit.note("people.chart", str(building), names=names)
    return render(
        visit.request,
        "chart.html",
        visit,
        chart=found,
        number=building,
        names=names,
        signs=SIGNS,
        buildings=sorted(store.places.buildings(), key=lambda row: natural_key(row.name)),
    )
