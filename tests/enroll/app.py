"""The desk's application for a test, with routes that are prepared once in a process."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import BaseRoute

from enroll.app import create_app
from enroll.desk import Desk

_prepared: list[BaseRoute] = []


def app_of(desk: Desk) -> FastAPI:
    """``create_app(desk)``; FastAPI prepares its routes at first use, for a tenth of a second.

    Routes find the desk by the request, so those of another desk's application serve this one too.
    """
    app = create_app(desk)
    if _prepared:
        app.router.routes[:] = _prepared
    else:
        _prepared.extend(app.router.routes)
    return app
