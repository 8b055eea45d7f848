"""Numbers of lines of several sheets, and of two people in a line."""

from __future__ import annotations

from gate.importing.line_numbers import MOST_SHEETS, line_of, numbered, sheet_of, shown


def test_a_number_says_sheet_and_line_and_is_nobody_elses():
    made = {
        numbered(line, sheet=sheet, second=second)
        for line in (1, 15, 1_048_576)
        for sheet in (0, 1, 2, MOST_SHEETS)
        for second in (False, True)
    }
    assert len(made) == 24
    assert max(made) < 2**31
    assert {(sheet_of(number), line_of(number)) for number in made} == {
        (sheet, line) for sheet in (0, 1, 2, MOST_SHEETS) for line in (1, 15, 1_048_576)
    }


def test_a_line_is_read_as_the_spreadsheet_shows_it():
    assert shown(15) == shown(numbered(15, second=True)) == "15"
    assert shown(numbered(15, sheet=2)) == "2/15"
    assert shown(numbered(numbered(15, sheet=2), second=True)) == "2/15"
