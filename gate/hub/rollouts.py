"""Roll-outs in the register: begun at the desk, moved on by the worker, one at a time.

What is decided is in ``gate.hub.rollout``; here is what the boxes reported, and what is written.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gate.clock import Clock, SystemClock
from gate.config.from_hub import digest_of
from gate.errors import StoreError
from gate.hub.configurations import (
    DONE,
    RETURNED,
    RUNNING,
    STOPPED,
    begun,
    gates_of,
    wanted,
)
from gate.hub.rollout import SILENT, Action, Figures, GateNow, Share, Verdict, counted, judge, waves
from gate.store.changes import CONFIGURATION, touch
from gate.store.store import Store
from gate.store.tables import BoxRow, ConfigurationRow, EventRow, RolloutRow

log = logging.getLogger(__name__)

WATCH = 1_800.0  # seconds
_USUAL = timedelta(days=7)  # before a roll-out, in which what is usual at a gate is counted
_DECISIONS = ("passage.granted", "passage.denied", "passage.asked")
_WORKER = "hub worker"


class Rollouts:
    """Any thread, several processes; raises StoreError."""

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self._store = store
        self._clock = clock or SystemClock()

    def start(
        self, configuration: int, by: str, *, first: str = "", watch: float = WATCH
    ) -> RolloutRow:
        """Begin with one gate. ``watch``: seconds for which each wave is watched."""
        now = self._clock.utc()
        with self._store.database.write() as session:
            version = session.get(ConfigurationRow, configuration)
            if version is None:
                raise _refused("there is no such version", str(configuration), "choose another")
            last = _locked(session)
            if last is not None:
                raise _refused(
                    "a configuration is on its way already",
                    f"version {last.configuration}",
                    "wait for its end, or stop it",
                )
            gates = gates_of(session, version.scope)
            if not gates:
                raise _refused(
                    "there is no such gate", version.scope or "all gates", "pair a box first"
                )
            boxes = _boxes(session)
            there = [name for name in gates if name in boxes and _is_there(boxes[name], now)]
            plan = waves(gates, there, first)
            row = RolloutRow(
                configuration=version.id,
                scope=version.scope,
                state=RUNNING,
                waves=plan,
                wave=0,
                gates=_first_look(session, plan[0], boxes, now),
                watch=watch,
                by=by[:80],
                at=now,
                since=now,
            )
            session.add(row)
            session.flush()
            self._store.audit.note_in(
                session, by, "configuration.rollout", version.scope or "all", version=version.id
            )
            touch(session, CONFIGURATION)
            return row

    def running(self) -> RolloutRow | None:
        with self._store.database.read() as session:
            return session.scalar(select(RolloutRow).where(RolloutRow.state == RUNNING))

    def all(self, limit: int = 20) -> list[RolloutRow]:
        """The newest first."""
        query = select(RolloutRow).order_by(RolloutRow.id.desc()).limit(limit)
        with self._store.database.read() as session:
            return list(session.scalars(query))

    def stop(self, by: str) -> bool:
        """Every gate goes back to what it had. False when nothing is on its way."""
        with self._store.database.write() as session:
            row = _locked(session)
            if row is None:
                return False
            self._end(session, row, STOPPED, by, "", by)
            return True

    def step(self) -> Verdict | None:
        """Look at what is on its way and move it on; None when nothing is. One look at a time."""
        now = self._clock.utc()
        if self.running() is None:  # found by reading: the worker looks every few seconds
            return None
        with self._store.database.write() as session:
            row = _locked(session)
            if row is None:
                return None
            boxes = _boxes(session)
            states = {name: _gate_now(session, row, name, boxes.get(name)) for name in begun(row)}
            last = row.wave + 1 >= len(row.waves)
            verdict = judge(states, row.since, now, timedelta(seconds=row.watch), last=last)
            known = dict(row.gates)
            for name, state in states.items():
                if state.fetched is not None:
                    known[name] = {**known[name], "fetched": state.fetched.isoformat()}
            for name in verdict.ready:
                known[name] = {**known[name], "ready": now.isoformat()}
            match verdict.action:
                case Action.BACK:
                    self._end(session, row, RETURNED, verdict.gate, verdict.why, _WORKER)
                case Action.DONE:
                    self._end(session, row, DONE, "", "", _WORKER)
                case Action.NEXT:
                    row.wave, row.since = row.wave + 1, now
                    known |= _first_look(session, row.waves[row.wave], boxes, now)
                    touch(session, CONFIGURATION)
            row.gates = known
            return verdict

    def _end(
        self, session: Session, row: RolloutRow, state: str, gate: str, why: str, by: str
    ) -> None:
        row.state, row.ended = state, self._clock.utc()
        row.why = ": ".join(filter(None, (gate, why)))[:200]
        self._store.audit.note_in(
            session,
            by,
            f"configuration.{state}",
            row.scope or "all",
            version=row.configuration,
            why=row.why,
        )
        log.info("hub.rollout", extra={"state": state, "cause": row.why})
        touch(session, CONFIGURATION)


def _locked(session: Session) -> RolloutRow | None:
    return session.scalar(select(RolloutRow).where(RolloutRow.state == RUNNING).with_for_update())


def _boxes(session: Session) -> dict[str, BoxRow]:
    rows = session.scalars(select(BoxRow).where(BoxRow.state == "active"))
    return {row.gate: row for row in rows}


def _is_there(box: BoxRow | None, now: datetime) -> bool:
    return box is not None and box.seen is not None and now - box.seen < SILENT


def _first_look(
    session: Session, wave: list[str], boxes: dict[str, BoxRow], now: datetime
) -> dict[str, Any]:
    """What has to be known of each gate of a wave before it changes."""
    found = {}
    for name in wave:
        usual = _figures(session, name, now - _USUAL, now)
        found[name] = {
            "there": _is_there(boxes.get(name), now),
            "ready": None,
            "usual": [usual.granted.good, usual.granted.of, usual.by_face.good, usual.by_face.of],
        }
    return found


def _gate_now(session: Session, row: RolloutRow, name: str, box: BoxRow | None) -> GateNow:
    kept = row.gates[name]
    digest = digest_of(wanted(session, name))
    said: dict[str, Any] = (box.status if box else {}).get("configuration", {})
    failed = said.get("why") or said.get("how") or "refused"
    ready = datetime.fromisoformat(kept["ready"]) if kept["ready"] else None
    granted, of, face, grants = kept["usual"]
    fetched = datetime.fromisoformat(kept["fetched"]) if kept.get("fetched") else None
    if said.get("fetching") and box is not None:
        fetched = box.seen
    present = Figures()
    if ready is not None and box is not None:
        present = _figures(session, name, ready + _off(box), None)
    return GateNow(
        there=kept["there"],
        seen=box.seen if box else None,
        runs=said.get("digest") == digest and said.get("state") == "running",
        failed=str(failed) if said.get("refused") == digest else "",
        ready=ready,
        usual=Figures(Share(granted, of), Share(face, grants)),
        now=present,
        fetched=fetched,
    )


def _off(box: BoxRow) -> timedelta:
    """By how much the box's clock, by which its events are dated, is ahead of the hub's."""
    clock = box.status.get("clock")
    if not clock or box.seen is None:
        return timedelta()
    return datetime.fromisoformat(clock) - box.seen


def _figures(session: Session, gate: str, since: datetime, until: datetime | None) -> Figures:
    query = (
        select(EventRow.decision, EventRow.method, func.count())
        .where(EventRow.gate == gate, EventRow.type.in_(_DECISIONS), EventRow.time >= since)
        .group_by(EventRow.decision, EventRow.method)
    )
    if until is not None:
        query = query.where(EventRow.time < until)
    return counted([(row[0], row[1], row[2]) for row in session.execute(query)])


def _refused(what: str, where: str, hint: str) -> StoreError:
    return StoreError(what, where=where, hint=hint)
