"""The gates as they are now, and orders to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException
from fastapi.responses import Response

from enroll import history
from enroll.page import go, render
from enroll.rights import Right
from enroll.visit import Visit, allowed
from gate.store.orders import Orders
from gate.store.tables import DoorModeRow

router = APIRouter()

View = Annotated[Visit, Depends(allowed(Right.LIVE_VIEW))]
Open = Annotated[Visit, Depends(allowed(Right.DOOR_OPEN))]

# which right an order needs
RIGHTS = {
    "open": Right.DOOR_OPEN,
    "emergency": Right.DOOR_OPEN,
    "hold": Right.DOOR_MODE,
    "lockdown": Right.DOOR_MODE,
    "normal": Right.DOOR_MODE,
}
_WATCHED = (
    "gate.started",
    "gate.stopped",
    "gate.fault",
    "camera.lost",
    "camera.back",
    "device.lost",
    "device.back",
    "door.opened",
    "door.closed",
    "passage.granted",
    "passage.denied",
)


@router.get("/live")
def live(visit: View) -> Response:
    part = visit.request.headers.get("hx-target") == "gates"
    database = visit.desk.store.database
    names = history.gates(database)
    if visit.desk.gate not in names:
        names = [visit.desk.gate, *names]
    return render(
        visit.request,
        "live_gates.html" if part else "live.html",
        visit,
        gates=[_state(visit, name) for name in names],
        orders=Orders(database).latest(),
        now=visit.desk.clock.utc(),
    )


@router.post("/live/{gate}/{command}")
def order(
    visit: Open,
    gate: str,
    command: str,
    minutes: Annotated[int, Form(ge=1, le=1440)] = 15,
    reason: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    right = RIGHTS.get(command)
    if right is None:
        raise HTTPException(404)
    if not visit.may(right):
        raise HTTPException(403, "Your account may not do this")
    if gate not in {visit.desk.gate, *history.gates(visit.desk.store.database)}:
        raise HTTPException(404)
    until = None
    if command in ("hold", "emergency"):
        until = visit.desk.clock.utc() + timedelta(minutes=minutes)
    Orders(visit.desk.store.database).give(
        gate, command, visit.account.login, until=until, reason=reason.strip()
    )
    visit.note(f"order.{command}", gate, reason=reason.strip(), until=str(until or ""))
    return go("/live", "ordered")


def _state(visit: Visit, gate: str) -> dict[str, Any]:
    """What the events tell of a gate, and what it says of itself every few seconds."""
    database = visit.desk.store.database
    newest = history.newest(database, gate, _WATCHED)
    with database.read() as session:
        mode = session.get(DoorModeRow, gate)

    def later(one: str, other: str) -> bool:
        return one in newest and (other not in newest or newest[one].time > newest[other].time)

    return {
        "name": gate,
        "running": later("gate.started", "gate.stopped"),
        "camera_lost": later("camera.lost", "camera.back"),
        "device_lost": later("device.lost", "device.back"),
        "open": later("door.opened", "door.closed"),
        "fault": newest.get("gate.fault"),
        "last": max(newest.values(), key=lambda row: row.time, default=None),
        "mode": mode,
        "says": visit.desk.store.facts.get(f"state.{gate}") or {},
    }
