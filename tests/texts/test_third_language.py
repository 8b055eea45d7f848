"""A further language is one more folder of catalogues: with a made-up one, every page is in it."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po

from gate.texts.catalogue import LOCALE, catalogue
from tests.warm import Task

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
LANGUAGE = "fr"  # any that is not there


def add_language(locale: Path) -> None:
    """Each catalogue of the Chinese once more, every text its English in brackets."""
    english = catalogue("en")
    (locale / LANGUAGE).mkdir()
    for file in sorted((locale / "zh").glob("*.po")):
        with file.open("rb") as stream:
            book = read_po(stream, locale=LANGUAGE)
        for message in book:
            if message.id:
                said = english.get(str(message.id), str(message.id))
                message.string = f"⟦{said}⟧" if said.strip() else said
        with (locale / LANGUAGE / file.name).open("wb") as out:
            write_po(out, book)


def _speak(folder: Path) -> None:
    """In a process of its own: the pages of the program that is in ``folder``."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("gate", "enroll"):
            del sys.modules[name]  # what was imported before, with the languages there are
    sys.path.insert(0, str(folder))
    os.chdir(folder)
    sys.argv = ["third_language.py", LANGUAGE, "data"]
    runpy.run_path(str(Path(__file__).parent / "third_language.py"), run_name="__main__")
    assert Path(sys.modules["gate"].__path__[0]).parent == folder


def test_every_page_speaks_a_language_that_is_only_a_folder(tmp_path: Path) -> None:
    assert not (LOCALE / LANGUAGE).exists()
    for package in ("gate", "enroll"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("*.pyc.*")
        )
    add_language(tmp_path / "gate" / "texts" / "locale")
    (tmp_path / "data").mkdir()
    out, errors = tmp_path / "out", tmp_path / "errors"
    done = Task(_speak, tmp_path, out=out, errors=errors)
    assert done.wait(280) == 0, errors.read_text("utf-8")[-3000:]
    found = json.loads(out.read_text("utf-8").splitlines()[-1])
    assert found["pages"] > 30
    assert found["wrong"] == {}
