"""Refused sign-ins in the audit, where no line is ever deleted."""

from __future__ import annotations

from enroll.refused_sign_ins import MOST, RefusedSignIns
from gate.clock import ManualClock
from gate.store.store import Store
from gate.store.tables import AuditRow


def lines(store: Store) -> list[tuple[str, str, int]]:
    with store.database.read() as session:
        rows = session.query(AuditRow).order_by(AuditRow.id).all()
        return [(row.action, row.actor, row.details.get("left_out", 0)) for row in rows]


def test_a_flood_is_counted_and_hides_nobody_elses_account(store: Store) -> None:
    clock = ManualClock(100.0)
    refused = RefusedSignIns(store.audit, clock.monotonic)
    for _ in range(MOST + 500):
        refused.note("unknown")
    refused.note("wang")
    usual = [("sign_in.refused", "unknown", 0)] * MOST
    assert lines(store) == [*usual, ("sign_in.refused", "wang", 0)]
    clock.advance(61)
    refused.note("unknown")
    refused.note("unknown")
    assert lines(store)[MOST + 1 :] == [
        ("sign_in.refused", "unknown", 500),
        ("sign_in.refused", "unknown", 0),
    ]
    assert store.audit.verify() == []
