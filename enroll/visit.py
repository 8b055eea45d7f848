"""One request of a signed-in account: who, in which language, with which rights."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException, Request

from enroll.desk import Desk
from enroll.permissions import Permission, Role, may
from gate.store.tables import AccountRow
from gate.texts.catalogue import choose

# a page or form about a person who is not in the register any more
NOBODY = (
    "There is no such person in the register; perhaps the record was deleted or its import undone"
)
NOT_ALLOWED = "Your account may not do this"
SAFE = {"GET", "HEAD", "OPTIONS"}  # methods that change nothing


@dataclass(frozen=True, slots=True)
class Visit:
    """Handed to every page. ``desk`` is the whole desk."""

    request: Request
    desk: Desk
    account: AccountRow
    csrf: str
    language: str

    @property
    def role(self) -> Role:
        return Role(self.account.role)

    def may(self, permission: Permission) -> bool:
        return may(self.role, permission)

    def note(self, action: str, subject: str = "", *, urgent: bool = False, **details: Any) -> None:
        """A line in the audit, in this account's name. ``urgent``: see ``Database.write``."""
        audit = self.desk.store.audit
        note = audit.note_urgently if urgent else audit.note
        note(self.account.login, action, subject, **details)


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def language_of(request: Request, account: AccountRow | None = None) -> str:
    return choose(
        request.cookies.get("desk_language"),
        account.locale if account else None,
        request.headers.get("accept-language", ""),
        desk_of(request).settings.language,
    )


def allowed(permission: Permission) -> Callable[[Request], Coroutine[Any, Any, Visit]]:
    """A dependency: the visit, if the account has the right and the form is ours."""

    async def check(request: Request) -> Visit:
        account, session = request.state.signed_in
        role = Role(account.role)
        if not may(role, permission):
            raise HTTPException(403, NOT_ALLOWED)
        if request.method not in SAFE:
            token = request.headers.get("x-csrf-token")
            if token is None:
                token = str((await request.form()).get("csrf", ""))
            if not hmac.compare_digest(token.encode(), session.csrf.encode()):
                raise HTTPException(403, "The form is out of date; go back, and save again")
        return Visit(
            request, desk_of(request), account, session.csrf, language_of(request, account)
        )

    check.permission = permission  # type: ignore[attr-defined]  # read by the test of all routes
    return check
