"""The boxes of a register with many gates: how each is, codes to pair, receipts of deletions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException
from fastapi.responses import Response

from enroll.page import go, render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed
from gate.config.settings import GATE_NAME
from gate.hub.authority import Authority
from gate.hub.boxes import Boxes, shut_out
from gate.hub.overview import overview
from gate.hub.receipts import Receipts

router = APIRouter()

View = Annotated[Visit, Depends(allowed(Permission.LIVE_VIEW))]
Mode = Annotated[Visit, Depends(allowed(Permission.DOOR_MODE))]
Manage = Annotated[Visit, Depends(allowed(Permission.ACCOUNTS))]


@router.get("/fleet")
def fleet(visit: View) -> Response:
    return _page(visit)


@router.post("/fleet/pair")
def pair(visit: Manage, gate: Annotated[str, Form(pattern=GATE_NAME)]) -> Response:
    """The code is on this answer only."""
    return _page(visit, gate, Boxes(visit.desk.store).new_code(gate, visit.account.login))


@router.post("/fleet/lockdown")
def lock_down(visit: Mode) -> Response:
    """Every gate that has a box, and that of this register's own machine."""
    store = visit.desk.store
    names = sorted({visit.desk.gate, *(row.gate for row in Boxes(store).all())})
    store.orders.give_all(names, "lockdown", visit.account.login)
    visit.note("order.lockdown", "all", gates=names)
    return go("/fleet", "ordered")


@router.post("/fleet/{gate}/revoke")
def revoke(visit: Manage, gate: str) -> Response:
    if shut_out(visit.desk.store, gate, "revoked", visit.account.login) is None:
        raise HTTPException(404)
    return go("/fleet", "saved")


def _page(visit: Visit, gate: str = "", code: str = "") -> Response:
    store = visit.desk.store
    lines = overview(store, visit.desk.clock.utc())
    erasures = Receipts(store, Authority.of(store)).state(20) if lines else []
    return render(
        visit.request,
        "fleet.html",
        visit,
        lines=lines,
        erasures=erasures,
        gate=gate,
        code=code,
        command=f"gate join https://HUB:8444 {code}",
    )
