"""A workbook that is sent while it is written: whole, in order, never more than a piece at once."""

from __future__ import annotations

import io
from collections.abc import Iterator

import openpyxl  # type: ignore[import-untyped]
import pytest

from gate.importing import workbook_stream


def test_what_arrives_is_a_workbook_of_texts() -> None:
    rows = [("=1+1", "007", ""), ("<a> & 'b'", " kept ", "x\x0b_x0041_"), ("z" * 40_000, "", "c")]
    data = b"".join(workbook_stream.stream(["一", "B", "C"], rows, "Log & <all>"))
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["Log & <all>"]
    sheet = book.active
    assert sheet.freeze_panes == "A2"
    found = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert found[:3] == [
        ["一", "B", "C"],
        ["=1+1", "007", None],
        ["<a> & 'b'", " kept ", "x_x005F_x0041_"],  # as Excel reads it: x_x0041_
    ]
    assert found[3] == ["z" * 32_000, None, "c"]
    assert sheet["A2"].data_type == "s", "never a formula"
    assert sheet["A1"].font.b


@pytest.mark.slow
def test_the_first_bytes_come_before_the_first_line_and_pieces_stay_small() -> None:
    asked = 0

    def lines() -> Iterator[tuple[str, ...]]:
        nonlocal asked
        for number in range(50_000):
            asked += 1
            yield (f"event {number * 7919 % 50_000}", "north", "granted")

    pieces = workbook_stream.stream(["a", "b", "c"], lines(), "t")
    first = next(pieces)
    assert first.startswith(b"PK")
    assert asked == 0
    sizes = [len(piece) for piece in pieces]
    assert asked == 50_000
    assert len(sizes) > 4
    assert max(sizes) < 4 * 65_536
