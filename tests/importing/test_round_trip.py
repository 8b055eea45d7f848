"""A register exported and imported again changes nothing, whichever program wrote the workbook."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tempfile
import zipfile
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.styles import PatternFill
from sqlalchemy import func, select

from gate.access.decision import Kind
from gate.importing.choices import Choices
from gate.importing.export import workbook
from gate.importing.marks import MARKS
from gate.importing.photos import NoPhotos
from gate.importing.plan import plan
from gate.importing.run import run
from gate.importing.table import open_table
from gate.importing.workbooks import template
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import ConsentRow, ImportRow, PersonRow

TODAY = date(2026, 11, 23)
SOFFICE = shutil.which("soffice")

# what the desk accepts: no control characters, no blanks at the ends
letters = st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters="\u3164")
words = st.text(letters, min_size=1, max_size=12).map(lambda text: text.strip() or "x")
# an apostrophe before digits is what people type to keep leading zeros, and is no part of a home
homes = words.filter(lambda text: not re.match("[\u2018\u2019'`][0-9]", text))
tricky = st.sampled_from(
    ["=1+1", "'=x", "007", "1.10101E+17", "2026-01-05", "TRUE", "#N/A", "@a", "-5", "王　芳"]
)
texts = st.one_of(words, tricky)
days = st.dates(date(2020, 1, 1), date(2190, 12, 31))


@st.composite
def people(draw):
    kind = draw(st.sampled_from(list(Kind)))
    needs = kind in (Kind.TENANT, Kind.VISITOR)
    return {
        "name": draw(texts),
        "kind": kind.value,
        "phone": draw(st.one_of(st.just(""), st.from_regex(r"\+?[0-9]{5,14}", fullmatch=True))),
        "note": draw(st.one_of(st.just(""), texts, st.just("one\ntwo"))),
        "locale": draw(st.sampled_from(["zh", "en"])),
        "birth_year": draw(st.one_of(st.none(), st.integers(1920, 2026))),
        "groups": draw(st.lists(st.from_regex("[a-z]{1,6}", fullmatch=True), max_size=2)),
        "until": draw(days if needs else st.one_of(st.none(), days)),
        "home": draw(st.one_of(st.none(), st.tuples(homes, homes))),
        "active": draw(st.booleans()),
        "consent": draw(st.sampled_from(["", "", "agreed", "refused", "withdrawn"])),
        "help": draw(st.sampled_from(["", "agreed", "refused", "withdrawn"])),
        "alone": draw(st.sampled_from(["", "agreed", "refused", "withdrawn"])),
    }


def fill(store: Store, drawn: list[dict]) -> None:
    for number, one in enumerate(drawn):
        household = store.places.household(*one["home"]).id if one["home"] else None
        until = one["until"]
        end = datetime.combine(until + timedelta(days=1), datetime.min.time()) if until else None
        row = store.people.create(
            one["name"],
            number=f"N{number:03d}" if number % 2 else None,
            household_id=household,
            valid_until=end.astimezone() if end else None,
            **{k: one[k] for k in ("kind", "phone", "note", "locale", "birth_year", "active")},
            groups=sorted(set(one["groups"])),
        )
        if one["consent"]:
            store.consents.record(row.id, one["consent"], "paper-2026", asked_by="desk")
        for mark in MARKS:
            if one.get(mark):
                store.consents.record(row.id, one[mark], "1", purpose=mark, asked_by="desk")


def state(store: Store) -> tuple:
    with store.database.read() as session:
        rows = session.scalars(select(PersonRow).order_by(PersonRow.id)).all()
        columns = [c.key for c in PersonRow.__table__.columns]
        people = [tuple(getattr(row, key) for key in columns) for row in rows]
        return people, session.scalar(select(func.count()).select_from(ConsentRow))


def import_again(store: Store, path: Path) -> set[str]:
    table = open_table(path)
    assert table.open == ()
    made = plan(table, NoPhotos(), store, Choices(), today=TODAY)
    assert [(wrong.line, wrong.column, wrong.what) for wrong in made.wrong] == []
    assert made.undecided == ()
    with store.database.write() as session:
        job = ImportRow(name="again")
        session.add(job)
        session.flush()
        number = job.id
    list(run(store, number, made.lines, NoPhotos(), None, by="li"))
    with store.database.read() as session:
        from gate.store.tables import ImportLineRow

        query = select(ImportLineRow.result).where(ImportLineRow.import_id == number)
        return set(session.scalars(query))


def as_excel(data: bytes) -> bytes:
    """Saved by another program: shared strings, styles, a dimension."""
    book = load_workbook(io.BytesIO(data))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_wps(data: bytes) -> bytes:
    """A dimension of A1 and a fill without anything in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(as_excel(data))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                head, _, rest = part.partition(b"<dimension ")
                part = head + b'<dimension ref="A1"/>' + rest.partition(b"/>")[2]
            if name == "xl/styles.xml":
                part = part.replace(b"<fill><patternFill />", b"<fill/><fill><patternFill />")
            new.writestr(name, part)
    return out.getvalue()


