"""What every request passes before any page sees it: limits, origin, session, headers.

Whatever is not listed as public needs a session, so a page that forgets to ask is still closed.
"""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from enroll.desk import Desk
from enroll.kept_form import can_be_kept, kept_form
from enroll.own_hosts import is_own, own_names
from enroll.page import came_from, go, render
from enroll.visit import SAFE, language_of
from gate.sockets import same_origin
from gate.texts.catalogue import translator

PUBLIC = ("/login", "/setup", "/healthz")
PUBLIC_FOLDERS = ("/static/", "/language/", "/v/")  # /v/: the permit itself is the proof
UPLOAD = "/imports/"
# pages that ask for themselves again and again: see templates/live.html, import.html
STREAM = "/stream"  # open as long as the page of today is looked at
POLLED = ("/live", "/progress")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class TooLarge(Exception):
    """More bytes came than were announced or allowed."""


class SecurityMiddleware:
    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk
        self._names = own_names(desk.settings.host, desk.settings.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        answer = self._send_with_headers(scope, send)
        refusal = self._refuse(scope, headers)
        if refusal is None and not public(scope["path"]):
            refusal = await self._sign_in(scope, headers, receive)
        if refusal is not None:
            await refusal(scope, receive, answer)
            return
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await answer(message)

        try:
            await self._app(scope, self._limited(scope, receive), note_start)
        except TooLarge:
            if not started:
                await self._too_large(scope)(scope, receive, answer)

    def _refuse(self, scope: Scope, headers: Headers) -> Response | None:
        if not is_own(headers.get("host", ""), self._names):
            return _text(scope, "The desk does not answer to this name; see [desk] hosts", 400)
        address = scope["client"][0] if scope.get("client") else ""
        if not scope["path"].startswith("/static/") and not self._desk.requests.allowed(address):
            return _text(scope, "Too many requests; wait a minute", 429)
        length = headers.get("content-length", "0")
        number = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else -1
        if not 0 <= number <= self._limit(scope["path"]):
            return self._too_large(scope)
        if scope["method"] not in SAFE and not same_origin(headers):
            return _text(scope, "This form came from another site", 403)
        return None

    def _too_large(self, scope: Scope) -> Response:
        what = "The upload is too large"
        if "text/html" not in Headers(scope=scope).get("accept", ""):
            return _text(scope, what, 413)
        return render(
            Request(scope),
            "error.html",
            status=413,
            code=413,
            what=what,
            where=f"{self._limit(scope['path']) >> 20} MB",
            hint="send less at once: smaller photographs, or the ZIP in several parts",
            back="",
        )

    def _limit(self, path: str) -> int:
        settings = self._desk.settings
        size = settings.import_megabytes if path.startswith(UPLOAD) else settings.photo_megabytes
        return size << 20

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        left = self._limit(scope["path"])

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise TooLarge
            return message

        return counted

    async def _sign_in(self, scope: Scope, headers: Headers, receive: Receive) -> Response | None:
        token = cookie_parser(headers.get("cookie", "")).get(self._desk.cookie)
        polled = "hx-request" in headers and scope["path"].endswith(POLLED)
        by_itself = polled or scope["path"] == STREAM
        find = partial(self._desk.sessions.find, click=not by_itself)
        found = await run_in_threadpool(find, token) if token else None
        if found is not None:
            scope.setdefault("state", {})["signed_in"] = found
            return None
        if headers.get("hx-request") or "text/html" not in headers.get("accept", "text/html"):
            return _text(scope, "Sign in first", 401)
        if scope["method"] not in SAFE:
            return await _kept(scope, headers, receive) or _again(scope)
        return RedirectResponse(f"/login?back={quote(scope['path'])}", 303)

    def _send_with_headers(self, scope: Scope, send: Send) -> Send:
        static = scope["path"].startswith("/static/")

        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if self._desk.settings.tls:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
                headers["Cache-Control"] = "no-cache" if static else "no-store"
            await send(message)

        return wrapped


async def _kept(scope: Scope, headers: Headers, receive: Receive) -> Response | None:
    """The sign-in with what was typed into a form whose session is over; None without such."""
    if not can_be_kept(scope["path"], headers):
        return None
    request = Request(scope, receive)
    try:
        form = kept_form(scope["path"], (await request.body()).decode())
    except (UnicodeDecodeError, ValueError):
        return None
    if form is None:
        return None
    return render(request, "login.html", status=401, wrong="", back="/", kept=form)


def _again(scope: Scope) -> Response:
    """The sign-in, which says that nothing was done and leads back to where it can be.

    Whoever signs out after the end of their session is signed out: that was done.
    """
    if scope["path"] == "/logout":
        return go("/login", "signed_out")
    back = quote(came_from(Request(scope)) or "/")
    return RedirectResponse(f"/login?said=lapsed&back={back}", 303)


def public(path: str) -> bool:
    return path in PUBLIC or path.startswith(PUBLIC_FOLDERS)


def _text(scope: Scope, text: str, status: int) -> Response:
    """Short and without a template: whoever asks too often gets no more work done."""
    return PlainTextResponse(translator(language_of(Request(scope)))(text), status)
