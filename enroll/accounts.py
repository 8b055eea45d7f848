"""Staff accounts: sign-in, lock-out, passwords, roles."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from enroll.passwords import hash_password, verify
from enroll.permissions import Role
from gate.clock import Clock
from gate.config.desk import DeskSettings
from gate.errors import AccessError, StoreError
from gate.store.engine import Database
from gate.store.tables import AccountRow, SessionRow


class Accounts:
    def __init__(self, database: Database, settings: DeskSettings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    def create(self, login: str, password: str, role: Role, name: str = "") -> AccountRow:
        """A new account. Raises AccessError (weak password), StoreError (login taken)."""
        login = login.strip().lower()
        if not login or len(login) > 80:
            raise AccessError("A login has 1 to 80 characters", mend="choose another login")
        row = AccountRow(
            login=login,
            name=name.strip(),
            password=hash_password(password, login),
            role=role.value,
            locale=self._settings.language,
        )
        with self._database.write() as session:
            if session.scalar(select(AccountRow.id).where(AccountRow.login == login)):
                raise AccessError("This login is taken", where=login, mend="choose another login")
            session.add(row)
            session.flush()
            return row

    def sign_in(self, login: str, password: str) -> AccountRow | None:
        """The account, or None: unknown, wrong, locked and disabled look the same from outside."""
        now = self._clock.utc()
        with self._database.read() as session:
            row = session.scalar(
                select(AccountRow).where(AccountRow.login == login.strip().lower())
            )
        right = verify(row.password if row else None, password)
        if row is None:
            return None
        locked = row.locked_until is not None and row.locked_until > now
        good = right and not locked and row.disabled is None
        with self._database.write() as session:
            kept = session.get_one(AccountRow, row.id)
            if good:
                kept.failures, kept.locked_until = 0, None
            elif not locked:
                kept.failures += 1
                if kept.failures >= self._settings.attempts:
                    kept.failures = 0
                    kept.locked_until = now + timedelta(minutes=self._settings.lock_minutes)
        return row if good else None

    def get(self, account: int) -> AccountRow:
        with self._database.read() as session:
            row = session.get(AccountRow, account)
        if row is None:
            raise StoreError(f"There is no account {account}", mend="look it up again")
        return row

    def all(self) -> list[AccountRow]:
        with self._database.read() as session:
            return list(session.scalars(select(AccountRow).order_by(AccountRow.login)))

    def count(self) -> int:
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(AccountRow)) or 0

    def set_password(self, account: int, password: str) -> None:
        """A new password; every session of the account ends. Raises AccessError when weak."""
        row = self.get(account)
        hashed = hash_password(password, row.login)
        with self._database.write() as session:
            kept = session.get_one(AccountRow, account)
            kept.password, kept.failures, kept.locked_until = hashed, 0, None
            session.query(SessionRow).where(SessionRow.account_id == account).delete()

    def change(self, account: int, role: Role, *, disabled: bool) -> None:
        """Role and whether it may sign in. Its sessions end: a right taken is gone at once.

        Raises AccessError when no manager would be left to sign in.
        """
        with self._database.write() as session:
            row = session.get(AccountRow, account)
            if row is None:
                raise StoreError(f"There is no account {account}", mend="look it up again")
            others = session.scalar(
                select(func.count())
                .select_from(AccountRow)
                .where(
                    AccountRow.role == Role.MANAGER.value,
                    AccountRow.disabled.is_(None),
                    AccountRow.id != account,
                )
            )
            if not others and (disabled or role is not Role.MANAGER):
                raise AccessError(
                    "This is the last manager", where=row.login, mend="make another manager first"
                )
            row.role = role.value
            row.disabled = (row.disabled or self._clock.utc()) if disabled else None
            row.failures, row.locked_until = 0, None
            session.query(SessionRow).where(SessionRow.account_id == account).delete()
