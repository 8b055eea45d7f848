"""Heads: one locked counter for each thing that is numbered in the order of commits.

Whoever raises a head holds its row until the transaction ends, so the order of its numbers is the
order of the commits, on every database, and none is skipped: a reader that follows the numbers
never misses one that commits later than a higher one.

Heads are raised at the very end of a transaction, always in the same order and after every other
row it locks. So two transactions cannot wait for each other, and the lock is held only as long as
a commit takes.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from sqlalchemy import event, text, update
from sqlalchemy.orm import Session

from gate.store.tables import HeadRow

CHANNEL = "gate_changes"  # of PostgreSQL's LISTEN and NOTIFY
_JOBS = "gate.heads"  # in Session.info


class Head(IntEnum):
    """What is numbered; raised in this order within one transaction."""

    CALIBRATIONS = 1
    AUDIT = 2
    CHANGES = 3
    SIGHTINGS = 4


Job = Callable[[Session], None]


def at_commit(session: Session, head: Head, job: Job) -> None:
    """Have ``job`` done just before the commit, after all jobs of lower heads.

    What it raises undoes the transaction.
    """
    session.info.setdefault(_JOBS, []).append((head, job))


def wake(session: Session) -> None:
    """Have whoever waits for a change look when this commits; databases that cannot are polled."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"NOTIFY {CHANNEL}"))


def raise_head(session: Session, head: Head, by: int = 1) -> int:
    """The head's number after adding ``by``; others wait until this transaction ends."""
    name = head.name.lower()
    n: int | None = session.scalar(
        update(HeadRow).where(HeadRow.name == name).values(n=HeadRow.n + by).returning(HeadRow.n),
        execution_options={"synchronize_session": False},
    )
    if n is None:  # a database made without its migration
        session.add(HeadRow(name=name, n=by))
        session.flush()
        return by
    return n


@event.listens_for(Session, "before_commit")
def _finish(session: Session) -> None:
    if _JOBS not in session.info or session.in_nested_transaction():
        return
    session.flush()  # every other row is locked before the first head
    jobs = session.info.pop(_JOBS)
    for _, job in sorted(jobs, key=lambda entry: entry[0]):
        job(session)
