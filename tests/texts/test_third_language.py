"""A further language is one more folder of catalogues: with a made-up one, every page is in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po

from gate.texts.catalogue import LOCALE, catalogue

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


def test_every_page_speaks_a_language_that_is_only_a_folder(tmp_path: Path) -> None:
    assert not (LOCALE / LANGUAGE).exists()
    for package in ("gate", "enroll"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("*.pyc.*")
        )
    add_language(tmp_path / "gate" / "texts" / "locale")
    (tmp_path / "data").mkdir()
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "third_language.py"), LANGUAGE, "data"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["pages"] > 30
    assert found["wrong"] == {}
