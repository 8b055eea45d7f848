"""Pages from templates: the words, the menu, what was just said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from enroll.icon import icon
from enroll.permissions import Permission
from enroll.visit import Visit, desk_of, language_of
from gate.importing.line_numbers import shown as line_shown
from gate.texts.catalogue import LANGUAGES, Translate, translator

HERE = Path(__file__).parent

# path, title, the right that shows it, icon
MENU = (
    ("/", "Today", Permission.SIGNED_IN, "house"),
    ("/people", "People", Permission.PEOPLE_VIEW, "users"),
    ("/visitors", "Visitors", Permission.PEOPLE_VIEW, "ticket"),
    ("/events", "Events", Permission.EVENTS_VIEW, "scroll-text"),
    ("/figures", "Figures", Permission.EVENTS_VIEW, "chart-column"),
    ("/live", "Gates", Permission.LIVE_VIEW, "door-open"),
    ("/alarms", "Alarms", Permission.ALARMS, "bell"),
    ("/imports", "Import", Permission.IMPORT, "import"),
    ("/lookalikes", "Look-alikes", Permission.PEOPLE_VIEW, "copy"),
    ("/rules", "Times and rules", Permission.RULES, "calendar-clock"),
    ("/retention", "Retention", Permission.RETENTION, "archive"),
    ("/accounts", "Accounts", Permission.ACCOUNTS, "key-round"),
    ("/exports", "Exports", Permission.EVENTS_VIEW, "send"),
    ("/log", "Log", Permission.LOG_VIEW, "terminal"),
    ("/audit", "Audit", Permission.AUDIT_VIEW, "shield-check"),
)

# what an account chose of the look: cookie, attribute of the page, values
LOOKS = {
    "theme": ("desk_theme", "data-theme", ("light", "dark")),
    "size": ("desk_size", "data-size", ("large",)),
}

# what a page says after a change: only these codes come back through the address
SAID = {
    "saved": ("good", "Saved."),
    "created": ("good", "Created."),
    "deleted": ("good", "Deleted: templates, credentials and copies are gone."),
    "deleted_later": (
        "warn",
        "Deleted. Another program was reading; the last traces go with the next clean-up.",
    ),
    "card_here": ("", "This person has that card already; nothing was changed."),
    "consent": ("good", "The answer is recorded."),
    "face_forgotten": ("good", "Deleted: what was learnt there is gone."),
    "face_confirmed": ("good", "Confirmed: the gate knows these faces within seconds."),
    "face_none_confirmed": ("warn", "Nothing was confirmed: choose at least one that waits."),
    "face_waits": (
        "warn",
        "Revoked. The face was learnt from this person's cards: it no longer opens until you "
        "confirm it under Learnt from cards.",
    ),
    "enrolled": ("good", "Enrolled: the gate knows the face within two seconds."),
    "ordered": ("good", "The order was given to the gate."),
    "password": ("good", "The password is changed. Sign in again."),
    "acknowledged": ("good", "Acknowledged."),
    "undone": ("good", "Undone: everybody is as before."),
    "undo_late": (
        "warn",
        "Nothing was undone: the ten minutes for it are over, or it was undone already.",
    ),
    "undo_changed": (
        "warn",
        "Nothing was undone: somebody changed one of these people meanwhile. "
        "Look at them one by one.",
    ),
    "import_busy": (
        "warn",
        "Nothing was started: another import or undo is running. Press again when it is done.",
    ),
    "import_begun": ("", "It has already been started: by somebody else, or in another window."),
    "undo_begun": (
        "",
        "The undo has already been started: by somebody else, or in another window.",
    ),
    "lapsed": (
        "warn",
        "You were signed out because nothing was done for a while, so nothing was done now either. "
        "Sign in, and do it again; a file has to be chosen again.",
    ),
    "rules_undone": ("good", "Undone: times and rules are as before."),
    "rules_changed": ("warn", "Nothing was undone: this was changed again meanwhile."),
    "signed_out": ("", "You are signed out."),
}


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


ENVIRONMENT = _environment()


def local(time: datetime | None, form: str = "%Y-%m-%d %H:%M") -> str:
    """A time as people here read it: in the box's own zone."""
    return time.astimezone().strftime(form) if time else ""


