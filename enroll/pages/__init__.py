"""One file a topic; each has a ``router``."""

from enroll.pages import (
    accounts,
    alarms,
    audit,
    capture,
    consent,
    credentials,
    events,
    hints,
    home,
    imports,
    live,
    people,
    permits,
    retention,
    session,
    style,
)

ROUTERS = (
    session.router,
    home.router,
    imports.router,
    people.router,
    consent.router,
    capture.router,
    credentials.router,
    permits.router,
    events.router,
    live.router,
    alarms.router,
    hints.router,
    retention.router,
    accounts.router,
    audit.router,
    style.router,
)
