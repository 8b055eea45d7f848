"""The link by which a visitor sees a permit on a telephone.

It is the permit itself, signed by the desk's key, in the characters of an address: nothing has to
be kept, nothing can be guessed, and it ends with the permit.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime

import segno
from markupsafe import Markup

from gate.access.base45 import b45decode, b45encode
from gate.access.permit import PREFIX, Permit, PermitRefused
from gate.services.permits import PermitBook

_LONGEST = 500  # characters of a link's part


@dataclass(frozen=True, slots=True)
class Shown:
    """A permit as its visitor sees it.

    Attributes:
        text: what the code says.
        problem: the reason code why it does not open now, "" when it does.
        holder: number of the person in the register, None when not there.
    """

    permit: Permit
    text: str
    problem: str
    holder: int | None


def token_of(text: str) -> str:
    """The part of the address for the text of a permit."""
    return urlsafe_b64encode(b45decode(text.removeprefix(PREFIX))).decode().rstrip("=")


def text_of(token: str) -> str:
    """The text of a permit again. Raises PermitRefused for what is no link."""
    try:
        if not token.isascii() or len(token) > _LONGEST:
            raise ValueError
        return PREFIX + b45encode(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        raise PermitRefused("permit_unreadable", "this is not a permit") from None


def shown(book: PermitBook, token: str, now: datetime) -> Shown:
    """The permit of a link. Raises PermitRefused unless the desk's key signed it."""
    text = text_of(token)
    permit = book.read(text)
    gate = min(permit.gates, default="")
    person, credential = book.examine(permit, gate, now)
    return Shown(permit, text, credential.problem, person.id if person else None)


def picture(text: str, scale: int = 8) -> Markup:
    """A code as SVG with its quiet zone: black on white also where the page is dark."""
    code = segno.make(text, error="m", micro=False)
    drawn = code.svg_inline(scale=scale, border=4, light="#fff", omitsize=True, svgclass="code")
    return Markup(drawn)
