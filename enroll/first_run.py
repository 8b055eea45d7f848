"""The first account: made by whoever reads the one-time code off the command's output."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from enroll.accounts import Accounts
from enroll.permissions import Role
from gate.clock import Clock
from gate.errors import AccessError
from gate.store.key_value import KeyValueStore
from gate.store.tables import AccountRow

_KEY = "desk.first_run"
_VALID = timedelta(hours=24)
_TRIES = 10


class FirstRun:
    def __init__(self, accounts: Accounts, facts: KeyValueStore, clock: Clock) -> None:
        self._accounts = accounts
        self._facts = facts
        self._clock = clock

    @property
    def open(self) -> bool:
        """Whether there is no account yet."""
        return self._accounts.count() == 0

    def new_code(self) -> str:
        """A fresh code, valid for a day; older ones no longer count."""
        code = "-".join(secrets.token_hex(2) for _ in range(4))
        until = self._clock.utc() + _VALID
        self._facts.set(_KEY, {"hash": _hash(code), "until": until.isoformat(), "tries": _TRIES})
        return code

    def create(self, code: str, login: str, password: str, name: str = "") -> AccountRow:
        """The first manager. The code works once. Raises AccessError."""
        kept = self._facts.get(_KEY) or {}
        if not self.open or not kept.get("hash"):
            raise AccessError("there is an account already", hint="sign in with it")
        if kept["tries"] <= 0 or datetime.fromisoformat(kept["until"]) <= self._clock.utc():
            raise AccessError(
                "the set-up code is no longer valid", hint="start `gate desk` again for a new one"
            )
        if not hmac.compare_digest(str(kept["hash"]), _hash(code)):
            self._facts.set(_KEY, {**kept, "tries": kept["tries"] - 1})
            raise AccessError(
                "the set-up code is wrong", hint="copy it from where `gate desk` runs"
            )
        account = self._accounts.create(login, password, Role.MANAGER, name)
        self._facts.set(_KEY, {})
        return account


def _hash(code: str) -> str:
    return hashlib.sha256(code.strip().lower().encode()).hexdigest()
