"""Consent: the text that was read, who answered, and what follows from the answer."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from gate.errors import AccessError
from gate.services import absence_alerts as missing
from gate.store.store import Store
from gate.store.tables import ConsentRow, PersonRow

# a new wording is a new file and a new version; the old files stay, as old answers refer to them
VERSION = "1"
# "help" and "alone" are marks on the chart, which exist only as long as somebody agrees to them
PURPOSES = ("face", "not_seen", "export", "learning", "help", "alone", "arrival")
ANSWERS = ("agreed", "refused", "withdrawn")
_FOLDER = Path(__file__).parent / "consents"
_OTHERWISE = "en"  # the text for a language of the pages that has none of its own yet


def worded(language: str, version: str = VERSION) -> str:
    """The language of the text for who reads ``language``: its own, else English."""
    return language if (_FOLDER / f"{version}.{language}.txt").exists() else _OTHERWISE


def text(
    language: str,
    community: str,
    age: int,
    version: str = VERSION,
    *,
    purpose: str = "face",
    hours: float = 0.0,
) -> str:
    """What the person reads before answering. ``hours``: after which somebody is missed."""
    language = worded(language, version)
    name = (
        f"{version}.{language}.txt" if purpose == "face" else f"{purpose}-{version}.{language}.txt"
    )
    wording = (_FOLDER / name).read_text("utf-8")
    community = community or {"zh": "物业"}.get(language, "the management")
    return wording.format(community=community, age=age, hours=f"{hours:g}")


def needs_guardian(person: PersonRow, age: int, today: date) -> bool:
    """Whether somebody else answers. With the year of birth alone, the younger age counts."""
    if person.birth_date is not None:
        born = person.birth_date
        had_birthday = (today.month, today.day) >= (born.month, born.day)
        return today.year - born.year - (not had_birthday) < age
    return person.birth_year is not None and today.year - person.birth_year - 1 < age


def record(
    store: Store,
    person: PersonRow,
    answer: str,
    *,
    language: str,
    asked_by: str,
    guardian: str,
    age: int,
    now: datetime,
    purpose: str = "face",
) -> ConsentRow:
    """Keep the answer; a "no" to the face deletes the templates at once.

    Raises AccessError: no year of birth, or no guardian where one is needed.
    """
    if answer not in ANSWERS or purpose not in PURPOSES:
        raise AccessError("there is no such answer", where=answer, hint="choose one of the list")
    if answer == "agreed":
        if person.birth_date is None and person.birth_year is None:
            raise AccessError(
                "the year of birth is not known",
                hint="enter it first: for children a guardian answers",
            )
        if needs_guardian(person, age, now.astimezone().date()) and not guardian.strip():
            raise AccessError(
                "a guardian must answer for a child", hint="enter the guardian's name"
            )
    row = store.consents.record(
        person.id,
        answer,
        VERSION,
        language=language,
        asked_by=asked_by,
        guardian=guardian.strip()[:120],
        purpose=purpose,
        at=now,
    )
    if purpose == "face" and answer != "agreed":
        store.database.wipe()  # the faces went with the answer
    if purpose == "not_seen" and answer != "agreed":
        missing.no_more(store, person.id)
    if purpose == "learning" and answer != "agreed":
        store.looks.forget(person.id, asked_by)
    if purpose == "arrival" and answer != "agreed":
        store.arrivals.forget(person.id)
    return row
