"""Files that cannot be read, or only in one way: what is refused, and what is not."""

from __future__ import annotations

import struct
import zipfile

import pytest
from openpyxl import Workbook

from gate.errors import ConfigurationError
from gate.importing.table import open_table

PEOPLE = "姓名,编号\n欧阳娜娜,1\n"


def names(path):
    return [line.values["name"] for line in open_table(path).lines]


def encrypted_xls():
    """A workbook of Excel 97 that says, before anything else, that it is encrypted."""
    begin = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    return begin + struct.pack("<HHHHH", 0x002F, 6, 0, 0x1234, 0x5678)


@pytest.mark.parametrize("name", ["people.xls", "people.et"])
def test_an_encrypted_workbook_of_old_is_refused_with_what_to_do(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(encrypted_xls())
    with pytest.raises(ConfigurationError, match="protected by a password") as refused:
        open_table(path)
    assert "the workbook protection" in refused.value.hint


@pytest.mark.parametrize(
    "parts",
    [
        {"encrypted-package": b"x", "META-INF/manifest.xml": b"<manifest/>"},
        {
            "content.xml": b"\x93\x12",
            "META-INF/manifest.xml": b"<manifest><encryption-data/></manifest>",
        },
    ],
)
def test_an_encrypted_open_document_is_refused_with_what_to_do(tmp_path, parts):
    path = tmp_path / "people.ods"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(ConfigurationError, match="protected by a password"):
        open_table(path)


def test_the_mark_of_utf_8_before_another_encoding_is_no_heading(tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(b"\xef\xbb\xbf" + PEOPLE.encode("gb18030"))
    assert names(path) == ["欧阳娜娜"]
    path.write_bytes(b"\xef\xbb\xbf" + PEOPLE.encode())
    assert names(path) == ["欧阳娜娜"]


def test_a_sheet_of_headings_alone_is_not_offered(tmp_path):
    workbook = Workbook()
    workbook.active.append(("姓名", "编号"))
    workbook.active.append(("甲", "1"))
    workbook.create_sheet("空白表").append(("姓名", "编号"))
    path = tmp_path / "people.xlsx"
    workbook.save(path)
    table = open_table(path)
    assert (table.sheets, table.questions) == (("Sheet",), ())


def test_cells_below_a_merged_one_are_not_counted_where_an_xml_spreadsheet_leaves_them_out(
    tmp_path,
):
    def row(*cells):
        made = (
            f'<Cell {merged}><Data ss:Type="String">{text}</Data></Cell>' for text, merged in cells
        )
        return f"<Row>{''.join(made)}</Row>"

    rows = [
        row(("姓名", 'ss:MergeDown="1"'), ("房屋", 'ss:MergeAcross="1"')),
        row(("楼号", ""), ("房号", "")),
        row(("甲", ""), ("3号楼", 'ss:MergeDown="1"'), ("101", "")),
        row(("乙", ""), ("102", "")),
        row(("丙", ""), ("4号楼", ""), ("103", "")),
        row(("丁", ""), ("104", 'ss:Index="3"')),
    ]
    path = tmp_path / "people.xml"
    path.write_text(
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"'
        ' xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="a"><Table>'
        f"{''.join(rows)}</Table></Worksheet></Workbook>",
        "utf-8",
    )
    found = [tuple(line.values.values()) for line in open_table(path).lines]
    assert found[:3] == [("甲", "3号楼", "101"), ("乙", "3号楼", "102"), ("丙", "4号楼", "103")]
    assert found[3] == ("丁", "104")
