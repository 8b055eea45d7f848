"""One file a topic; each has a ``router``."""

from enroll.pages import accounts, audit, capture, consent, home, people, session, style

ROUTERS = (
    session.router,
    home.router,
    people.router,
    consent.router,
    capture.router,
    accounts.router,
    audit.router,
    style.router,
)
