"""The gates as they are now, and orders to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException
from fastapi.responses import Response

from enroll import gates, history
from enroll.page import go, inside, render
from enroll.permissions import Permission
from enroll.visit import NOT_ALLOWED, Visit, allowed
from gate.store.orders import Orders

router = APIRouter()

View = Annotated[Visit, Depends(allowed(Permission.LIVE_VIEW))]
Open = Annotated[Visit, Depends(allowed(Permission.DOOR_OPEN))]

EMERGENCY_MINUTES = 10  # for accounts that may open the door and not hold it open

# which right an order needs
PERMISSIONS = {
    "open": Permission.DOOR_OPEN,
    "emergency": Permission.DOOR_OPEN,
    "emergency_ends": Permission.DOOR_OPEN,  # of an emergency of one's own: the gate checks
    "hold": Permission.DOOR_MODE,
    "lockdown": Permission.DOOR_MODE,
    "normal": Permission.DOOR_MODE,
    "fire_reset": Permission.DOOR_MODE,
}


@router.get("/live")
def live(visit: View) -> Response:
    part = visit.request.headers.get("hx-target") == "gates"
    database = visit.desk.store.database
    return render(
        visit.request,
        "live_gates.html" if part else "live.html",
        visit,
        gates=gates.views(visit.desk.store, visit.desk.gate, visit.desk.clock.utc()),
        orders=Orders(database).latest(),
        now=visit.desk.clock.utc(),
        fault_in_words=lambda fault: gates.fault_in_words(fault, visit.language),
    )


@router.post("/live/{gate}/{command}")
def order(
    visit: Open,
    gate: str,
    command: str,
    minutes: Annotated[int, Form(ge=1, le=1440)] = 15,
    reason: Annotated[str, Form(max_length=200)] = "",
    back: Annotated[str, Form(max_length=200)] = "/live",
) -> Response:
    permission = PERMISSIONS.get(command)
    if permission is None:
        raise HTTPException(404)
    if not visit.may(permission):
        raise HTTPException(403, NOT_ALLOWED)
    if gate not in {visit.desk.gate, *history.gates(visit.desk.store.database)}:
        raise HTTPException(404)
    until = None
    if command == "emergency" and not visit.may(Permission.DOOR_MODE):
        # long enough for a crew to pass; who may not hold the door open may not do so by this name
        minutes = min(minutes, EMERGENCY_MINUTES)
    if command in ("hold", "emergency"):
        until = visit.desk.clock.utc() + timedelta(minutes=minutes)
    Orders(visit.desk.store.database).give(
        gate, command, visit.account.login, until=until, reason=reason.strip()
    )
    visit.note(f"order.{command}", gate, urgent=True, reason=reason.strip(), until=str(until or ""))
    return go(inside(back), "ordered")
