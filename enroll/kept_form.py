"""A form that was sent when its session was over: kept through the sign-in, and sent again.

What was typed goes into the page of the sign-in as hidden fields and from there, once somebody
signed in, onto a page that shows it and sends it with the new session's token when its button is
pressed. Nothing is kept on the box, and nothing is done before somebody presses.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers

LONGEST = 60_000  # bytes of a form that is kept; the forms of the desk are far shorter
# fields that are on no page again: the token, and what must not be shown
_SECRET = {"password", "again", "present", "pin", "code"}
_CHOSEN = {
    *("kind", "locale", "language", "purpose", "per", "updated", "face_alone", "extended_unlock"),
    *("duress", "somebody_else", "another", "visitor_of_household"),
}
# an order to a door is given again, not minutes later from a page that was left
_NEVER = ("/live", "/login", "/logout", "/setup", "/account")


@dataclass(frozen=True, slots=True)
class KeptForm:
    """Where a form goes, and its fields in their order without the token."""

    path: str
    fields: tuple[tuple[str, str], ...]

    @property
    def typed(self) -> list[str]:
        """What somebody typed, to be shown: no choices, ticks or marks of the form itself."""
        return [v for name, v in self.fields if v.strip() and name not in _CHOSEN and v != "true"]

    @property
    def encoded(self) -> str:
        """Its fields as one text."""
        return urlencode(self.fields)


def can_be_kept(path: str, headers: Headers) -> bool:
    """Whether a request may hold a form that is kept, by its head."""
    kind = headers.get("content-type", "").partition(";")[0].strip()
    length = headers.get("content-length", "")
    return (
        kind == "application/x-www-form-urlencoded"
        and length.isascii()
        and length.isdigit()
        and int(length) <= LONGEST
        and not path.startswith(_NEVER)
    )


def kept_form(path: str, body: str) -> KeptForm | None:
    """The form of a body or of ``encoded``; None where nothing was typed, or something secret."""
    if not path.startswith("/") or path.startswith(("//", *_NEVER)) or not path.isprintable():
        return None
    fields = tuple(parse_qsl(body, keep_blank_values=True, max_num_fields=2000))
    fields = tuple((name, value) for name, value in fields if name != "csrf")
    if _SECRET & {name for name, _ in fields} or not any(value.strip() for _, value in fields):
        return None
    return KeptForm(path, fields)
