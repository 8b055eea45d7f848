"""Pictures of the conversation about a table, in both languages, for docs/desk/.

    python -m benchmarks.import_pictures docs/desk [--browser /usr/bin/chromium]

The desk is served and a real Chromium uploads tables of invented people and answers; the people in
photographs are drawn. Ends with 1 when a page has a fault of script or is too wide.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import numpy as np
from openpyxl import Workbook  # type: ignore[import-untyped]
from PIL import Image, ImageDraw

from benchmarks.desk_browser import CHROMIUM, served, sign_in, too_wide
from enroll.desk import Desk
from enroll.faces import Faces
from enroll.permissions import Role
from gate.config.desk import DeskSettings
from gate.importing.notes import DOUBLE, note
from gate.recognition.face import Face
from gate.services.enrolment import Examiner, Fault, Shot
from gate.services.portrait import Found
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import ImportLineRow

PASSWORD = "a-long-enough-secret"
WIDTH, HEIGHT = 1366, 768
COLOURS = 64
HEADS = {
    "zh": "序号|姓名*|性别|住户类别|住址|手机号|门禁卡号|有效期至|是否同意|照片|出生年份",
    "en": "No.|Full name*|Sex|Type|Address|Mobile|Card No.|Valid until|Consent|Photo|Birth year",
}
# cells of a line; those with a + are numbers
LINES = {
    "zh": """1|王　芳|女|业主|3号楼2单元501|13800138000|+4523608||√||1980
2|李红|女|家属|三号楼二单元501室|13800138001|+2972728||待定||
3|张伟|男|租客|3-2-502|１３９００１３９０００|+100000|3/4/2027|否||
4|赵敏|女|租户|5号楼1单元101|13700137000||2027年1月5日|||
5|王芳|女|业主||13600136000|||||
合计|5人|||||||||""",
    "en": """1|Fang Wang|f|owner|Block 3, Flat 501|13800138000|+4523608||yes||1980
2|Hong Li|f|family|Flat 501, Block 3|13800138001|+2972728||||
3|Wei Zhang|m|lessee|3-2-502|13900139000|+100000|3/4/2027|no||
4|Min Zhao|f|tenant|Block 5, Flat 101|13700137000||5 Jan 2027|||
5|Fang Wang|f|owner||13600136000|||||
Total|5|||||||||""",
}
WRONG = {
    "zh": """1|王芳|女|业主|3号楼2单元501|13800138000|0000000000||√|王芳.jpg|200²
2|#N/A|女|快递员|幸福路|1.38E+10|045,23608||也许||
3|张伟|男|租客|3-2-502|13900139000|0004523608|2027-02-30|否||""",
    "en": """1|Fang Wang|f|owner|Block 3, Flat 501|138|0000000000||yes|fang.jpg|200²
2|#N/A|f|courier|Lucky Road|1.38E+10|045,23608||maybe||
3|Wei Zhang|m|lessee|3-2-502|139|0004523608|2027-02-30|no||""",
}
ONE_FACE = {
    "zh": """1|王芳|女|业主|3号楼2单元501|13800138000|0004523608||√|couple.jpg|1980
2|王小芳|女|业主|3号楼2单元501|13600136000|||√||1980""",
    "en": """1|Fang Wang|f|owner|Block 3, Flat 501|13800138000|0004523608||yes|couple.jpg|1980
