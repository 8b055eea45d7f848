"""More neighbours of the cases: endless sheets, archives, cards of nobody, wrong clocks."""

from __future__ import annotations

import tracemalloc
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gate.access.decision import Kind, Method
from gate.access.person import Person
from gate.access.policy import decide
from gate.access.request import Allow, Request, Rules, Sight
from gate.daemon.clock_watch import implausible
from gate.importing.choices import Choices
from gate.importing.photos import FolderPhotos, NoPhotos, ZipPhotos
from gate.importing.plan import plan
from gate.importing.run import run
from gate.importing.table import open_table
from gate.recognition.face import Liveness, Verdict
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import ImportRow

TODAY = date(2026, 11, 23)
CASES = Path(__file__).parents[2] / "fixtures/cases"
PICTURE = (CASES / "30_images/UPPER.JPG").read_bytes()
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


@pytest.fixture
def store(tmp_path):
    with Store.open(StoreSettings(ballast=0), tmp_path / "data") as store:
        yield store


def csv(tmp_path, text):
    path = tmp_path / "people.csv"
    path.write_text(text, "utf-8")
    return path


def archive(tmp_path, *names):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name in names:
            member = zipfile.ZipInfo("x")
            member.filename = name  # as it is: Python would turn the slashes
            packed.writestr(member, PICTURE)
    return path


def mistakes(table, photos, store):
    made = plan(table, photos, store, Choices(), today=TODAY)
    return [(wrong.line, wrong.column, wrong.what) for wrong in made.wrong]


def merged_to_the_end(path):
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(
            "xl/workbook.xml",
            f'<workbook {MAIN} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/'
            'relationships"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        packed.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="rId1" Type="worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>',
        )
        cell = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'
        packed.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet {MAIN}><sheetData><row r="1">{cell.format("A1", "name")}</row>'
            f'<row r="2">{cell.format("A2", "A")}</row></sheetData>'
            '<mergeCells><mergeCell ref="B3:XFD1048576"/></mergeCells></worksheet>',
        )


def repeated_to_the_end(path):
    spaces = "".join(f' xmlns:{name}="urn:{name}"' for name in ("office", "table", "text"))
    rows = "".join(
        f"<table:table-row><table:table-cell><text:p>{text}</text:p></table:table-cell>"
        '<table:table-cell table:number-columns-repeated="16383"/></table:table-row>'
        for text in ("name", "A")
    )
    rest = (
        '<table:table-row table:number-rows-repeated="1048574">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(
            "content.xml",
            f'<office:document-content{spaces}><table:table table:name="a">{rows}{rest}'
            "</table:table></office:document-content>",
        )


def spread_over_all_columns(path):
    path.write_text(
        "<table><tr><th colspan=99999999 rowspan=2>people<tr><tr><th>name<th>"
        "<tr><td>A<td colspan=99999999></table>"
    )


