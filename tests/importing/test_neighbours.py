"""Neighbours of the cases: the same kinds of trouble in other clothes."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest
from PIL import Image as Pillow

from gate.errors import ConfigurationError
from gate.importing.choices import Choices
from gate.importing.days import birth_year, days
from gate.importing.delimited import ENCODINGS
from gate.importing.formats import shown
from gate.importing.headings import column_of, is_unneeded
from gate.importing.homes import home
from gate.importing.photos import BookPhotos, NoPhotos, ZipPhotos
from gate.importing.table import open_table
from gate.importing.text import code, name
from gate.importing.values import answer, cards, kind

NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(path, sheet, *, sheets=(("people", "visible"),), parts=None):
    """A workbook written by hand: the XML of its one sheet's data, and other parts."""
    listed = "".join(
        f'<sheet name="{title}" sheetId="{i}" state="{state}" r:id="rId{i}"/>'
        for i, (title, state) in enumerate(sheets, start=1)
    )
    related = "".join(
        f'<Relationship Id="rId{i}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(sheets) + 1)
    )
    related += f'<Relationship Id="s" Type="{RELATIONS}/styles" Target="/xl/styles.xml"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{NAMESPACE}" xmlns:r="{RELATIONS}">'
            f"<sheets>{listed}</sheets></workbook>",
        )
        archive.writestr("xl/_rels/workbook.xml.rels", f"<Relationships>{related}</Relationships>")
        for i in range(1, len(sheets) + 1):
            archive.writestr(
                f"xl/worksheets/sheet{i}.xml", f'<worksheet xmlns="{NAMESPACE}">{sheet}</worksheet>'
            )
        for part, content in (parts or {}).items():
            archive.writestr(part, content)
    return path


def row(number, *cells):
    """A row of inline strings; what begins with < is a cell as it is."""
    made = "".join(
        cell if cell.startswith("<") else f'<c t="inlineStr"><is><t>{cell}</t></is></c>'
        for cell in cells
    )
    return f'<row r="{number}">{made}</row>'


def values(path, **choices):
    return [line.values for line in open_table(path, Choices(**choices)).lines]


@pytest.mark.parametrize(
    "dimension",
    ['<dimension ref="A1"/>', '<dimension ref="B7:B7"/>', '<dimension ref="A1:XFD1048576"/>', ""],
)
def test_whatever_dimension_a_sheet_claims(tmp_path, dimension):
    data = row(1, "name", "number", "card") + row(2, "Li", "7", "0002972728")
    path = workbook(tmp_path / "people.xlsx", f"{dimension}<sheetData>{data}</sheetData>")
    assert values(path) == [{"name": "Li", "number": "7", "card": "0002972728"}]


def test_a_value_in_the_last_column_of_the_last_row_costs_nothing(tmp_path):
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    data = row(1, "name") + row(2, "Li") + far
    table = open_table(workbook(tmp_path / "people.xlsx", f"<sheetData>{data}</sheetData>"))
    assert [line.values for line in table.lines] == [{"name": "Li"}]
    assert [column.letter for column in table.columns if column.reason == "nameless"] == ["XFD"]


@pytest.mark.parametrize("part", ["xl/styles.xml", "XL\\Styles.XML"])
@pytest.mark.parametrize(
    "fills", ["<fills><fill/></fills>", "<fills/>", "<fonts><font><b/></font>"]
)
def test_styles_that_other_readers_refuse(tmp_path, fills, part):
    data = row(1, "name", "card") + row(2, "Li", '<c s="1"><v>2972728</v></c>')
    formats = '<numFmts><numFmt numFmtId="200" formatCode="0000000000"/></numFmts>'
    styles = f'<styleSheet>{formats}<cellXfs><xf/><xf numFmtId="200"/></cellXfs>{fills}'
    path = tmp_path / "people.xlsx"
    workbook(path, f"<sheetData>{data}</sheetData>", parts={part: styles + "</styleSheet>"})
    assert values(path) == [{"name": "Li", "card": "0002972728"}]


