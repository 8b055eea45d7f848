"""One file a topic; each has a ``router``."""

from enroll.pages import (
    accounts,
    audit,
    capture,
    consent,
    credentials,
    home,
    imports,
    people,
    session,
    style,
)

ROUTERS = (
    session.router,
    home.router,
    imports.router,
    people.router,
    credentials.router,
    consent.router,
    capture.router,
    accounts.router,
    audit.router,
    style.router,
)
