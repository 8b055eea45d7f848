"""Characters that are digits to Python and no number: ``"²".isdigit()``, but not ``int("²")``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.commands.people import find_person
from gate.errors import ConfigurationError, StoreError
from gate.importing.package import natural
from gate.readers.claim import UNREADABLE
from gate.readers.settings import ReaderSettings
from gate.readers.typed_claim import typed_claim
from gate.setup import answers
from gate.setup.document import Document
from gate.simulators.numato_board import NumatoBoard
from gate.store.settings import StoreSettings
from gate.store.store import Store

ODD = ["²", "200²", "①", "٣", "１２", "৪", "9" * 40, "-1", "1_0", " 1"]
digits = st.text(st.sampled_from("0123456789²³¹①٣１২৪⁴₅-_ ."), min_size=1, max_size=40)


def test_isdigit_is_asked_of_ascii_only() -> None:
    root = Path(__file__).parents[1]
    wrong = [
        f"{path.relative_to(root)}:{number}"
        for room in ("gate", "enroll", "benchmarks", "research", "tools", "examples")
        for path in sorted((root / room).rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"\.is(digit|numeric|decimal)\(", line)
        and "isascii()" not in line
        # a condition over several lines has it in the line above
        and "isascii()" not in path.read_text().splitlines()[number - 2]
    ]
    assert not wrong, f"int() fails on what isdigit() lets pass, as '200²': {wrong}"


@given(digits)
def test_the_readers_of_numbers_take_or_refuse_and_never_fail(text: str) -> None:
    plain = text.strip().isascii() and text.strip().isdigit()
    assert (natural(text) is not None) <= plain
    pin = typed_claim(text, ReaderSettings(driver="wedge", port="/dev/x", kind="pin"))
    assert pin[1] == UNREADABLE or plain
    for line in (f"gpio read {text}", f"relay on {text}", f"relay read {text}"):
        NumatoBoard().receive(line.encode() + b"\r", 0.0)
    document = Document(Path("gate.toml"), "")
    try:
        answers.board(document, f"gpio:{text}")
        answers.board(document, f"modbus:host:{text}")
    except ConfigurationError:
        pass


@pytest.mark.parametrize("number", ODD)
def test_a_person_by_an_odd_number_is_nobody(number: str, tmp_path: Path) -> None:
    with (
        Store.open(StoreSettings(ballast=0), tmp_path) as store,
        pytest.raises(StoreError, match="nobody"),
    ):
        find_person(store, f"#{number}")


def test_who_types_an_id_as_a_number_is_told_how_it_is_written(tmp_path: Path) -> None:
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        person = store.people.create("李红").id
        with pytest.raises(StoreError) as caught:  # a shell takes a bare # for a comment
            find_person(store, str(person))
        assert caught.value.hint.endswith(f"; an id is written in quotes: '#{person}'")
        with pytest.raises(StoreError) as caught:
            find_person(store, str(person + 1))
        assert caught.value.hint.endswith("TEXT`")
