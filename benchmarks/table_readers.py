"""What libraries make of the tables in fixtures/cases, beside the readers of gate/importing.

``python -m benchmarks.table_readers`` needs ``pip install python-calamine`` beside the project.
Prints for each workbook how many people and values each way gives, and why not.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from openpyxl import load_workbook  # type: ignore[import-untyped]

from gate.errors import GateError
from gate.importing.table import open_table

CASES = Path(__file__).parent.parent / "fixtures" / "cases"


def by_openpyxl(path: Path) -> str:
    """Row by row with the dimension reset, as values."""
    book = load_workbook(path, read_only=True, data_only=True)
    sheet = book.worksheets[0]
    sheet.reset_dimensions()
    return _reported([list(row) for row in sheet.iter_rows(values_only=True)])


def by_calamine(path: Path) -> str:
    """The first sheet as python-calamine gives it."""
    from python_calamine import CalamineWorkbook  # type: ignore[import-not-found]

    return _reported(CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python())


def by_gate(path: Path) -> str:
    """Lines, values, mistakes and questions."""
    table = open_table(path)
    values = sum(len(line.values) for line in table.lines)
    reported = f"{len(table.lines)} lines, {values} values"
    if table.wrong:
        reported += f", {len(table.wrong)} mistakes"
    return reported + "".join(f", asks {question.about}" for question in table.open)


def _reported(rows: list[list[object]]) -> str:
    filled = [[cell for cell in row if cell not in (None, "")] for row in rows[1:]]
    return f"{sum(map(bool, filled))} lines, {sum(map(len, filled))} values"


def main() -> None:
    """Print a line a workbook."""
    ways: dict[str, Callable[[Path], str]] = {
        "openpyxl": by_openpyxl,
        "calamine": by_calamine,
        "gate": by_gate,
    }
    for path in sorted(CASES.glob("*/people.xlsx")):
        reported = []
        for name, way in ways.items():
            try:
                reported.append(f"{name}: {way(path)}")
            except GateError as error:
                reported.append(f"{name}: {error.what}")
            except Exception as error:  # whatever a library raises is what is compared
                reported.append(f"{name}: {type(error).__name__}")
        print(f"{path.parent.name:18} " + " | ".join(reported))


if __name__ == "__main__":
    main()
