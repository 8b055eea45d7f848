"""Sessions at the desk. The browser holds a random token; the database holds its hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import delete

from gate.clock import Clock
from gate.config.desk import DeskSettings
from gate.store.engine import Database
from gate.store.tables import AccountRow, SessionRow

# how often the time of the last click is written
_SEEN_EVERY = timedelta(seconds=60)


class Sessions:
    def __init__(self, database: Database, settings: DeskSettings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    def begin(self, account: int, address: str = "", agent: str = "") -> str:
        """A new session and its token: made at every sign-in, never taken from the browser."""
        token = secrets.token_urlsafe(32)
        now = self._clock.utc()
        with self._database.write(urgent=True) as session:
            session.execute(delete(SessionRow).where(SessionRow.expires < now))
            session.add(
                SessionRow(
                    token=_hash(token),
                    account_id=account,
                    csrf=secrets.token_urlsafe(32),
                    created=now,
                    seen=now,
                    expires=now + timedelta(hours=self._settings.session_hours),
                    address=address[:64],
                    agent=agent[:200],
                )
            )
        return token

    def find(self, token: str, *, click: bool = True) -> tuple[AccountRow, SessionRow] | None:
        """Whose session this is, unless it ended, idled away or the account was disabled.

        ``click``: False for what a page asks by itself; that keeps nobody signed in.
        """
        now = self._clock.utc()
        with self._database.read() as session:
            row = session.get(SessionRow, _hash(token))
            account = session.get(AccountRow, row.account_id) if row else None
        if row is None or account is None or account.disabled is not None:
            return None
        idle = timedelta(minutes=self._settings.idle_minutes)
        if row.expires <= now or row.seen + idle <= now:
            self.end(token)
            return None
        if click and row.seen + min(_SEEN_EVERY, idle / 2) <= now:
            with self._database.write(urgent=True) as session:
                kept = session.get(SessionRow, row.token)
                if kept is not None:
                    kept.seen = now
        return account, row

    def end(self, token: str) -> None:
        with self._database.write(urgent=True) as session:
            session.execute(delete(SessionRow).where(SessionRow.token == _hash(token)))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
