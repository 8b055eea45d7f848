"""Every route of the desk and the right it needs, tried by every role and by nobody.

A new route has to be written down here, in the list of what it gives away or changes. The routes
themselves say which right they ask for; a wrong one there is found by comparing the two.
"""

from __future__ import annotations

import re

import pytest

from enroll.permissions import Permission, Role
from tests.enroll.operations import operations

pytestmark = pytest.mark.slow

ROUTES: dict[Permission | None, str] = {
    None: """
        GET      /healthz
        GET      /language/{code}
        GET POST /login
        GET POST /setup
        GET      /v/{token}
        GET      /v/{token}/permit.pdf
        GET      /v/{token}/permit.png
    """,
    Permission.SIGNED_IN: """
        GET      /
        GET POST /account
        POST     /logout
        GET      /look/{part}/{value}
        GET      /style
    """,
    Permission.LIVE_VIEW: """
        GET      /fleet
        GET      /fleet/configuration
        GET      /live
        GET      /stream
    """,
    Permission.IMPORT: """
        GET      /imports
        POST     /imports/new
        GET      /imports/template.xlsx
        GET      /imports/{job}
        POST     /imports/{job}/choose
        POST     /imports/{job}/discard
        POST     /imports/{job}/faces/{line}
        GET      /imports/{job}/faces/{line}.jpg
        GET      /imports/{job}/mistakes.xlsx
        GET      /imports/{job}/progress
        GET      /imports/{job}/report.csv
        GET      /imports/{job}/report.xlsx
        POST     /imports/{job}/run
        POST     /imports/{job}/same
        POST     /imports/{job}/stop
        GET POST /imports/{job}/undo
    """,
    Permission.EXPORT: """
        GET      /events.xlsx
        GET      /people.csv
        GET      /people.xlsx
    """,
    Permission.PEOPLE_VIEW: """
        GET      /chart
        GET      /chart/{building}
        GET      /learnt
        GET      /lookalikes
        GET      /people
        GET      /people/{person}
        GET      /people/{person}/data
        GET      /visitors
    """,
    Permission.PEOPLE_EDIT: """
        POST     /learnt/confirm
        POST     /learnt/{line}/refuse
        POST     /learnt/{line}/undo
        POST     /lookalikes
        POST     /people/batch
        POST     /people/batch/undo
        GET POST /people/new
        POST     /people/{person}/allowance
        POST     /people/{person}/arrivals
        POST     /people/{person}/block
        POST     /people/{person}/cards
        GET POST /people/{person}/consent
        POST     /people/{person}/credentials/{credential}/revoke
        GET POST /people/{person}/edit
        GET      /people/{person}/enrol
        POST     /people/{person}/enrol/frame
        POST     /people/{person}/enrol/photos
        POST     /people/{person}/enrol/retake
        POST     /people/{person}/enrol/save
        POST     /people/{person}/learning/allow
        POST     /people/{person}/move-in
        POST     /people/{person}/move-out
        POST     /people/{person}/permits
        POST     /people/{person}/permits/{serial}/revoke
        POST     /people/{person}/pins
        GET      /people/{person}/try
        POST     /people/{person}/try/frame
        POST     /visitors
    """,
    Permission.PEOPLE_DELETE: """
        POST     /people/{person}/delete
    """,
    Permission.EVENTS_VIEW: """
        GET      /events
        GET      /events/charts
        GET      /events/{event}
        GET      /exports
        GET      /figures
    """,
    Permission.LIVE_PICTURE: """
        GET POST /live/{gate}/picture
        GET      /live/{gate}/picture.jpg
    """,
    Permission.DOOR_OPEN: """
        POST     /live/{gate}/{command}
    """,
    Permission.ACCOUNTS: """
        GET POST /accounts
        POST     /accounts/{account}
        POST     /accounts/{account}/password
        POST     /fleet/configuration
        POST     /fleet/configuration/stop
        POST     /fleet/configuration/{version}/rollout
        POST     /fleet/pair
        POST     /fleet/{gate}/revoke
    """,
    Permission.DOOR_MODE: """
        POST     /fleet/lockdown
    """,
    Permission.ALARMS: """
        GET POST /alarms
        GET      /alarms/not-seen
        POST     /alarms/not-seen/{person}/acknowledge
        POST     /alarms/not-seen/{person}/pause
        POST     /alarms/{event}
    """,
    Permission.RETENTION: """
        GET      /retention
        POST     /retention/run
    """,
    Permission.RULES: """
        GET      /rules
        GET      /rules/allow
        POST     /rules/allows
        POST     /rules/allows/remove
        GET POST /rules/calendar
        POST     /rules/days
        POST     /rules/days/remove
        POST     /rules/preview/allow
        POST     /rules/preview/calendar
        POST     /rules/preview/schedule
        GET      /rules/remove
        GET      /rules/schedule
        POST     /rules/schedules
        POST     /rules/schedules/remove
        POST     /rules/undo
    """,
    Permission.AUDIT_VIEW: """
        GET      /audit
    """,
    Permission.LOG_VIEW: """
        GET      /log
    """,
}
# who has each right; the desk's own table is compared with it
ROLES: dict[Permission, set[Role]] = {
    Permission.SIGNED_IN: set(Role),
    Permission.PEOPLE_VIEW: {Role.DESK, Role.MANAGER, Role.AUDITOR},
    Permission.PEOPLE_EDIT: {Role.DESK, Role.MANAGER},
    Permission.PEOPLE_DELETE: {Role.MANAGER},
    Permission.IMPORT: {Role.MANAGER},
    Permission.EXPORT: {Role.MANAGER},
    Permission.EVENTS_VIEW: set(Role),
    Permission.EVENTS_RAW: {Role.MANAGER, Role.TECHNICIAN, Role.AUDITOR},
    Permission.LIVE_VIEW: set(Role),
    Permission.LIVE_PICTURE: {Role.DESK, Role.MANAGER},
    Permission.DOOR_OPEN: {Role.DESK, Role.MANAGER, Role.TECHNICIAN},
    Permission.DOOR_MODE: {Role.MANAGER},
    Permission.ALARMS: {Role.DESK, Role.MANAGER},
    Permission.ACCOUNTS: {Role.MANAGER},
    Permission.RETENTION: {Role.MANAGER},
    Permission.RULES: {Role.MANAGER},
    Permission.AUDIT_VIEW: {Role.AUDITOR},
    Permission.LOG_VIEW: {Role.MANAGER, Role.TECHNICIAN},
}


