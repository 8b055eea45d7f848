"""Staff accounts: sign-in, lock-out, passwords, roles."""

from __future__ import annotations

from sqlalchemy import func, select

from enroll.passwords import hash_password, verify
from enroll.permissions import Role
from enroll.second_factor import SecondFactor
from enroll.sign_in_limit import SignInLimit
from gate.clock import Clock
from gate.config.desk import DeskSettings
from gate.errors import AccessError, StoreError
from gate.store.engine import Database
from gate.store.tables import AccountRow, SessionRow

LONGEST_WAIT = 900.0  # seconds between two tries after many wrong passwords


class Accounts:
    def __init__(self, database: Database, settings: DeskSettings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self.second: SecondFactor | None = None  # given by whoever has the vault
        self._limit = SignInLimit(settings.attempts, LONGEST_WAIT, clock.monotonic)

    def create(self, login: str, password: str, role: Role, name: str = "") -> AccountRow:
        """A new account. Raises AccessError (weak password), StoreError (login taken)."""
        login = login.strip().lower()
        if not login or len(login) > 80:
            raise AccessError("a login has 1 to 80 characters", hint="choose another login")
        row = AccountRow(
            login=login,
            name=name.strip(),
            password=hash_password(password, login),
            role=role.value,
            locale=self._settings.language,
        )
        with self._database.write() as session:
            if session.scalar(select(AccountRow.id).where(AccountRow.login == login)):
                raise AccessError("this login is taken", where=login, hint="choose another login")
            session.add(row)
            session.flush()
            return row

    def sign_in(
        self, login: str, password: str, address: str = "", code: str = ""
    ) -> AccountRow | None:
        """The account, or None: unknown, wrong, slowed down and disabled look the same outside."""
        login = login.strip().lower()
        with self._database.read() as session:
            row = session.scalar(select(AccountRow).where(AccountRow.login == login))
        right = self.is_right(row, login, password, address, code)
        return row if right and row is not None and row.disabled is None else None

    def is_right(
        self,
        row: AccountRow | None,
        login: str,
        password: str,
        address: str,
        code: str | None = None,
    ) -> bool:
        """Whether it is the password of ``row``; False without a check while tries have to wait.

        ``code``: of the second factor, where the account has one; None: it is not asked for.
        """
        if self._limit.wait(address, login[:80]) > 0:
            return False
        right = verify(row.password if row else None, password)
        if right and row is not None and code is not None and self.second is not None:
            right = self.second.right(row.id, code)  # wrong, it counts as a wrong password
        if right:
            self._limit.right(address, login[:80])
        return right

    def known(self, login: str) -> str:
        """``login`` as the account has it, or "" when there is no such account."""
        login = login.strip().lower()
        with self._database.read() as session:
            found = session.scalar(select(AccountRow.login).where(AccountRow.login == login))
        return found or ""

    def get(self, account: int) -> AccountRow:
        with self._database.read() as session:
            row = session.get(AccountRow, account)
        if row is None:
            raise StoreError(f"there is no account {account}", hint="look it up again")
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
                raise StoreError(f"there is no account {account}", hint="look it up again")
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
                    "this is the last manager", where=row.login, hint="make another manager first"
                )
            row.role = role.value
            row.disabled = (row.disabled or self._clock.utc()) if disabled else None
            row.failures, row.locked_until = 0, None
            session.query(SessionRow).where(SessionRow.account_id == account).delete()
