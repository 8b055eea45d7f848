"""A workbook of one sheet of texts as a stream: the first bytes at once, in constant memory.

Office Open XML (ECMA-376) in the least that Excel, WPS and LibreOffice need. openpyxl and
XlsxWriter write the whole sheet into a file first, so that nothing arrives for as long as it takes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

from gate.importing.workbooks import legal

_PIECE = 1 << 16  # bytes handed on at a time
_TOP = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/>'
    "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    "</Relationships>",
    # style 0 is what Excel expects there, 1 is text, 2 a heading
    "xl/styles.xml": f'<styleSheet xmlns="{_SHEETS}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFE5E9EE"/></patternFill></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="2" borderId="0" xfId="0" applyNumberFormat="1" '
    'applyFont="1" applyFill="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>",
}
_LONGEST = 32_000  # characters of a cell


def stream(headings: Sequence[str], rows: Iterable[Sequence[str]], title: str) -> Iterator[bytes]:
    """The file in pieces. Every cell is text, never a formula; ``rows`` are asked for one by one.

    Args:
        headings: of the first line, which stays in view.
        title: of the sheet; at most 31 characters, without ``[]:*?/\\``.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, part in (*_PARTS.items(), ("xl/workbook.xml", _workbook(title))):
            archive.writestr(name, _TOP + part)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            width = max(len(headings), 1)
            sheet.write(
                f'{_TOP}<worksheet xmlns="{_SHEETS}"><sheetViews><sheetView workbookViewId="0">'
                '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
                f'</sheetView></sheetViews><cols><col min="1" max="{width}" width="16" '
                f'customWidth="1"/></cols><sheetData>{_line(1, headings, 2)}'.encode()
            )
            yield sink.taken()
            for number, row in enumerate(rows, start=2):
                sheet.write(_line(number, row, 1).encode())
                if sink.size >= _PIECE:
                    yield sink.taken()
            sheet.write(b"</sheetData></worksheet>")
    yield sink.taken()


def _workbook(title: str) -> str:
    return (
        f'<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name={quoteattr(title)} sheetId="1" r:id="r1"/></sheets></workbook>'
    )


def _line(number: int, cells: Sequence[str], style: int) -> str:
    written = "".join(
        f'<c r="{get_column_letter(place)}{number}" s="{style}" t="inlineStr"><is>'
        f'<t xml:space="preserve">{escape(legal(text)[:_LONGEST])}</t></is></c>'
        for place, text in enumerate(cells, start=1)
        if text
    )
    return f'<row r="{number}">{written}</row>'


class _Sink(io.RawIOBase):
    """What a ZIP archive is written to that nobody can seek in."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._pieces.append(piece)
        self.size += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        """What was written since the last time."""
        whole = b"".join(self._pieces)
        self._pieces, self.size = [], 0
        return whole
