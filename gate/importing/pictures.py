"""Pictures in the cells of a workbook: WPS's DISPIMG, Excel's pictures in cells and over them.

Nothing is unpacked here; a picture is the name of a member of the workbook's ZIP.
Sources: ECMA-376 part 1, 20.5 (drawings); [MS-XLSX] 2.3.11 (rich values); WPS's cellimages.xml.
"""

from __future__ import annotations

from gate.importing.book import Cell, Form, Row, Sheet
from gate.importing.package import Parts, attribute, natural

MOST_PICTURES = 200_000
EMBEDDED = "cell:"  # begins the name of a picture that lies in the workbook


def cell_pictures(
    parts: Parts, relations: dict[str, tuple[str, str]]
) -> tuple[dict[str, str], list[str]]:
    """Pictures that cells name.

    Returns name → member of the archive, and for each value of metadata (``vm`` from 1) the name
    of its picture or "".
    """
    pictures: dict[str, str] = {}
    targets = dict(relations.values())
    images = next((t for k, t in targets.items() if k.lower() == "cellimage"), "")
    _wps(parts, images or "xl/cellimages.xml", pictures)
    rich: list[str] = []
    for relation in _rich(parts, targets):
        member = parts.member(relation) if relation else None
        name = f"{EMBEDDED}{relation}" if member else ""
        if member:
            pictures[name] = member
        rich.append(name)
    return pictures, rich


def _wps(parts: Parts, images: str, pictures: dict[str, str]) -> None:
    related = parts.related(images)
    name = ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal name
        if tag == "cNvPr":
            name = attributes.get("name", "")
        elif tag == "blip" and name:
            target = related.get(attribute(attributes, "embed"), ("", ""))[1]
            member = parts.member(target) if target else None
            if member and len(pictures) < MOST_PICTURES:
                pictures[EMBEDDED + name] = member

    parts.parse(images, start)


def _rich(parts: Parts, targets: dict[str, str]) -> list[str]:
    """For each ``vm`` the part of its picture, or ""."""
    metadata = targets.get("sheetMetadata", "xl/metadata.xml")
    if not parts.member(metadata):
        return []
    values = targets.get("rdRichValue", "xl/richData/rdrichvalue.xml")
    links = targets.get("richValueRel", "xl/richData/richValueRel.xml")
    future: list[int] = []  # index into the rich values, of each block of XLRICHVALUE
    cells: list[int] = []  # of each value metadata, its block
    section = ""

    def metadata_start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal section
        if tag in ("futureMetadata", "valueMetadata", "cellMetadata"):
            section = tag
            if tag == "futureMetadata" and attributes.get("name") != "XLRICHVALUE":
                section = ""
        elif tag == "rvb" and section == "futureMetadata":
            future.append(_index(attributes.get("i", "")))
        elif tag == "rc" and section == "valueMetadata":
            cells.append(_index(attributes.get("v", "")))

    parts.parse(metadata, metadata_start)
    rich: list[int] = []  # of each rich value, the first number in it: its relation
    first = inside = False
    kept: list[str] = []

    def value_start(tag: str, _: dict[str, str]) -> None:
        nonlocal first, inside
        if tag == "rv":
            first = True
        inside = tag == "v" and first
        kept.clear()

    def value_end(tag: str) -> None:
        nonlocal first, inside
        if tag == "v" and inside:
            rich.append(_index("".join(kept)))
            first = inside = False

    parts.parse(values, value_start, value_end, kept.append)
    order: list[str] = []
    related = parts.related(links)

    def link_start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "rel":
            order.append(related.get(attribute(attributes, "id"), ("", ""))[1])

    parts.parse(links, link_start)
    found = []
    for block in cells[:MOST_PICTURES]:
        value = future[block] if 0 <= block < len(future) else -1
        link = rich[value] if 0 <= value < len(rich) else -1
        found.append(order[link] if 0 <= link < len(order) else "")
    return found


def sheet_pictures(parts: Parts, name: str, sheet: Sheet, index: int) -> dict[str, str]:
    """Pictures that lie over the cells of a sheet; those cells are set to name them.

    A picture belongs to the cell its middle lies in, since people place it roughly.
    """
    drawings = [target for kind, target in parts.related(name).values() if kind == "drawing"]
    rows = {row.number: row for row in sheet.rows}
    pictures: dict[str, str] = {}
    for drawing in drawings[:20]:
        for (row, column), target in _anchors(parts, drawing):
            member = parts.member(target)
            if member is None or len(pictures) >= MOST_PICTURES or row not in rows:
                continue
            key = f"{EMBEDDED}{index}/{row}/{column}/{len(pictures)}/{target}"
            pictures[key] = member
            _place(rows[row], column, key)
    return pictures


def _place(row: Row, column: int, name: str) -> None:
    there = row.cells.get(column)
    if there is not None and there.form is Form.PICTURE:
        name = f"{there.text};{name}"
    elif there is not None and there.text.strip():
        return  # the cell has a value of its own
    row.cells[column] = Cell(name, Form.PICTURE)


def _anchors(parts: Parts, drawing: str) -> list[tuple[tuple[int, int], str]]:
    related = parts.related(drawing)
    found: list[tuple[tuple[int, int], str]] = []
    corners: dict[str, dict[str, int]] = {}
    corner = inside = ""
    kept: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal corner, inside
        if tag in ("twoCellAnchor", "oneCellAnchor"):
            corners.clear()
        elif tag in ("from", "to"):
            corner = tag
            corners[tag] = {}
        elif tag in ("row", "col", "rowOff", "colOff"):
            inside = tag
            kept.clear()
        elif tag == "blip" and "from" in corners:
            target = related.get(attribute(attributes, "embed"), ("", ""))[1]
            if target and len(found) < MOST_PICTURES:
                found.append((_middle(corners), target))

    def end(tag: str) -> None:
        nonlocal inside
        if tag == inside and corner:
            corners.setdefault(corner, {})[tag] = _index("".join(kept))
            inside = ""

    parts.parse(drawing, start, end, lambda text: kept.append(text) if inside else None)
    return found


_ROW, _COLUMN = 190_500, 609_600  # EMU: the usual height and width of a cell


def _middle(corners: dict[str, dict[str, int]]) -> tuple[int, int]:
    """Row from 1 and column from 0 of the cell under the middle of an anchor."""
    begin = corners["from"]
    finish = corners.get("to") or begin
    middle = []
    for line, offset, size in (("row", "rowOff", _ROW), ("col", "colOff", _COLUMN)):
        one, other = begin.get(line, 0), finish.get(line, begin.get(line, 0))
        if one == other:
            middle.append(one)
            continue
        tall = min(1.0, begin.get(offset, 0) / max(size, finish.get(offset, 0), 1))
        low = one + tall
        high = other + min(1.0, finish.get(offset, 0) / max(size, finish.get(offset, 0), 1))
        middle.append(int((low + high) / 2))
    return middle[0] + 1, middle[1]


def _index(text: str) -> int:
    found = natural(text)
    return -1 if found is None else found