@pytest.mark.parametrize(
    ("value", "style", "text"),
    [
        (45, "000", "045"),
        (4523608, '000","00000', "045,23608"),
        (46027, "yyyy/m/d", "2026-01-05"),
        (46027.75, '[$-804]yyyy"年"m"月"d"日";@', "2026-01-05"),
        (46027, "m月d日", "2026-01-05"),
        (1980, "General", "1980"),
        (0.5, "h:mm", "0.5"),
        (13800138000, "0_ ", "13800138000"),
    ],
)
def test_numbers_as_they_are_shown(value, style, text):
    assert shown(float(value), style).text == text


def test_days_since_1904():
    assert shown(44565, "yyyy-mm-dd", since_1904=True).text == "2026-01-05"


@pytest.mark.parametrize(
    ("cell", "wrong"),
    [
        ('<c t="e"><v>#NAME?</v></c>', "the error #NAME?"),
        ('<c t="str"><f>A1</f><v></v></c>', None),  # a formula that gives an empty text
        ("<c><f>VLOOKUP(A2,B:C,2)</f></c>", "formula without its value"),
        ("<c><v>110101198001012345</v></c>", "digits were lost"),
        ('<c t="inlineStr"><is><t>1.1E+17</t></is></c>', "digits were lost"),
        ('<c t="d"><v>2026-03-05T00:00:00</v></c>', "became a date"),
    ],
)
def test_cells_that_are_no_number_of_anybody(tmp_path, cell, wrong):
    data = row(1, "name", "number") + row(2, "Li", cell)
    table = open_table(workbook(tmp_path / "people.xlsx", f"<sheetData>{data}</sheetData>"))
    assert (wrong is None and table.wrong == ()) or wrong in table.wrong[0].what
    assert "number" not in table.lines[0].values


def test_two_visible_sheets_are_asked_about_and_a_very_hidden_one_is_not(tmp_path):
    data = f"<sheetData>{row(1, 'name', 'number')}{row(2, 'Li', '1')}</sheetData>"
    sheets = (("a", "veryHidden"), ("b", "visible"), ("c", "visible"))
    path = workbook(tmp_path / "people.xlsx", data, sheets=sheets)
    (question,) = open_table(path).open
    assert question.options == ("b", "c")
    assert open_table(path, Choices(sheet="c")).open == ()


def test_a_title_sections_sums_and_headings_repeated_on_each_page(tmp_path):
    text = (
        "花园小区\n\n姓名,楼栋,房号\n王芳,1,101\n姓名,楼栋,房号\n李红,1,102\n"
        "合计：2人,,\n制表人：张,,\n"
    )
    path = tmp_path / "people.csv"
    path.write_text(text)
    assert [line["name"] for line in values(path)] == ["王芳", "李红"]
    skipped = open_table(path).skipped
    assert [line for line, _ in skipped] == [5, 7, 8]


def test_a_picture_of_wps_in_a_cell_is_the_photograph_of_its_line(tmp_path):
    picture = io.BytesIO()
    Pillow.new("RGB", (32, 32), "red").save(picture, "PNG")
    images = (
        f'<etc:cellImages xmlns:r="{RELATIONS}" xmlns:etc="e" xmlns:xdr="x" xmlns:a="a">'
        '<etc:cellImage><xdr:pic><xdr:cNvPr name="ID_1"/><a:blip r:embed="rId1"/></xdr:pic>'
        "</etc:cellImage></etc:cellImages>"
    )
    related = (
        '<Relationships><Relationship Id="rId1" Type="image" Target="media/1.png"/></Relationships>'
    )
    cell = '<c t="str"><f>_xlfn.DISPIMG("ID_1",1)</f><v>=DISPIMG("ID_1",1)</v></c>'
    data = row(1, "姓名", "照片") + row(2, "王芳", cell)
    parts = {
        "xl/cellimages.xml": images,
        "xl/_rels/cellimages.xml.rels": related,
        "xl/media/1.png": picture.getvalue(),
    }
    path = workbook(tmp_path / "people.xlsx", f"<sheetData>{data}</sheetData>", parts=parts)
    table = open_table(path)
    photos = BookPhotos(path, table.book.pictures, NoPhotos())
    (line,) = table.lines
    assert photos.read(line.values["photo"]) == picture.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030", "big5", "shift_jis"])