def choices(keys: Iterable[str], translate: Translate, prefix: str) -> list[tuple[str, str]]:
    """Keys with their words, for a list to choose from."""
    return [(key, translate(prefix + key)) for key in keys]


def sentences(texts: Iterable[str]) -> str:
    """One after the other: with a blank between them, except behind a full-width mark."""
    said = ""
    for text in texts:
        said += ("" if not said or said[-1] in "。！？；" else " ") + text
    return said


def in_words(text: str, translate: Translate) -> str:
    """An error's text in the reader's language, a cause of another program behind it as it is."""
    said = translate(text)
    head, mark, cause = text.partition(": ")
    if said == text and mark and translate(head) != head:
        return translate(head) + translate(mark) + cause
    return said


def tag(language: str) -> str:
    """The language as browsers and fonts want it: zh alone may be drawn with Japanese letters."""
    return {"zh": "zh-CN"}.get(language, language)


ENVIRONMENT.filters["local"] = local
ENVIRONMENT.filters["tag"] = tag
ENVIRONMENT.filters["line"] = line_shown
ENVIRONMENT.filters["in_words"] = in_words
ENVIRONMENT.filters["sentences"] = sentences
ENVIRONMENT.filters["choices"] = choices
ENVIRONMENT.globals["icon"] = icon


def render(
    request: Request, template: str, visit: Visit | None = None, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page, or a part of one, as HTML."""
    return HTMLResponse(part(request, template, visit, **values), status)


def part(request: Request, template: str, visit: Visit | None = None, **values: Any) -> str:
    """The same as text, for what is sent piece by piece."""
    language = visit.language if visit else language_of(request)
    translate = translator(language)
    code = request.query_params.get("said", "")
    tone, text = SAID.get(code, ("", ""))
    return ENVIRONMENT.get_template(template).render(
        _=translate,
        language=language,
        languages=LANGUAGES,
        community=desk_of(request).settings.community,
        gate_names=desk_of(request).gate_names(),
        path=request.url.path,
        look=look_of(request),
        account=visit.account if visit else None,
        csrf=visit.csrf if visit else "",
        token=partial(_token, visit),
        may=visit.may if visit else lambda right: False,
        Permission=Permission,
        menu=[
            {"path": path, "title": title, "icon": name}
            for path, title, permission, name in MENU
            if visit is not None and visit.may(permission)
        ],
        said={"tone": tone, "text": translate(text)} if text else None,
        **values,
    )


def look_of(request: Request) -> dict[str, str]:
    """Attributes of the page for what was chosen of its look; empty: as the system has it."""
    chosen = {}
    for cookie, attribute, values in LOOKS.values():
        value = request.cookies.get(cookie, "")
        if value in values:
            chosen[attribute] = value
    return chosen


def go(path: str, said: str = "") -> RedirectResponse:
    """To another page after a change."""
    separator = "&" if "?" in path else "?"
    return RedirectResponse(f"{path}{separator}said={said}" if said else path, 303)


def inside(path: str) -> str:
    """``path`` if it is one of ours, else the first page: no way out by a crafted link."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path
    return path if safe and path.isprintable() else "/"


def came_from(request: Request) -> str:
    """The page of the desk a request came from, "" for none or another site's."""
    link = urlsplit(request.headers.get("referer", ""))
    if link.netloc != request.headers.get("host", "") or not link.path:
        return ""
    return inside(f"{link.path}?{link.query}" if link.query else link.path)


def _token(visit: Visit | None) -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(
        escape(visit.csrf if visit else "")
    )
