"""What the pages of the desk offer, without an application being made for it."""

from __future__ import annotations

from fastapi.routing import APIRoute

from enroll.pages import ROUTERS


def operations(*, hidden: bool = False) -> list[tuple[str, str]]:
    """Method, in lower case, and path of every operation that the OpenAPI document has, and of
    those it leaves out with ``hidden``."""
    return [
        (method.lower(), route.path)
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and (hidden or route.include_in_schema)
        for method in sorted(route.methods)
    ]