def listed() -> dict[tuple[str, str], Permission | None]:
    """Method and path of each route of the list → the right it needs."""
    found: dict[tuple[str, str], Permission | None] = {}
    for permission, text in ROUTES.items():
        for line in text.split("\n"):
            *methods, path = line.split() or [""]
            found |= {(method, path): permission for method in methods}
    return found


def test_every_route_is_in_the_list() -> None:
    served = {(method.upper(), path) for method, path in operations(hidden=True)}
    assert served == listed().keys()


def test_every_right_is_in_the_list() -> None:
    assert ROLES.keys() == set(Permission)


@pytest.mark.parametrize("role", [None, *Role])
def test_a_route_is_closed_to_whoever_lacks_its_right(browser, role: Role | None) -> None:
    client = browser(role.value if role else "")
    client.follow_redirects = False
    token = {"x-csrf-token": client.csrf} if role else {}
    wrong = []
    for (method, path), permission in listed().items():
        if permission is None:
            continue
        open_to = role is not None and role in ROLES[permission]
        if open_to and (method != "GET" or path == "/stream"):
            continue  # what it does is tried elsewhere
        address = re.sub(r"{[^}]*}", "1", path)
        answer = client.request(method, address, headers=token)
        closed = answer.status_code == 403 if role else answer.status_code in (303, 401)
        if closed == open_to:
            wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []
