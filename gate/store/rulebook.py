"""Schedules, holidays and who may pass, as staff keep them in the register."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError
from sqlalchemy import delete, select

from gate.access.schedule import DAYS, HOLIDAY, parse
from gate.access.settings import AllowSettings
from gate.errors import AccessError
from gate.store.changes import RULES, touch
from gate.store.engine import Database
from gate.store.tables import HolidayRow, RuleRow, ScheduleRow

_LONGEST = 40  # characters of a name


class Rulebook:
    """Gates apply a change within a second. Writing raises AccessError for what has no meaning."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def schedules(self) -> dict[str, str]:
        """The text of each by its name."""
        with self._database.read() as session:
            rows = session.scalars(select(ScheduleRow).order_by(ScheduleRow.name))
            return {row.name: row.text for row in rows}

    def holidays(self) -> list[HolidayRow]:
        """Every day that is not like its weekday, in order."""
        with self._database.read() as session:
            return list(session.scalars(select(HolidayRow).order_by(HolidayRow.day)))

    def allows(self) -> dict[str, dict[str, Any]]:
        """The keys of each ``[[access.allow]]`` of the register by its name."""
        with self._database.read() as session:
            rows = session.scalars(select(RuleRow).order_by(RuleRow.name))
            return {row.name: row.body for row in rows}

    def set_schedule(self, name: str, text: str) -> None:
        """A new one, or another text for an old one."""
        parse(text)
        self._write(ScheduleRow(name=_name(name), text=text.strip()))

    def set_day(self, day: date, counts_as: str = HOLIDAY, name: str = "") -> None:
        """``counts_as``: "holiday", or the weekday a make-up working day counts as."""
        self.set_days({day: (counts_as, name)})

    def set_days(
        self, days: Mapping[date, tuple[str, str]], without: Collection[date] = ()
    ) -> None:
        """Many days at once, what each counts as and its name; those of ``without`` go."""
        for day, (counts_as, _) in days.items():
            if counts_as not in (HOLIDAY, *DAYS):
                raise AccessError(
                    f'a day cannot count as "{counts_as}"',
                    where=f"{day}",
                    hint=f"{HOLIDAY}, or one of {', '.join(DAYS)}",
                )
        with self._database.write() as session:
            for day, (counts_as, name) in days.items():
                row = HolidayRow(day=day, counts_as=counts_as, name=name.strip()[:80])
                session.merge(row)
            session.execute(delete(HolidayRow).where(HolidayRow.day.in_(without)))
            touch(session, RULES)

    def set_allow(self, name: str, body: Mapping[str, Any]) -> None:
        """Who may pass where, when and how; ``body`` as in an ``[[access.allow]]``."""
        allow = allow_of(_name(name), body)
        kept = allow.model_dump(mode="json", exclude={"name"}, exclude_defaults=True)
        self._write(RuleRow(name=allow.name, body=_sorted(kept)))

    def remove_schedule(self, name: str) -> None:
        """What names it is closed from now on."""
        self._remove(ScheduleRow, name, f"there is no schedule {name}")

    def remove_day(self, day: date) -> None:
        self._remove(HolidayRow, day, f"{day} already counts as its weekday")

    def remove_allow(self, name: str) -> None:
        self._remove(RuleRow, name, f"there is no rule named {name}")

    def _write(self, row: ScheduleRow | RuleRow) -> None:
        with self._database.write() as session:
            session.merge(row)
            touch(session, RULES)

    def _remove(self, table: type, key: str | date, missing: str) -> None:
        with self._database.write() as session:
            row = session.get(table, key)
            if row is None:
                raise AccessError(missing, where="register", hint="look with `gate rules list`")
            session.delete(row)
            touch(session, RULES)


def allow_of(name: str, body: Mapping[str, Any]) -> AllowSettings:
    """Raises AccessError naming what is wrong."""
    try:
        return AllowSettings.model_validate({**body, "name": name})
    except ValidationError as error:
        first = error.errors()[0]
        raise AccessError(
            f"the rule is not valid: {first['msg']}",
            where=f"{name}: {'.'.join(map(str, first['loc']))}",
            hint="see [[access.allow]] in docs/access.md",
        ) from None


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > _LONGEST or not name.isprintable():
        raise AccessError(
            f"a name must have 1 to {_LONGEST} printable characters",
            where=name[:60],
            hint="choose another name",
        )
    return name


def _sorted(body: dict[str, Any]) -> dict[str, Any]:
    """Sets come in any order; what is kept is the same each time."""
    return {key: sorted(v) if isinstance(v, list) else v for key, v in sorted(body.items())}
