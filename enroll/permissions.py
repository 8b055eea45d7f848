"""Who may do what at the desk: four roles, each a set of rights."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    DESK = "desk"
    MANAGER = "manager"
    TECHNICIAN = "technician"
    AUDITOR = "auditor"


class Right(StrEnum):
    SIGNED_IN = "signed_in"  # every account: own language, own password, sign out
    PEOPLE_VIEW = "people_view"
    PEOPLE_EDIT = "people_edit"  # create, change, move out, consent, enrol, card, PIN
    PEOPLE_DELETE = "people_delete"
    IMPORT = "import"
    EXPORT = "export"
    EVENTS_VIEW = "events_view"
    LIVE_VIEW = "live_view"
    DOOR_OPEN = "door_open"  # open once, emergency
    DOOR_MODE = "door_mode"  # hold open, lock down, back to normal
    ALARMS = "alarms"  # acknowledge
    ACCOUNTS = "accounts"
    RETENTION = "retention"
    RULES = "rules"  # schedules and holidays
    AUDIT_VIEW = "audit_view"


_DESK = {
    Right.SIGNED_IN,
    Right.PEOPLE_VIEW,
    Right.PEOPLE_EDIT,
    Right.EVENTS_VIEW,
    Right.LIVE_VIEW,
    Right.DOOR_OPEN,
    Right.ALARMS,
}

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.DESK: frozenset(_DESK),
    Role.MANAGER: frozenset(Right) - {Right.AUDIT_VIEW},
    Role.TECHNICIAN: frozenset(
        {Right.SIGNED_IN, Right.EVENTS_VIEW, Right.LIVE_VIEW, Right.DOOR_OPEN}
    ),
    Role.AUDITOR: frozenset(
        {Right.SIGNED_IN, Right.PEOPLE_VIEW, Right.EVENTS_VIEW, Right.LIVE_VIEW, Right.AUDIT_VIEW}
    ),
}


def may(role: Role, right: Right) -> bool:
    return right in RIGHTS[role]
