"""What the browser at the gate may ask for: the page, the stream of pages, the camera's picture."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from gate.screen.board import Board
from gate.sockets import same_origin

STATIC = Path(__file__).parent / "static"
BEAT = 1.0  # seconds between signs of life; the page says "out of order" after four without
_PICTURE_EVERY = 0.1  # seconds
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

Picture = Callable[[], bytes | None]


def make_app(
    board: Board,
    offline: object,
    hosts: list[str],
    picture: Picture | None,
    painted: Callable[[int], None],
) -> Starlette:
    """The application; ``offline`` is the page shown when the stream has ended."""

    async def page(request: Request) -> Response:
        return FileResponse(STATIC / "index.html", headers=_HEADERS)

    async def stream(request: Request) -> Response:
        return StreamingResponse(
            _events(board, json.dumps(offline, ensure_ascii=False)),
            media_type="text/event-stream",
            headers=_HEADERS,
        )

    async def camera(request: Request) -> Response:
        if picture is None:
            raise HTTPException(404)
        kind = "multipart/x-mixed-replace; boundary=frame"
        return StreamingResponse(_pictures(board, picture), media_type=kind, headers=_HEADERS)

    async def done(request: Request) -> Response:
        if not same_origin(request.headers):
            raise HTTPException(403)
        try:
            painted(int(request.query_params["number"]))
        except (KeyError, ValueError):
            raise HTTPException(400) from None
        return Response(status_code=204)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        board.bind()
        yield

    return Starlette(
        routes=[
            Route("/", page),
            Route("/stream", stream),
            Route("/camera.mjpg", camera),
            Route("/painted", done, methods=["POST"]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        # another host name: a web page that tries to read the screen by DNS rebinding
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)],
        lifespan=lifespan,
    )


async def _events(board: Board, offline: str) -> AsyncIterator[str]:
    yield f"retry: 500\nevent: offline\ndata: {offline}\n\n"
    number = 0
    while not board.closed:
        posted = await board.after(number, BEAT)
        if posted is None:
            yield "event: beat\ndata: \n\n"
        else:
            number = posted.number
            yield f"id: {number}\nevent: page\ndata: {posted.text}\n\n"


async def _pictures(board: Board, picture: Picture) -> AsyncIterator[bytes]:
    while not board.closed:
        jpeg = await asyncio.to_thread(picture)
        if jpeg is not None:
            yield b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg + b"\r\n"
        await asyncio.sleep(_PICTURE_EVERY)
