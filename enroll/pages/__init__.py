"""One file a topic; each has a ``router``."""

from enroll.pages import accounts, audit, session, style

ROUTERS = (session.router, accounts.router, audit.router, style.router)
