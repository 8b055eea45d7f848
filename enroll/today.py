"""What waits for somebody: in the register, and in the care of the box."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from enroll import drift, history
from enroll.desk import Desk
from enroll.register import count_of, people_of
from enroll.wall_chart import answered
from gate.backup.archive import NEWEST

NAMED = 5  # people who are missed and named on the page; the others are counted
_HOURS = "{name}: not seen for {count} hours"
_ALONE_HOURS = "{name}, lives alone: not seen for {count} hours"
BACKUP_AGE = timedelta(days=8)
CERTIFICATE_AGE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that waits for somebody; ``text`` is a sentence of the catalogue with {count}."""

    icon: str
    text: str
    count: int
    link: str
    tone: str = "warn"
    name: str = ""  # of whom it is about, where {name} is in the text


def waits(desk: Desk, now: datetime) -> list[Wait]:
    """All that waits in the register, the most pressing first; nothing that is zero."""
    database = desk.store.database
    again = len(drift.last(desk.store))
    over = "{count} whose last day is over"
    if desk.settings.keep_moved_out_days > 0:
        over = "{count} whose last day is over: extend, or they are deleted"
    found = [
        *_missed(desk, now),
        Wait("eye-off", "{count} not seen for long", desk.missed(), "/alarms/not-seen", "bad"),
        _people("hourglass", over, "ended", desk, now),
        _people("clock", "{count} end within 14 days", "ends_soon", desk, now),
        _people("scan-face", "{count} agreed and have no face yet", "no_face_yet", desk, now),
        Wait("scan-face", "{count} faces to confirm", desk.to_confirm(), "/learnt"),
        Wait("id-card", "{count} cards that teach no face", desk.unclear(), "/learnt"),
        _people("archive", "{count} moved out, not deleted yet", "moved_out", desk, now),
        Wait("copy", "{count} should be enrolled again", again, "/lookalikes"),
        Wait("import", "{count} imports not finished", history.open_imports(database), "/imports"),
    ]
    return [wait for wait in found if wait.count or wait.name]


def _missed(desk: Desk, now: datetime) -> list[Wait]:
    """Those of the missed who are to be looked after first: who live alone, then the longest."""
    missed = [one for one in desk.missing.watched(now).values() if one.alerted is not None]
    if not missed:
        return []
    with desk.store.database.read() as session:
        alone = answered(session, "alone", ("agreed",))
    missed.sort(key=lambda one: (one.person not in alone, one.seen or one.since))
    people = people_of(desk.store.database, (one.person for one in missed[:NAMED]))
    waits = []
    for one in missed[:NAMED]:
        if one.person not in people:
            continue
        hours = int((now - (one.seen or one.since)).total_seconds() // 3600)
        text = "{name}: not seen for {count} days" if hours >= 48 else _HOURS
        if one.person in alone:
            text = "{name}, lives alone: not seen for {count} days" if hours >= 48 else _ALONE_HOURS
        count = hours // 24 if hours >= 48 else hours
        name = people[one.person].name
        waits.append(Wait("eye-off", text, count, "/alarms/not-seen", "bad", name))
    return waits


def care(desk: Desk, now: datetime) -> list[Wait]:
    """What waits for a technician or manager: backups, certificate, clock."""
    found = [
        backup_wait(desk.store.key_values.get(NEWEST), now),
        certificate_wait(_expiry(desk.settings.certificate), now),
        Wait("clock", "The clock is not synchronised", 1, "/retention", "bad")
        if desk.synchronised() is False
        else None,
    ]
    return [wait for wait in found if wait is not None]


def backup_wait(newest: dict[str, object] | None, now: datetime) -> Wait | None:
    """What the newest verified backup asks for; None when it is new enough. Pure."""
    if newest is None:
        return Wait("archive", "There is no backup yet", 1, "/retention", "bad")
    age = now - datetime.fromisoformat(str(newest["made"]))
    if age <= BACKUP_AGE:
        return None
    return Wait("archive", "The newest backup is {count} days old", age.days, "/retention")


def certificate_wait(expires: datetime | None, now: datetime) -> Wait | None:
    """What the desk's certificate asks for; None without one or with time left. Pure."""
    if expires is None or expires - now > CERTIFICATE_AGE:
        return None
    if expires <= now:
        return Wait("shield-check", "The desk's certificate has expired", 1, "/account", "bad")
    days = (expires - now).days
    return Wait("shield-check", "The desk's certificate ends in {count} days", days, "/account")


def _people(icon: str, text: str, state: str, desk: Desk, now: datetime) -> Wait:
    """Those the list of people shows in ``state``."""
    return Wait(icon, text, count_of(desk.store.database, state, now), f"/people?state={state}")


def _expiry(certificate: Path | None) -> datetime | None:
    try:
        data = certificate.read_bytes() if certificate else b""
        return x509.load_pem_x509_certificate(data).not_valid_after_utc if data else None
    except (OSError, ValueError):
        return None  # `gate doctor` says what is wrong with it
