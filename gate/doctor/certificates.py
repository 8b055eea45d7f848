"""Whether a certificate has ended, or is about to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from gate.config.settings import Settings
from gate.doctor.finding import Finding, Level

SOON = timedelta(days=30)  # time to renew one, even where somebody has to come by
PART = "certificate"


def certificates(settings: Settings) -> Iterator[Finding]:
    """Those of the connection to the broker and of the desk."""
    mqtt, desk = settings.mqtt, settings.desk
    broker = "`gate broker renew FOLDER NAME`, then copy certificate and key to where they are used"
    authority = "make a new authority with `gate broker setup`, and new certificates for everybody"
    named = [("[mqtt] certificate", mqtt.certificate, broker), ("[mqtt] ca", mqtt.ca, authority)]
    named = named if mqtt.enabled and mqtt.broker == "external" else []
    named.append(("[desk] certificate", desk.certificate, "get a new one from where it came from"))
    now = datetime.now(UTC)
    used = [judged(where, path, hint, now) for where, path, hint in named if path is not None]
    yield from used or [Finding(PART, Level.OK, "none is used")]


def judged(where: str, path: Path, hint: str, now: datetime) -> Finding:
    """What is to be said of the certificate in ``path``; of a chain, of its earliest end."""
    try:
        chain = x509.load_pem_x509_certificates(path.read_bytes())
        end = min(one.not_valid_after_utc for one in chain)
        begin = max(one.not_valid_before_utc for one in chain)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no certificate in PEM"
        return Finding(PART, Level.BAD, f"{where}: {path} cannot be read: {reason}", hint)
    if now >= end:
        return Finding(PART, Level.BAD, f"{where}: ended on {end:%Y-%m-%d}", hint)
    if now < begin:
        says = f"{where}: begins only on {begin:%Y-%m-%d}"
        return Finding(PART, Level.BAD, says, "check the clock of this machine")
    level = Level.WARN if end - now < SOON else Level.OK
    days = (end - now).days
    says = f"{where}: ends on {end:%Y-%m-%d}" + (f", in {days} days" if level else "")
    return Finding(PART, level, says, hint if level else "")
