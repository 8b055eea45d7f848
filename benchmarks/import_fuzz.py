"""Damaged workbooks, archives and photographs: each gives a clear error or what it holds.

``python -m benchmarks.import_fuzz 10000`` mutates each kind that often and prints how many were
refused and the most memory the process held. Any other exception ends it with its seed.
"""

from __future__ import annotations

import io
import resource
import sys
import tempfile
import zipfile
from pathlib import Path
from random import Random

from openpyxl import Workbook  # type: ignore[import-untyped]
from PIL import Image as Pillow

from gate.errors import GateError
from gate.importing.choices import Choices
from gate.importing.photos import ZipPhotos
from gate.importing.read import read_book
from gate.importing.understand import understand
from gate.importing.workbooks import template
from gate.services.image_decode import decode

CASES = Path(__file__).parent.parent / "fixtures" / "cases"
TEXTS = (
    '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
    'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="a"><Table>'
    '<Row ss:Index="2"><Cell><Data ss:Type="String">姓名</Data></Cell><Cell ss:MergeDown="1">'
    '<Data ss:Type="String">编号</Data></Cell></Row><Row><Cell><Data ss:Type="String">王芳</Data>'
    '</Cell><Cell ss:Index="2"><Data ss:Type="Number">7</Data></Cell></Row></Table></Worksheet>'
    "</Workbook>",
    "<html><table><tr><td colspan=2>a<tr><th>姓名<th>编号<tr><td rowspan=2>王芳<td>7</table>",
    "MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<table><tr><td>name<tr><td>Li</table>",
    "姓名；编号\n王芳；7\n\n姓名；电话\n李红；138\n",
)
KINDS = ("workbooks", "archives", "photographs")


def seeds(kind: str) -> list[bytes]:
    """Files to damage."""
    if kind == "workbooks":
        book = Workbook()
        for line in (["姓名", "编号", "卡号"], ["王芳", 7, "0002972728"], ["李红", 8, 2972729]):
            book.active.append(line)
        book.active.merge_cells("C2:C3")
        file = io.BytesIO()
        book.save(file)
        found = [path.read_bytes() for path in sorted(CASES.glob("*/people.*"))]
        return [file.getvalue(), template("zh"), _opendocument(), *map(str.encode, TEXTS), *found]
    pictures = [path.read_bytes() for path in sorted(CASES.glob("30_heic/*.heic"))]
    for form in ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF"):
        file = io.BytesIO()
        Pillow.linear_gradient("L").resize((96, 64)).convert("RGB").save(file, form)
        pictures.append(file.getvalue())
    if kind == "photographs":
        return pictures
    archives = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as archive:
            for index, picture in enumerate(pictures[:3]):
                archive.writestr(f"楼/{index}.jpg", picture)
        archives.append(file.getvalue())
    return archives


def _opendocument() -> bytes:
    """A table of LibreOffice."""
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    rows = (("姓名", "编号"), ("王芳", "7"), ("李红", "8"))
    made = ["".join(cell.format(text) for text in row) for row in rows]
    cells = "".join(f"<table:table-row>{row}</table:table-row>" for row in made)
    spaces = "".join(f' xmlns:{name}="urn:{name}"' for name in ("office", "table", "text"))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "content.xml",
            f'<office:document-content{spaces}><table:table table:name="a">{cells}</table:table>'
            "</office:document-content>",
        )
    return file.getvalue()


def damaged(data: bytes, random: Random) -> bytes:
    """``data`` with bytes changed, cut out, doubled or cut off; in half the workbooks inside the
    XML of one part, since a checksum would stop the rest."""
    if data[:2] == b"PK" and random.random() < 0.5:
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
            names = old.namelist()
            hit = random.choice(names)
            for name in names:
                part = old.read(name)
                new.writestr(name, _changed(part, random) if name == hit else part)
        return out.getvalue()
    return _changed(data, random)


def _changed(data: bytes, random: Random) -> bytes:
    bad = bytearray(data)
    for _ in range(random.randrange(1, 6)):
        at = random.randrange(len(bad)) if bad else 0
        match random.randrange(5):
            case 0:
                bad[at : at + 1] = bytes([random.randrange(256)])
            case 1:
                del bad[at : at + random.randrange(1, 40)]
            case 2:
                bad[at:at] = bad[at : at + random.randrange(1, 400)] * random.randrange(1, 20)
            case 3:
                bad[at : at + 4] = random.choice(
                    [b"\xff\xff\xff\x7f", b"9999", b"<a><", b"\0\0\0\0"]
                )
            case _:
                del bad[random.randrange(len(bad) + 1) :]
    return bytes(bad)


def attempt(kind: str, path: Path) -> bool:
    """Whether a file was accepted; only a GateError may refuse it."""
    try:
        if kind == "workbooks":
            understand(read_book(path), Choices())
        elif kind == "archives":
            photos = ZipPhotos(path)
            for name in photos.names()[:5]:
                decode(photos.read(name), name)
        else:
            decode(path.read_bytes(), path.name)
    except GateError:
        return False
    return True


def run(kind: str, count: int, seed: int = 0) -> int:
    """How many of ``count`` damaged files were refused. Raises whatever else happens."""
    files, refused = seeds(kind), 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people"
        for number in range(count):
            random = Random(seed * 1_000_003 + number)
            path.write_bytes(damaged(random.choice(files), random))
            try:
                refused += not attempt(kind, path)
            except BaseException as error:
                error.add_note(f"{kind}, number {number} of seed {seed}")
                raise
    return refused


def main(count: int) -> None:
    """Print a line a kind."""
    for kind in KINDS:
        refused = run(kind, count)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        print(f"{count} {kind}: {refused} refused, no exception, at most {peak} MB", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