def separators_to_the_end(path):
    path.write_text("name" + "," * 16_383 + "\nA" + "," * 16_383 + "\n" + "\n" * 10_000)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "suffix"),
    [
        (merged_to_the_end, "xlsx"),
        (repeated_to_the_end, "ods"),
        (spread_over_all_columns, "xls"),
        (separators_to_the_end, "csv"),
    ],
)
def test_what_claims_the_whole_sheet_costs_what_it_holds(tmp_path, make, suffix):
    path = tmp_path / f"people.{suffix}"
    make(path)
    tracemalloc.start()
    try:
        table = open_table(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [line.values for line in table.lines] == [{"name": "A"}]
    assert peak < 30 << 20


@pytest.mark.parametrize(
    "names",
    [
        ("north/101.jpg", "south/101.JPG"),
        ("north/101.jpg", "101/101.png"),
        ("a/b/101.jpg", "a/c/101.jpg", "d/101.jpg"),
    ],
)
def test_one_name_in_several_folders_is_never_guessed(tmp_path, store, names):
    photos = ZipPhotos(archive(tmp_path, *names))
    text = "name,birth year,consent,photo\nO,1961,agreed,101\n"
    what = "101 is in several folders; write the folder before it"
    found = mistakes(open_table(csv(tmp_path, text)), photos, store)
    assert found == [(2, "photo", what)]
    for name in names:  # with its folder each is found
        whole = text.replace(",101\n", f",{name}\n")
        assert mistakes(open_table(csv(tmp_path, whole)), photos, store) == []


def test_a_file_beside_the_folders_is_meant_by_its_bare_name(tmp_path):
    photos = ZipPhotos(archive(tmp_path, "101.jpg", "old/101.jpg"))
    assert photos.file("101.jpg") == "101.jpg"
    assert photos.file("OLD/101.jpg") == "old/101.jpg"


def test_one_name_in_two_real_folders_is_reported_too(tmp_path, store):
    for folder in ("north", "south"):
        (tmp_path / "photos" / folder).mkdir(parents=True)
        (tmp_path / "photos" / folder / "101.jpg").write_bytes(PICTURE)
    photos = FolderPhotos(tmp_path / "photos")
    text = "name,birth year,consent,photo\nO,1961,agreed,101.jpg\n"
    (wrong,) = mistakes(open_table(csv(tmp_path, text)), photos, store)
    assert "several folders" in wrong[2]
    assert photos.several("101.jpg")
    assert not photos.several("102.jpg")


@pytest.mark.parametrize(
    ("packed", "written"),
    [
        ("照片\\一期\\张三.jpg", "张三.jpg"),
        ("照片\\一期\\张三.jpg", "一期/张三.JPG"),
        ("照片/一期\\张三.jpg", "照片\\一期/张三"),
        (".\\Jose\u0301.JPG", "José.jpg"),
        ("照片\\张三.jpg", "D:\\2026\\照片\\张三.jpg"),
    ],
)
def test_either_slash_on_either_side(tmp_path, store, packed, written):
    photos = ZipPhotos(archive(tmp_path, packed))
    text = f"name,birth year,consent,photo\n张三,1961,agreed,{written}\n"
    assert mistakes(open_table(csv(tmp_path, text)), photos, store) == []
    assert photos.read(written) == PICTURE


def test_a_folder_written_with_a_backslash_is_no_photograph(tmp_path):
    photos = ZipPhotos(archive(tmp_path, "照片\\", "照片\\a.jpg", "__MACOSX\\照片\\._a.jpg"))
    assert photos.names() == ["照片/a.jpg"]


@pytest.mark.parametrize("path", ["..\\..\\a.jpg", "照片\\..\\..\\a.jpg", "/etc/a.jpg"])
def test_a_backslash_does_not_lead_out(tmp_path, path):
    photos = ZipPhotos(archive(tmp_path, path))
    assert photos.file("a.jpg") is None


@pytest.mark.slow
@pytest.mark.parametrize(
    "card",
    [
        *("0000000000", "000,00000", "00000000", "0x00000000", "00 00 00 00"),
        *("4294967295", "FFFFFFFF", "255,65535", "FFFFFFFFFFFFFF", "00000000000000"),
    ],
)
def test_no_card_in_whatever_form(tmp_path, store, card):
    quoted = f'name,number,card\nNobody,5,"{card}"\nHas,6,0002972728\n'
    (wrong,) = mistakes(open_table(csv(tmp_path, quoted)), NoPhotos(), store)
    assert wrong[:2] == (2, "card")


@pytest.mark.parametrize("written", ["1", "0000000001", "4294967294", "000,00001"])
def test_the_cards_next_to_zero_and_all_ones_are_cards(tmp_path, store, written):
    text = f'name,card\nHas,"{written}"\nOther,0002972728\n'
    table = open_table(csv(tmp_path, text), Choices(card_form="decimal"))
    assert not [one for one in mistakes(table, NoPhotos(), store) if one[1] == "card"]
    assert table.lines[0].values["card"] in ("0000000001", "4294967294")


SEEN = Sight(Verdict.KNOWN, 7, 8, 9.0, 1.0, 12.0, 8.0, Liveness("x", 2.0, True))
ALL = Rules((Allow("all", frozenset(Kind), methods=frozenset({Method.FACE})),), {})


def registered(table, store):
    """Number → person, as an import of the table registers them."""
    with store.database.write() as session:
        job = ImportRow(name="x")
        session.add(job)
        session.flush()
        number = job.id
    for _ in run(store, number, table.lines, NoPhotos(), None, by="test"):
        pass
    numbers = [int(line.values["number"]) for line in table.lines]
    rows = {one: store.people.by_number(str(one)) for one in numbers}
    return {
        number: Person(
            7,
            "5e" * 16,
            kind=Kind(row.kind),
            name=row.name,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )
        for number, row in rows.items()
    }


@pytest.fixture
def people(tmp_path, store):
    """The neighbours of case 41."""
    text = (
        "name,number,kind,valid from,valid until\nEnded,1,tenant,,2026-10-31\n"
        "Resident,2,resident,,\nUntil today,3,visitor,2026-11-23,2026-11-23\n"
        "Far,4,tenant,2026-11-01,2199-12-31\nNurse,5,carer,2026-12-01,2027-06-30\n"
    )
    return registered(open_table(csv(tmp_path, text)), store)


def answers(people, when):
    trusted = not implausible(when)
    return {
        number: decide(Request(Method.FACE, person, when, sight=SEEN, clock_trusted=trusted), ALL)
        for number, person in people.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("when", "expected"),
    [
        # whoever has an end does not pass by a clock that cannot be right
        (datetime(1970, 1, 1, 8, tzinfo=UTC), {2}),
        (datetime(2037, 6, 1, tzinfo=UTC), {2}),
        # by a right one the last day counts to its end, and the first from its beginning
        (datetime(2026, 11, 23, 12, tzinfo=UTC), {2, 3, 4}),
        (datetime(2026, 11, 25, 12, tzinfo=UTC), {2, 4}),
        (datetime(2026, 12, 2, 12, tzinfo=UTC), {2, 4, 5}),
    ],
)
def test_who_passes_by_which_clock(people, when, expected):
    decided = answers(people, when)
    assert {number for number, one in decided.items() if one.rule == "grant"} == expected
    if when.year in (1970, 2037):
        assert {decided[number].reasons[0] for number in (1, 3, 4, 5)} == {"clock_not_set"}


@pytest.mark.parametrize(
    ("name", "several"),
    [
        ("张三、李四", True),
        ("张三/李四/王小五", True),
        ("欧阳娜娜，王芳", True),
        ("王芳", False),
        ("阿依古丽·买买提", False),
        ("Li, Ming", False),
        ("周和平", False),
        ("王芳(小)", False),
    ],
)
def test_several_people_in_one_cell_are_not_one_person(tmp_path, store, name, several):
    table = open_table(csv(tmp_path, f'姓名,房号\n"{name}",3-2-501\n'))
    found = mistakes(table, NoPhotos(), store)
    text = f"{name}: names several people; give each a line of their own"
    assert found == several * [(2, "name", text)]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (datetime(1970, 1, 1, 8, tzinfo=UTC), {3}),
        (datetime(2026, 11, 23, 12, tzinfo=UTC), {3, 4}),
    ],
)
def test_by_a_clock_in_1970_nobody_whose_time_ended_passes(store, when, expected):
    people = registered(open_table(CASES / "41_clock" / "people.csv", Choices()), store)
    decided = answers(people, when)
    assert {number for number, one in decided.items() if one.rule == "grant"} == expected
