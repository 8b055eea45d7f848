"""What a typed line stands for."""

from __future__ import annotations

import pytest

from gate.readers.claim import UNREADABLE, ClaimKind
from gate.readers.settings import ReaderSettings
from gate.readers.typed_claim import typed_claim


@pytest.mark.parametrize(
    ("kind", "line", "claim"),
    [
        ("card", "0002972728", (ClaimKind.CARD, "0002972728")),
        ("card", "not a card", (ClaimKind.CARD, UNREADABLE)),
        ("pin", "4711", (ClaimKind.PIN, "4711")),
        ("pin", "47a1", (ClaimKind.PIN, UNREADABLE)),
        ("pin", "４７１１", (ClaimKind.PIN, UNREADABLE)),
        ("card", "0000000000", (ClaimKind.CARD, UNREADABLE)),
        ("card", "4294967295", (ClaimKind.CARD, UNREADABLE)),
        ("card", "12345678", (ClaimKind.CARD, UNREADABLE)),
        ("card", "0002972728 045,23608", (ClaimKind.CARD, "0002972728")),
        ("card", "04A2245BD91290", (ClaimKind.CARD, f"{0x04A2245BD91290:017d}")),
        ("permit", " ", (ClaimKind.PERMIT, UNREADABLE)),
        ("permit", "GATE1:x", (ClaimKind.PERMIT, "GATE1:x")),
    ],
)
def test_what_a_line_stands_for(kind: str, line: str, claim: object) -> None:
    settings = ReaderSettings(driver="wedge", kind=kind)  # type: ignore[arg-type]
    assert typed_claim(line, settings) == claim


def test_a_reader_that_sends_the_lowest_byte_first() -> None:
    settings = ReaderSettings(driver="wedge", byte_order="reversed", form="hex")  # type: ignore[arg-type]
    assert typed_claim("385C2D00", settings) == (ClaimKind.CARD, "0002972728")


def test_eight_digits_are_readable_once_the_form_is_set() -> None:
    settings = ReaderSettings(driver="wedge", form="hex")  # type: ignore[arg-type]
    assert typed_claim("12345678", settings) == (ClaimKind.CARD, f"{0x12345678:010d}")
