"""/healthz, /readyz and /metrics: read-only, loopback unless configured otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gate.integrations.metrics import Metrics
from gate.integrations.settings import HttpSettings
from gate.sockets import PageServer, listen

# named checks; reasons are short codes without personal data
Checks = Mapping[str, Callable[[], str]]
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class HealthServer:
    """A thread that answers.

    ``alive`` and ``ready`` are named checks that return "" when all is well, else the reason.
    /healthz fails when the process should be restarted, /readyz when it cannot serve people now.
    """

    def __init__(
        self, settings: HttpSettings, metrics: Metrics, alive: Checks, ready: Checks
    ) -> None:
        """Raises ConfigurationError when the address cannot be used."""
        app = make_app(metrics, {"/healthz": alive, "/readyz": ready})
        self._listening = listen("http", "health page", settings.host, settings.port)
        self._server = PageServer(app, self._listening, "http")
        self.port = self._server.port

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()
        self._listening.close()


def make_app(metrics: Metrics, pages: Mapping[str, Checks]) -> Starlette:
    """The three pages; a check may wait for a lock, so it runs in a thread."""

    async def numbers(request: Request) -> Response:
        text = await run_in_threadpool(metrics.text)
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return Response(text, headers=_HEADERS | {"Content-Type": kind})

    async def checked(request: Request) -> Response:
        checks = pages[request.url.path]
        found = await run_in_threadpool(lambda: {name: check() for name, check in checks.items()})
        status = 503 if any(found.values()) else 200
        report = {name: reason or "ok" for name, reason in found.items()}
        return JSONResponse(report, status, headers=_HEADERS)

    routes = [Route(path, checked) for path in pages]
    return Starlette(routes=[Route("/metrics", numbers), *routes])
