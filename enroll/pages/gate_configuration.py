"""What the hub sets on the gates: versions, two of them compared, and their way to the boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query
from fastapi.responses import Response

from enroll.page import go, render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed
from gate.config import from_hub
from gate.config.compare import differences
from gate.config.settings import GATE_NAME
from gate.errors import ConfigurationError
from gate.hub.boxes import Boxes
from gate.hub.configurations import ALL, Configurations, begun, scopes_of
from gate.hub.rollouts import Rollouts

router = APIRouter()

View = Annotated[Visit, Depends(allowed(Permission.LIVE_VIEW))]
Manage = Annotated[Visit, Depends(allowed(Permission.ACCOUNTS))]
Scope = Annotated[str, Form(max_length=90)]
Text = Annotated[str, Form(max_length=50_000)]
Note = Annotated[str, Form(max_length=200)]
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]
Gate = Annotated[str, Form(pattern=f"{GATE_NAME}|^$")]
Minutes = Annotated[int, Form(ge=1, le=1440)]
Asked = Annotated[str, Query(max_length=90)]
_PATH = "/fleet/configuration"


@router.get(_PATH)
def configuration(
    visit: View, scope: Asked = ALL, before: Asked = "", after: Asked = ""
) -> Response:
    """``before``, ``after``: a version's number, or ``gate NAME``: what that gate should have."""
    return _page(visit, scope, before=before, after=after)


@router.post(_PATH)
def add(visit: Manage, scope: Scope = ALL, text: Text = "", note: Note = "") -> Response:
    if scope not in _scopes(visit):
        raise HTTPException(404)
    try:
        row = Configurations(visit.desk.store).add(scope, text, visit.account.login, note)
    except ConfigurationError as error:
        return _page(visit, scope, text=text, error=error)
    before = Configurations(visit.desk.store).settled(scope)
    return go(f"{_PATH}?before={before or ''}&after={row.id}", "saved")


@router.post(_PATH + "/stop")
def stop(visit: Manage) -> Response:
    """Every gate goes back to what it had."""
    if not Rollouts(visit.desk.store, visit.desk.clock).stop(visit.account.login):
        raise HTTPException(404)
    return go(_PATH, "saved")


@router.post(_PATH + "/{version}/rollout")
def roll_out(visit: Manage, version: Version, first: Gate = "", minutes: Minutes = 30) -> Response:
    rollouts = Rollouts(visit.desk.store, visit.desk.clock)
    rollouts.start(version, visit.account.login, first=first, watch=60.0 * minutes)
    return go(_PATH, "saved")


def _page(
    visit: Visit,
    scope: str,
    *,
    before: str = "",
    after: str = "",
    text: str | None = None,
    error: ConfigurationError | None = None,
) -> Response:
    store = visit.desk.store
    configurations, rollouts = Configurations(store), Rollouts(store)
    scopes = _scopes(visit)
    scope = scope if scope in scopes else ALL
    settled = configurations.settled(scope)
    if text is None:
        row = configurations.get(settled) if settled else None
        text = from_hub.written(row.values) if row else ""
    sides = [_values(configurations, side) for side in (before, after)]
    running = rollouts.running()
    return render(
        visit.request,
        "gate_configuration.html",
        visit,
        scope=scope,
        scopes=scopes,
        text=text,
        error=error,
        versions=configurations.all(),
        in_use={configurations.settled(each) for each in scopes},
        gates=[gate.name for gate in Boxes(store).gates()],
        before=before,
        after=after,
        differences=differences(*sides) if after else None,
        running=running,
        begun=begun(running) if running else [],
        past=[(row, reason(row.why)) for row in rollouts.all() if row.ended is not None],
    )


def reason(why: str) -> tuple[str, str, str]:
    """Gate, code and detail of why a roll-out came back; all "" where it did not."""
    gate, _, rest = why.partition(": ")
    code, _, detail = rest.partition(": ")
    return gate, code, detail


def _scopes(visit: Visit) -> list[str]:
    """Every scope that can be chosen, the widest first."""
    found = {each for gate in Boxes(visit.desk.store).gates() for each in scopes_of(gate)}
    return [ALL, *sorted(found - {ALL})]


def _values(configurations: Configurations, side: str) -> Mapping[str, Any]:
    """Values of a side of the comparison; nothing where there is none."""
    if side.startswith("gate "):
        return configurations.wanted(side.removeprefix("gate "))
    number = side.isascii() and side.isdigit() and len(side) < 10
    row = configurations.get(int(side)) if number else None
    return row.values if row else {}