def as_numbers(data: bytes) -> bytes:
    """A title over the table, empty lines, dates as dates, coloured headings."""
    old = load_workbook(io.BytesIO(data)).active
    book = Workbook()
    sheet = book.active
    sheet.append(["Tabelle 1"])
    sheet.merge_cells("A1:D1")
    for row in old.iter_rows(values_only=True):
        sheet.append(row)
    heads = [cell.value for cell in sheet[2]]
    for column in ("valid from", "valid until"):
        at = heads.index(column) + 1
        for line in range(3, sheet.max_row + 1):
            text = sheet.cell(line, at).value
            if text:
                sheet.cell(line, at, datetime.fromisoformat(text))
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    for cell in sheet[2]:
        cell.fill = PatternFill("solid", fgColor="BDC0BF")
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


WAYS = {"plain": lambda data: data, "excel": as_excel, "wps": as_wps, "numbers": as_numbers}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(drawn=st.lists(people(), min_size=1, max_size=8), zh=st.booleans())
def test_an_export_imported_again_changes_nothing(way, drawn, zh):
    language = "zh" if zh and way != "numbers" else "en"
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(StoreSettings(ballast=0), Path(folder) / "data") as store,
    ):
        fill(store, drawn)
        before = state(store)
        path = Path(folder) / "people.xlsx"
        path.write_bytes(WAYS[way](workbook(store, language)))
        assert import_again(store, path) == {"unchanged"}
        assert state(store) == before


@pytest.fixture(scope="module")
def register(tmp_path_factory):
    """A register that is exported; nothing that is imported again changes it."""
    drawn = {
        "kind": "tenant",
        "phone": "013800138000",
        "note": "=1+1",
        "locale": "zh",
        "birth_year": 1980,
        "groups": ["a", "b"],
        "until": date(2027, 1, 5),
        "home": ("3号楼", "2单元501"),
        "active": True,
        "consent": "agreed",
    }
    with Store.open(StoreSettings(ballast=0), tmp_path_factory.mktemp("register")) as store:
        fill(store, [{**drawn, "name": name} for name in ("王芳", "李　红", "张三", "007")])
        yield store


def filled_template(language: str) -> Workbook:
    book = load_workbook(io.BytesIO(template(language)))
    zh = language == "zh"
    line = ["王芳", "007", "租户" if zh else "tenant", "3号楼", "2单元501", "1980", "013800138000"]
    line += ["2026-01-05", "2027-01-05", "a;b", "0002972728", "同意" if zh else "agreed"]
    for column, text in enumerate(line, start=1):
        cell = book.worksheets[0].cell(2, column, text)
        cell.number_format = "@"
    return book


FORMATS = {
    "xlsx": "xlsx",
    "xls": "xls:MS Excel 97",
    "ods": "ods",
    "csv": "csv:Text - txt - csv (StarCalc):44,34,76,1",
    "csv of a Chinese system": "csv:Text - txt - csv (StarCalc):44,34,85,1",
}


@pytest.fixture(scope="module")
def saved(register, tmp_path_factory):
    """The folder with "register", saved twice, and the filled templates "zh" and "en" in a form.

    LibreOffice converts the three at once: most of its time goes into its start.
    """
    folder = tmp_path_factory.mktemp("office")

    def convert(to: str, out: Path, *paths: Path) -> None:
        subprocess.run(
            [
                *(str(SOFFICE), "--headless", f"-env:UserInstallation=file://{folder}/profile"),
                *("--convert-to", to, "--outdir", str(out), *map(str, paths)),
            ],
            check=True,
            capture_output=True,
            timeout=250,
        )

    exported = folder / "register.xlsx"
    exported.write_bytes(workbook(register, "zh"))
    for language in ("zh", "en"):
        filled_template(language).save(folder / f"{language}.xlsx")
    convert("ods", folder, exported)

    @cache
    def in_form(form: str) -> Path:
        out = folder / form.replace(" ", "-")
        convert(FORMATS[form], out, folder / "register.ods", folder / "zh.xlsx", folder / "en.xlsx")
        return out

    return in_form


def file_in(folder: Path, name: str) -> Path:
    (found,) = folder.glob(f"{name}.*")
    return found


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("form", FORMATS)
def test_an_export_saved_by_libreoffice_changes_nothing(register, saved, form):
    before = state(register)
    assert import_again(register, file_in(saved(form), "register")) == {"unchanged"}
    assert state(register) == before


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("form", FORMATS)
def test_the_template_filled_in_and_saved_by_libreoffice(saved, form, language):
    table = open_table(file_in(saved(form), language))
    assert table.open == table.wrong == ()
    assert [line.values for line in table.lines] == [
        {
            "name": "王芳",
            "number": "007",
            "kind": "tenant",
            "building": "3号楼",
            "unit": "2单元501",
            "birth_year": "1980",
            "phone": "013800138000",
            "valid_from": "2026-01-05",
            "valid_until": "2027-01-05",
            "groups": "a;b",
            "card": "0002972728",
            "consent": "agreed",
        }
    ]


def test_the_template_is_checked_by_excel_itself(tmp_path):
    for language, kinds in (("zh", "居民,租户,员工,护工,访客"), ("en", "resident,tenant")):
        book = load_workbook(io.BytesIO(template(language)))
        rules = book.worksheets[0].data_validations.dataValidation
        assert len(rules) == len(list(book.worksheets[0][1])) == 16
        assert any(kinds in str(rule.formula1) for rule in rules if rule.type == "list")
        assert all(rule.prompt for rule in rules)
        path = tmp_path / f"{language}.xlsx"
        path.write_bytes(template(language))
        table = open_table(path)  # nobody in it, and its second sheet is none
        assert table.lines == ()
        assert len(table.sheets) == 1
        assert all(column.field for column in table.columns)
