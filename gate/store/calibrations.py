"""What is fitted to a site: versions of it, one of a kind in use."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from gate.store.changes import CALIBRATION, touch
from gate.store.database_errors import ConflictError
from gate.store.engine import Database
from gate.store.heads import Head, raise_head
from gate.store.tables import CalibrationRow


class Calibrations:
    """Site fits and calibrations; of a kind and encoder one is active."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        kind: str,
        encoder: str,
        version: str,
        body: bytes,
        figures: dict[str, Any] | None = None,
        *,
        active: bool = True,
        after: str | None = None,
    ) -> CalibrationRow:
        """Keep a new version and, if ``active``, use it from now on.

        Raises ConflictError when ``after`` is given and not the version in use ("" for none).
        """
        with self._database.write() as session:
            self._alone(session)
            if after is not None:
                used = session.scalar(_active(kind, encoder))
                if after != (used.version if used else ""):
                    raise ConflictError(
                        "another calibration was put into use meanwhile",
                        where=self._database.where,
                        hint="nothing: it counts",
                    )
            row = CalibrationRow(
                kind=kind, encoder=encoder, version=version, body=body, figures=figures or {}
            )
            session.add(row)
            session.flush()
            if active:
                self._activate(session, row)
            return row

    def activate(self, kind: str, encoder: str, version: str) -> bool:
        """Go (back) to a version. False when there is none of that name."""
        with self._database.write() as session:
            self._alone(session)
            row = session.scalar(
                select(CalibrationRow).where(
                    CalibrationRow.kind == kind,
                    CalibrationRow.encoder == encoder,
                    CalibrationRow.version == version,
                )
            )
            if row is not None:
                self._activate(session, row)
            return row is not None

    def active(self, kind: str, encoder: str = "") -> CalibrationRow | None:
        with self._database.read() as session:
            return session.scalar(_active(kind, encoder))

    def versions(self, kind: str, encoder: str = "") -> list[CalibrationRow]:
        with self._database.read() as session:
            return list(
                session.scalars(
                    select(CalibrationRow)
                    .where(CalibrationRow.kind == kind, CalibrationRow.encoder == encoder)
                    .order_by(CalibrationRow.id)
                )
            )

    @staticmethod
    def _alone(session: Session) -> None:
        """One writer at a time: two that each saw the other's as the one in use made two active."""
        raise_head(session, Head.CALIBRATIONS)

    @staticmethod
    def _activate(session: Session, row: CalibrationRow) -> None:
        touch(session, CALIBRATION)
        session.execute(
            update(CalibrationRow)
            .where(CalibrationRow.kind == row.kind, CalibrationRow.encoder == row.encoder)
            .values(active=False)
        )
        row.active = True


def _active(kind: str, encoder: str) -> Select[CalibrationRow]:
    return select(CalibrationRow).where(
        CalibrationRow.kind == kind, CalibrationRow.encoder == encoder, CalibrationRow.active
    )
