"""Run by test_third_language.py in a copy of the program with one more folder of catalogues.

Prints, as JSON, every text of the pages that is in none of the words of that folder.
"""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

from fastapi.testclient import TestClient

from enroll.app import create_app
from enroll.desk import Desk
from enroll.permissions import Role
from gate.config.desk import DeskSettings
from gate.events.event import Event
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.texts.catalogue import LANGUAGES

PASSWORD = "a-long-enough-secret"
# what is no language: names that were given, versions, keys, and what the languages call themselves
GIVEN = {"Ann", "north", "east", "boss", "Garden", "resident", "Enter", "CSV", "Excel", *LANGUAGES}
GIVEN |= {*" ".join(LANGUAGES.values()).split()}
GIVEN |= {"household", "permit", "staff"}  # the names of the rules of the configuration
GIVEN |= {"mon", "fri", "sat", "sun", "holiday", "closed"}  # how hours are written down
GIVEN |= {"lun", "mar", "mer", "jeu", "ven", "sam", "dim"}  # Babel knows the days of any language
SPOKEN = ("title", "placeholder", "aria-label", "alt", "data-ask", "data-live", "data-lost")


class Texts(HTMLParser):
    """Every text a person reads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style", "code", "pre")
        self.found += [value or "" for name, value in attrs if name in SPOKEN]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style", "code", "pre")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def foreign(text: str) -> str:
    """What of a text is in no brackets and was not given by somebody."""
    while "⟦" in text and (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = shorter
    # the numbers of events and the pseudonyms of people
    text = re.sub(r"[0-9a-f]+(-[0-9a-f]+)+|[0-9a-f]{16,}", " ", text)
    words = re.findall(r"[^\W\d_]{2,}", text)
    return " ".join(word for word in words if word not in GIVEN)


def main(language: str, folder: Path) -> None:
    assert language in LANGUAGES
    with Store.open(StoreSettings(ballast=0), folder) as store:
        settings = DeskSettings(language=language, hosts=("desk.test",), community="Garden")
        desk = Desk(settings, store, gate="north", folder=folder, synchronised=lambda: True)
        home = store.places.household("east", "101").id
        ann = store.people.create("Ann", household_id=home, birth_year=1980)
        now = desk.clock.utc()
        made = [
            Event.make("north", "gate.started", now),
            Event.make(
                "north", "passage.denied", now, person=ann.ref, decision="deny",
                reasons=("face_unknown",), passage="p1",
            ),
        ]  # fmt: skip
        store.events.append(made)
        desk.accounts.create("boss", PASSWORD, Role.MANAGER, "boss")
        app = create_app(desk)
        with TestClient(app, base_url="http://desk.test", headers={"accept": "text/html"}) as web:
            web.post("/login", data={"login": "boss", "password": PASSWORD})
            blanks = {"person": str(ann.id), "event": made[1].id, "building": "1"}
            pages, wrong = [], {}
            for path, methods in app.openapi()["paths"].items():
                needed = {part.strip("{}") for part in path.split("/") if part.startswith("{")}
                ends = (".csv", ".jpg", ".xlsx", ".pdf", "/data", "/stream", "/healthz", "/style")
                if "get" in methods and needed <= set(blanks) and not path.endswith(ends):
                    pages.append(path.format(**blanks))
            # what is read in the language of the person: a consent is a text of its own
            own = ("/consent", "/enrol")
            for path in (path for path in pages if not path.endswith(own)):
                answer = web.get(path)
                texts = Texts()
                texts.feed(answer.text)
                found = sorted({foreign(text) for text in texts.found} - {""})
                if answer.status_code in (
                    422,
                    503,
                ):  # asks for more than an address, or for a camera
                    continue
                if answer.status_code >= 500 or f'<html lang="{language}' not in answer.text:
                    found.append(f"answered {answer.status_code}")
                if found:
                    wrong[path] = found
        desk.imports.close()
    print(json.dumps({"pages": len(pages), "wrong": wrong}, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