2|Xiaofang Wang|f|owner|Block 3, Flat 501|13600136000|||yes||1980""",
}


def workbook(language: str, lines: str, *, hidden: bool = False) -> bytes:
    """A table with a title over it.

    Args:
        hidden: one line and the column of the last day are hidden, as after filtering.
    """
    book = Workbook()
    sheet = book.active
    sheet.title = "住户" if language == "zh" else "residents"
    heads = HEADS[language].split("|")
    sheet.append(["花园小区住户登记表" if language == "zh" else "Residents of the Garden"])
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(heads))
    sheet.append(heads)
    for line in lines.splitlines():
        sheet.append([int(cell) if cell[:1] == "+" else cell or None for cell in line.split("|")])
    if hidden:
        sheet.row_dimensions[4].hidden = True
        sheet.column_dimensions["H"].hidden = True
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def drawn(*people: tuple[int, int, int]) -> Image.Image:
    """People (left, top and size of the head in pixels) before a plain wall."""
    picture = Image.new("RGB", (640, 420), (214, 222, 226))
    pen = ImageDraw.Draw(picture)
    for left, top, size in people:
        right, bottom, middle = left + size, top + int(1.2 * size), left + size // 2
        pen.rounded_rectangle(
            (left - size // 2, bottom, right + size // 2, 420), 60, (70, 105, 140)
        )
        pen.ellipse((left - 6, top - 16, right + 6, bottom - size // 3), fill=(60, 45, 40))
        pen.ellipse((left, top, right, bottom), fill=(236, 200, 172))
        for side in (-1, 1):
            x, y, r = middle + side * size // 5, top + size // 2, size // 16
            pen.ellipse((x - r, y - r, x + r, y + r), fill=(40, 40, 40))
        mouth = (middle - size // 6, top + size // 2, middle + size // 6, top + size)
        pen.arc(mouth, 20, 160, (150, 70, 70), 4)
    return picture


PEOPLE = ((150, 110, 130), (390, 120, 125))


class Drawn:
    """An examiner that knows where the drawn heads are."""

    encoders = (SimpleNamespace(name="drawn/1"),)

    def find(self, image: np.ndarray) -> Found:
        boxes = [(x, y, x + size, y + 1.2 * size) for x, y, size in PEOPLE]
        return Found(image, tuple(Face(box=box, score=0.9, landmarks=None) for box in boxes))

    def shot(self, image: np.ndarray, _: int | None = None) -> Shot:
        return Shot(self.find(image).faces[0], Fault.SEVERAL_FACES, {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--browser", default=CHROMIUM or "/usr/bin/chromium")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    faults = []
    for language in ("zh", "en"):
        with (
            patch("enroll.imports.note_lookalikes", lambda *_: 0),  # drawn faces have no templates
            tempfile.TemporaryDirectory() as name,
            Store.open(StoreSettings(ballast=0), Path(name)) as store,
        ):
            desk = desk_of(store, Path(name))
            with served(desk) as address:
                faults += photograph(desk, address, language, options)
    print("\n".join(faults) or "nothing found")
    sys.exit(bool(faults))


def desk_of(store: Store, folder: Path) -> Desk:
    """A desk with a manager, whose examiner knows the drawn people."""
    known = SimpleNamespace(matcher=lambda: None)
    faces = Faces(cast(Examiner, Drawn()), cast(Any, known))
    desk = Desk(DeskSettings(requests=100_000, sign_ins=100), store, faces=faces, folder=folder)
    desk.accounts.create("manager", PASSWORD, Role.MANAGER, "Manager")
    return desk


def photograph(desk: Desk, address: str, language: str, options: Any) -> list[str]:
    """The pictures of one language; what is wrong with the pages."""
    from playwright.sync_api import sync_playwright

    faults: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=options.browser, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        sign_in(page, address, language, "manager", PASSWORD)
        page.goto(f"{address}/language/{language}")

        def look(name: str) -> None:
            file = options.folder / f"import-{name}-{language}.png"
            page.wait_for_load_state("networkidle")
            page.screenshot(path=file, full_page=True)
            Image.open(file).convert("RGB").quantize(COLOURS).save(file, optimize=True)
            faults.extend(too_wide(page, file.name))

        def upload(lines: str, photos: bytes = b"", *, hidden: bool = False) -> None:
            page.goto(f"{address}/imports")
            table: Any = {"name": "residents.xlsx", "mimeType": "application/octet-stream"}
            table["buffer"] = workbook(language, lines, hidden=hidden)
            page.set_input_files("[name=table]", table)
            if photos:
                packed: Any = {
                    "name": "photos.zip",
                    "mimeType": "application/zip",
                    "buffer": photos,
                }
                page.set_input_files("[name=photos]", packed)
            page.click("form[action='/imports/new'] button")
            page.wait_for_selector("form[action$='/choose']")

        desk.store.people.create("王芳" if language == "zh" else "Fang Wang", phone="13600136000")
        upload(LINES[language])
        look("questions")
        for name, value in (("card_form", "decimal"), ("date_order", "ymd"), ("date_order", "dmy")):
            choice = page.locator(f"[name={name}][value={value}]")
            if choice.count():
                choice.check()
        page.click("form[action$='/choose'] > button")
        page.wait_for_selector("form[action$='/run']")
        look("clear")
        upload(LINES[language], hidden=True)
        look("hidden")
        upload(WRONG[language])
        look("wrong")
        report(desk, address, language, page, upload)
        look("report")
        browser.close()
    return faults


def report(desk: Desk, address: str, language: str, page: Any, upload: Any) -> None:
    """An import that is done: several faces in one photograph, one face in two lines."""
    file = io.BytesIO()
    drawn(*PEOPLE).save(file, "JPEG", quality=92)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("couple.jpg", file.getvalue())
    upload(ONE_FACE[language], packed.getvalue())
    page.click("form[action$='/run'] button")
    page.wait_for_selector("a[href$='report.xlsx']")
    job = int(page.url.rstrip("/").split("/")[-1].split("?")[0])
    with desk.store.database.write() as session:
        rows = session.query(ImportLineRow).filter_by(import_id=job).order_by(ImportLineRow.line)
        one, two = rows.all()
        two.note, two.result = note([(f"#{one.person_id}", DOUBLE)]), "enrolled"
    page.goto(f"{address}/imports/{job}")


if __name__ == "__main__":
    main()