def test_encodings_of_more_tables(tmp_path, encoding):
    path = tmp_path / "people.csv"
    path.write_bytes("姓名;編號;電話\n林美玲;1;138\n山田太郎;2;139\n".encode(encoding, "replace"))
    table = open_table(path)
    assert table.lines[0].values["name"] == "林美玲"
    assert table.book.delimiter == ";"
    assert set(table.book.encodings) <= {*ENCODINGS, *table.book.encodings}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026年01月05号", {"": date(2026, 1, 5)}),
        ("5-Jan-2026", {"": date(2026, 1, 5)}),
        ("２０２６．１．５", {"": date(2026, 1, 5)}),
        ("25/12/2026", {"": date(2026, 12, 25)}),
        ("5/5/2026", {"": date(2026, 5, 5)}),
        ("3/4/2026", {"dmy": date(2026, 4, 3), "mdy": date(2026, 3, 4)}),
        ("2026-02-30", {}),
        ("明天", {}),
    ],
)
def test_more_days(text, found):
    assert days(text) == found


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("0004523608", {""}),
        ("045,23608", {""}),
        ("002D5C38", {""}),
        ("004523608", {""}),  # nine digits can be decimal only
        ("04523608", {"decimal", "facility", "hex"}),
        ("12", {"decimal", "hex"}),
    ],
)
def test_what_a_card_may_be(text, ways):
    found = set(cards(text))
    assert found == ways or (text == "12" and found >= ways)


def test_words_of_people():
    assert [kind(text) for text in ("业主", "租客", "物业人员", "King")] == [
        *("resident", "tenant", "staff", "King"),
    ]
    assert [answer(text) for text in ("✓", "Y", "不同意", "待定", "X")] == [
        *("agreed", "agreed", "refused", "", "X"),
    ]
    assert home("3号楼2单元501") == ("3号楼", "2单元501")
    assert home("3-2-501室") == ("3", "2单元501")
    assert home("幸福路") is None
    assert [birth_year(text) for text in ("1980年", "1980/5/3", "２０００", "①980")] == [
        *("1980", "1980", "2000", "①980"),
    ]
    assert name("王\u3000芳\u200b") == "王芳"
    assert name("Jose\u0301  Pe\u0301rez") == "José Pérez"
    assert code("\u202d１００２\u202c") == "1002"
    assert column_of("姓 名*（必填）") == "name"
    assert is_unneeded("身份证号码")


def test_names_of_photographs_in_other_clothes(tmp_path):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in ("照片/1202_李红.JPG", "照片/Jose\u0301.jpeg", "照片/a.jpg", "照片/.DS_Store"):
            archive.writestr(file, file)
    photos = ZipPhotos(path)
    assert photos.of("1202", "李红") == photos.of("", "李红") == ["照片/1202_李红.JPG"]
    assert photos.of("120", "") == []
    assert all(photos.has(text) for text in ("josé.JPEG", "照片\\a.JPG", "A", r"C:\x\a.jpg"))
    assert len(photos.names()) == 3


@pytest.mark.parametrize(
    ("head", "wrong"),
    [
        (b"%PDF-1.7", "this is no table"),
        (b"PK\x03\x04 nothing", "cannot be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, head, wrong):
    path = tmp_path / "people.xlsx"
    path.write_bytes(head)
    with pytest.raises(ConfigurationError, match=wrong):
        open_table(path)


def test_a_web_page_named_xls(tmp_path):
    path = tmp_path / "people.xls"
    path.write_bytes(
        "<html><meta charset=gb2312><table><tr><th>姓名<th>楼栋<th>房号"
        "<tr><td>王芳<td rowspan=2>1<td>101<tr><td>李红<td>102</table>".encode("gb18030")
    )
    assert [(line["name"], line["building"], line["unit"]) for line in values(path)] == [
        *(("王芳", "1", "101"), ("李红", "1", "102")),
    ]
