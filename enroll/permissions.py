"""Who may do what at the desk: four roles, each a set of permissions."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    DESK = "desk"
    MANAGER = "manager"
    TECHNICIAN = "technician"
    AUDITOR = "auditor"


class Permission(StrEnum):
    SIGNED_IN = "signed_in"  # every account: own language, own password, sign out
    PEOPLE_VIEW = "people_view"
    PEOPLE_EDIT = "people_edit"  # create, change, move out, consent, enrol, card, PIN
    PEOPLE_DELETE = "people_delete"
    IMPORT = "import"  # of many people, and its undo
    EXPORT = "export"
    EVENTS_VIEW = "events_view"
    EVENTS_RAW = "events_raw"  # an event as it was written
    LIVE_VIEW = "live_view"
    LIVE_PICTURE = "live_picture"  # through a gate's camera, where the configuration allows it
    DOOR_OPEN = "door_open"  # open once, emergency
    DOOR_MODE = "door_mode"  # hold open, lock down, back to normal
    ALARMS = "alarms"  # acknowledge
    ACCOUNTS = "accounts"
    RETENTION = "retention"
    RULES = "rules"  # schedules and holidays
    AUDIT_VIEW = "audit_view"
    LOG_VIEW = "log_view"  # what the services of the box wrote


_DESK = {
    Permission.SIGNED_IN,
    Permission.PEOPLE_VIEW,
    Permission.PEOPLE_EDIT,
    Permission.EVENTS_VIEW,
    Permission.LIVE_VIEW,
    Permission.LIVE_PICTURE,
    Permission.DOOR_OPEN,
    Permission.ALARMS,
}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.DESK: frozenset(_DESK),
    Role.MANAGER: frozenset(Permission) - {Permission.AUDIT_VIEW},
    Role.TECHNICIAN: frozenset(
        {
            Permission.SIGNED_IN,
            Permission.EVENTS_VIEW,
            Permission.EVENTS_RAW,
            Permission.LIVE_VIEW,
            Permission.DOOR_OPEN,
            Permission.LOG_VIEW,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Permission.SIGNED_IN,
            Permission.PEOPLE_VIEW,
            Permission.EVENTS_VIEW,
            Permission.EVENTS_RAW,
            Permission.LIVE_VIEW,
            Permission.AUDIT_VIEW,
        }
    ),
}


def may(role: Role, permission: Permission) -> bool:
    return permission in PERMISSIONS[role]
