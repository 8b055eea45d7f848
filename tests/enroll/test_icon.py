"""Icons: drawn into the page, named where they mean something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import enroll
from enroll.icon import FOLDER, icon
from enroll.page import MENU

ROOT = Path(enroll.__file__).parent


def test_an_icon_without_a_label_is_decoration():
    assert 'aria-hidden="true"' in icon("house")
    assert "<path" in icon("house")


def test_a_label_is_spoken_and_escaped():
    assert 'aria-label="a&#34;b"' in icon("house", 'a"b')


def test_an_icon_that_is_not_there_is_an_error():
    with pytest.raises(FileNotFoundError):
        icon("none")


def test_the_templates_name_icons_that_are_there_and_all_are_used():
    there = {file.stem for file in FOLDER.glob("*.svg")}
    text = "".join(file.read_text("utf-8") for file in ROOT.glob("templates/*.html"))
    calls = re.findall(r"icon\((.*?)\) ?}}", text)
    asked = {name for call in calls for name in re.findall(r'"([a-z][\w-]+)"', call)}
    assert {name for name in asked if "-" in name} <= there
    code = "".join(file.read_text("utf-8") for file in ROOT.glob("**/*.py")) + text
    assert sorted(name for name in there if f'"{name}"' not in code) == []


def test_every_page_of_the_menu_has_its_icon():
    for *_, name in MENU:
        assert icon(name)


def test_the_licence_is_beside_them():
    assert "ISC License" in (FOLDER / "LICENSE.txt").read_text("utf-8")
