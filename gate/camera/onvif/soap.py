"""SOAP 1.2 as ONVIF uses it: envelopes with a WS-Security digest, answers read with care. Pure."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from gate.errors import CameraError

NAMES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "wsa": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "d": "http://schemas.xmlsoap.org/ws/2005/04/discovery",
    "dn": "http://www.onvif.org/ver10/network/wsdl",
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "trt": "http://www.onvif.org/ver10/media/wsdl",
    "tt": "http://www.onvif.org/ver10/schema",
}
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
    "#PasswordDigest"
)
LONGEST = 1 << 20  # bytes of an answer


def envelope(body: str, header: str = "") -> bytes:
    """A message; ``body`` and ``header`` are XML with the prefixes of NAMES."""
    spaces = " ".join(f"xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in NAMES.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope {spaces}>'
        f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def security(user: str, password: str, nonce: bytes, at: datetime) -> str:
    """The UsernameToken with a password digest: Base64(SHA-1(nonce + created + password)).

    ``at`` is the camera's own time: many refuse a token that is minutes off.
    """
    created = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha1(nonce + created.encode() + password.encode()).digest()
    return (
        f'<wsse:Security xmlns:wsse="{_WSSE}" xmlns:wsu="{_WSU}" s:mustUnderstand="true">'
        f"<wsse:UsernameToken><wsse:Username>{escape(user)}</wsse:Username>"
        f'<wsse:Password Type="{_DIGEST}">{base64.b64encode(digest).decode()}</wsse:Password>'
        f"<wsse:Nonce>{base64.b64encode(nonce).decode()}</wsse:Nonce>"
        f"<wsu:Created>{created}</wsu:Created></wsse:UsernameToken></wsse:Security>"
    )


def parse(data: bytes, where: str) -> ElementTree.Element:
    """The envelope. Raises CameraError: not XML, too long, or with entities of its own."""
    if len(data) > LONGEST or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise _strange(where, "too long or with a document type")
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError) as error:
        raise _strange(where, type(error).__name__) from None


def text(element: ElementTree.Element, path: str) -> str:
    """The text at ``path`` (prefixes of NAMES); "" when it is not there."""
    return (element.findtext(path, "", NAMES) or "").strip()


def fault(root: ElementTree.Element) -> str:
    """Why a device refuses; "" when it does not."""
    found = root.find(".//s:Fault", NAMES)
    if found is None:
        return ""
    return text(found, "s:Reason/s:Text")[:120] or "no reason given"


def _strange(where: str, why: str) -> CameraError:
    return CameraError(
        f"the device's answer is not ONVIF: {why}", where=where, hint="is this a camera's address?"
    )
