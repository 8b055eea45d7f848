"""Pictures in and over the cells of workbooks are the photographs of their lines."""

from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook
from openpyxl.drawing.image import Image
from PIL import Image as Pillow

from gate.importing.photos import BookPhotos, NoPhotos
from gate.importing.table import open_table
from tests.importing.test_neighbours import RELATIONS, row, workbook


def picture(colour="red", form="PNG"):
    file = io.BytesIO()
    Pillow.new("RGB", (32, 32), colour).save(file, form)
    return file.getvalue()


def photographs(path):
    """Name of each person → bytes of their photograph; None without one."""
    table = open_table(path)
    photos = BookPhotos(path, table.book.pictures, NoPhotos())
    try:
        return {
            line.values["name"]: photos.read(line.values["photo"])
            if "photo" in line.values
            else None
            for line in table.lines
        }
    finally:
        photos.close()


def related(*targets):
    """Relations rId1, rId2, ... to images."""
    inside = "".join(
        f'<Relationship Id="rId{i}" Type="{RELATIONS}/image" Target="{target}"/>'
        for i, target in enumerate(targets, start=1)
    )
    return f"<Relationships>{inside}</Relationships>"


def rich(tmp_path, *, order=(0, 1), missing=""):
    """A workbook with pictures placed in cells, as Excel 365 writes them."""
    blocks = "".join(f'<bk><extLst><ext><xlrd:rvb i="{i}"/></ext></extLst></bk>' for i in order)
    parts = {
        "xl/metadata.xml": (
            '<metadata xmlns:xlrd="r"><metadataTypes><metadataType name="XLRICHVALUE"/>'
            f'</metadataTypes><futureMetadata name="XLRICHVALUE">{blocks}</futureMetadata>'
            '<valueMetadata><bk><rc t="1" v="0"/></bk><bk><rc t="1" v="1"/></bk></valueMetadata>'
            "</metadata>"
        ),
        "xl/richData/rdrichvalue.xml": (
            '<rvData><rv s="0"><v>0</v><v>5</v></rv><rv s="0"><v>1</v><v>5</v></rv></rvData>'
        ),
        "xl/richData/richValueRel.xml": (
            f'<richValueRels xmlns:r="{RELATIONS}"><rel r:id="rId1"/><rel r:id="rId2"/>'
            "</richValueRels>"
        ),
        "xl/richData/_rels/richValueRel.xml.rels": related("../media/1.png", "../media/2.png"),
        "xl/media/1.png": picture("red"),
        "xl/media/2.png": picture("blue"),
    }
    parts.pop(missing, None)
    cells = [f'<c t="e" vm="{i}"><v>#VALUE!</v></c>' for i in (1, 2)]
    data = row(1, "姓名", "照片") + row(2, "王芳", cells[0]) + row(3, "李红", cells[1])
    return workbook(tmp_path / "people.xlsx", f"<sheetData>{data}</sheetData>", parts=parts)


def test_pictures_placed_in_cells_by_excel(tmp_path):
    assert photographs(rich(tmp_path)) == {"王芳": picture("red"), "李红": picture("blue")}


def test_pictures_placed_in_cells_in_another_order(tmp_path):
    found = photographs(rich(tmp_path, order=(1, 0)))
    assert found == {"王芳": picture("blue"), "李红": picture("red")}


@pytest.mark.parametrize(
    "missing",
    ["xl/metadata.xml", "xl/richData/rdrichvalue.xml", "xl/richData/richValueRel.xml"],
)
def test_a_picture_whose_parts_are_not_there_is_a_mistake_of_its_line(tmp_path, missing):
    table = open_table(rich(tmp_path, missing=missing))
    assert [(wrong.line, wrong.column) for wrong in table.wrong] == [(2, "photo"), (3, "photo")]


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_pictures_lying_over_cells(tmp_path, form):
    book = Workbook()
    sheet = book.active
    for line in (["姓名", "照片"], ["王芳"], ["李红"], ["张三"]):
        sheet.append(line)
    for number, colour in ((2, "red"), (4, "blue")):
        file = tmp_path / f"{colour}.{form.lower()}"
        file.write_bytes(picture(colour, form))
        sheet.add_image(Image(str(file)), f"B{number}")
        sheet.row_dimensions[number].height = 40
    path = tmp_path / "people.xlsx"
    book.save(path)
    found = photographs(path)
    assert [found[name] is not None for name in ("王芳", "李红", "张三")] == [True, False, True]
    assert Pillow.open(io.BytesIO(found["张三"])).getpixel((9, 9))[2] > 200


def test_two_pictures_of_wps_in_one_column_and_one_that_is_not_there(tmp_path):
    images = "".join(
        f'<etc:cellImage><xdr:pic><xdr:cNvPr name="ID_{i}"/><a:blip r:embed="rId{i}"/></xdr:pic>'
        "</etc:cellImage>"
        for i in (1, 2)
    )
    cells = [f'<c t="str"><f>_xlfn.DISPIMG(&quot;ID_{i}&quot;,1)</f></c>' for i in (2, 1, 9)]
    data = row(1, "姓名", "照片") + "".join(
        row(number, name, cell)
        for number, name, cell in zip((2, 3, 4), ("王芳", "李红", "张三"), cells, strict=True)
    )
    parts = {
        "xl/cellimages.xml": (
            f'<etc:cellImages xmlns:r="{RELATIONS}" xmlns:etc="e" xmlns:xdr="x" xmlns:a="a">'
            f"{images}</etc:cellImages>"
        ),
        "xl/_rels/cellimages.xml.rels": related("media/1.png", "media/2.png"),
        "xl/media/1.png": picture("red"),
        "xl/media/2.png": picture("blue"),
    }
    path = workbook(tmp_path / "people.xlsx", f"<sheetData>{data}</sheetData>", parts=parts)
    table = open_table(path)
    photos = BookPhotos(path, table.book.pictures, NoPhotos())
    names = [line.values["photo"] for line in table.lines]
    assert photos.read(names[0]) == picture("blue")
    assert photos.read(names[1]) == picture("red")
    assert not photos.has(names[2])
    photos.close()


def test_pictures_in_the_cells_of_an_opendocument_table(tmp_path):
    def line(name, file):
        shape = (
            f'<draw:frame><draw:image xlink:href="Pictures/{file}"/></draw:frame>' if file else ""
        )
        cells = f"<table:table-cell><text:p>{name}</text:p></table:table-cell>"
        cells += f"<table:table-cell>{shape}</table:table-cell>"
        return f"<table:table-row>{cells}</table:table-row>"

    head = (
        "<table:table-row><table:table-cell><text:p>姓名</text:p></table:table-cell>"
        "<table:table-cell><text:p>照片</text:p></table:table-cell></table:table-row>"
    )
    spaces = "".join(
        f' xmlns:{name}="urn:{name}"' for name in ("office", "table", "text", "draw", "xlink")
    )
    content = (
        f'<office:document-content{spaces}><office:body><table:table table:name="people">{head}'
        f"{line('王芳', '1.png')}{line('李红', '')}{line('张三', '2.png')}"
        "</table:table></office:body></office:document-content>"
    )
    path = tmp_path / "people.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("Pictures/1.png", picture("red"))
        archive.writestr("Pictures/2.png", picture("blue"))
    found = photographs(path)
    assert found == {"王芳": picture("red"), "李红": None, "张三": picture("blue")}
