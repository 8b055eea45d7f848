"""Tables and photographs: every mistake named, nothing half done, nothing twice."""

from __future__ import annotations

import io
import itertools
import time
import zipfile
from datetime import date
from pathlib import Path
from random import Random

import pytest
from openpyxl import Workbook
from PIL import Image as Pillow

from gate.errors import CameraError, ConfigurationError
from gate.importing.check import check
from gate.importing.choices import Choices
from gate.importing.export import export
from gate.importing.photos import FolderPhotos, NoPhotos, ZipPhotos
from gate.importing.plan import plan
from gate.importing.run import done_lines, run
from gate.importing.table import Line, open_table, read_table
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import ImportRow, PersonRow
from tests.waiting import wait_for
from tests.warm import Task

TODAY = date(2026, 11, 23)


@pytest.fixture
def store(tmp_path):
    with Store.open(StoreSettings(ballast=0), tmp_path / "data") as store:
        yield store


def table(tmp_path, text):
    path = tmp_path / "people.csv"
    path.write_text(text, "utf-8")
    return path


def job(store):
    with store.database.write() as session:
        row = ImportRow(name="x")
        session.add(row)
        session.flush()
        return row.id


def photo():
    data = io.BytesIO()
    Pillow.new("RGB", (64, 64)).save(data, "JPEG")
    return data.getvalue()


def test_twenty_mistakes_are_all_listed_with_line_and_column(tmp_path, store):
    holder = store.people.create("Holder").id
    store.credentials.add(holder, "card", "0000000099")
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "text.jpg").write_text("no picture")
    (folder / "good.jpg").write_bytes(photo())
    path = table(
        tmp_path,
        "\n".join(
            [
                "name,number,kind,building,unit,birth year,valid from,valid until,"
                "card,consent,guardian,photo,language",
                ",1,,,,,,,,,,,",  # name
                "B,2,king,,,,,,,,,,",  # kind
                "C,3,,5,,,,,,,,,",  # unit
                "D,3,,,,,,,,,,,",  # number twice
                "E,5,,,,1700,,,,,,,",  # birth_year
                "F,6,,,,abc,,,,,,,",  # birth_year
                "G,7,,,,,2026-13-01,,,,,,",  # valid_from
                "H,8,,,,,,tomorrow,,,,,",  # valid_until
                "I,9,,,,,2026-05-01,2026-04-01,,,,,",  # valid_until before
                "J,10,tenant,,,,,,,,,,",  # tenant without end
                "K,11,visitor,,,,,,,,,,",  # visitor without end
                "L,12,,,,,,,not-a-card,,,,",  # card
                "M,13,,,,,,,0000000099,,,,",  # card of Holder
                "N,14,,,,,,,0000000050,,,,",
                "O,15,,,,,,,0000000050,,,,",  # card twice
                "P,16,,,,1950,,,,perhaps,,,",  # consent
                "Q,17,,,,1950,,,,,,good.jpg,",  # photo without consent
                "R,18,,,,,,,,agreed,,,",  # consent without year
                "S,19,,,,2020,,,,agreed,,,",  # child without guardian
                "T,20,,,,1950,,,,agreed,,missing.jpg,",  # photo missing
                "U,21,,,,1950,,,,agreed,,text.jpg,",  # photo is text
                "V,22,,,,,,,,,,,fr",  # language
                "W,23,,,,1950,,,,agreed,,good.jpg,",  # photo of line 18
            ]
        ),
    )
    wrong = plan(open_table(path), FolderPhotos(folder), store, Choices(), today=TODAY).wrong
    assert [(mistake.line, mistake.column) for mistake in wrong] == [
        (2, "name"),
        (3, "kind"),
        (4, "unit"),
        (5, "number"),
        (6, "birth_year"),
        (7, "birth_year"),
        (8, "valid_from"),
        (9, "valid_until"),
        (10, "valid_until"),
        (11, "valid_until"),
        (12, "valid_until"),
        (13, "card"),
        (14, "card"),
        (16, "card"),
        (17, "consent"),
        (18, "consent"),
        (19, "birth_year"),
        (20, "guardian"),
        (21, "photo"),
        (22, "photo"),
        (23, "locale"),
        (24, "photo"),
    ]
    assert store.people.count() == 1


def test_chinese_headings_and_a_chinese_spreadsheet(tmp_path, store):
    path = tmp_path / "people.csv"
    path.write_bytes("姓名,编号,类别,楼栋,房号\n李建国,7,居民,3,1201\n".encode("gb18030"))
    lines = read_table(path)
    assert check(lines, NoPhotos(), store, today=TODAY) == []
    list(run(store, job(store), lines, NoPhotos(), None, by="li"))
    person = store.people.by_number("7")
    assert (person.name, person.kind) == ("李建国", "resident")
    assert store.places.address(person.household_id) == ("3", "1201", "")


def test_excel_gives_the_same_as_csv(tmp_path):
    book = Workbook()
    book.active.append(["name", "birth year", "valid until"])
    book.active.append(["Li", 1950, date(2027, 1, 2)])
    book.save(tmp_path / "people.xlsx")
    values = read_table(tmp_path / "people.xlsx")[0].values
    assert values == {"name": "Li", "birth_year": "1950", "valid_until": "2027-01-02"}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "nobody is in the table"),
        ("name\n", "nobody is in the table"),
        ("nom\nLi\n", "no column"),
        ("unit\n1\n", "column"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path, text, wrong):
    with pytest.raises(ConfigurationError, match=wrong):
        read_table(table(tmp_path, text))


def test_a_damaged_workbook_is_refused(tmp_path):
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_table(tmp_path / "x.xlsx")


def test_importing_twice_updates_and_adds_nobody(tmp_path, store):
    lines = read_table(table(tmp_path, "name,number,phone\nLi,1,123\n"))
    list(run(store, job(store), lines, NoPhotos(), None, by="li"))
    lines = read_table(table(tmp_path, "name,number,phone\nLi,1,456\n"))
    list(run(store, job(store), lines, NoPhotos(), None, by="li"))
    assert [(row.name, row.phone) for row in store.people.find()] == [("Li", "456")]


@pytest.mark.parametrize(
    "text",
    [
        "姓名,卡号1,卡号2\n李红,0002972728,0002972729\n",
        "姓名,卡号\n李红,0002972728；0002972729\n",
        "姓名,卡号\n李红,0002972728、0002972729\n",
        '姓名,卡号\n李红,"0002972728\n0002972729"\n',
    ],
)
def test_somebody_with_two_cards_gets_both(tmp_path, store, text):
    lines = read_table(table(tmp_path, text))
    assert check(lines, NoPhotos(), store, today=TODAY) == []
    list(run(store, job(store), lines, NoPhotos(), None, by="li"))
    (person,) = store.people.find()
    for number in ("0002972728", "0002972729"):
        found = store.credentials.find("card", number)
        assert found is not None
        assert found.credential.person_id == person.id


@pytest.mark.parametrize("second", ["0", "0002972728"])
def test_each_of_two_cards_is_checked(tmp_path, store, second):
    other = "赵,0002972728\n" if second != "0" else ""
    text = f"姓名,卡号\n{other}李红,0002972730；{second}\n"
    found = plan(open_table(table(tmp_path, text)), NoPhotos(), store, Choices(), today=TODAY).wrong
    assert [wrong.column for wrong in found] == ["card"]


def test_a_lost_card_is_not_given_back(tmp_path, store):
    text = "姓名,旧卡号,新卡号\n李红,0002972728,0002972729\n"
    lines = read_table(table(tmp_path, text))
    list(run(store, job(store), lines, NoPhotos(), None, by="li"))
    assert store.credentials.find("card", "0002972728") is None
    assert store.credentials.find("card", "0002972729") is not None


def test_what_is_exported_can_be_imported_and_is_the_same(tmp_path, store):
    text = (
        "name,number,kind,building,unit,birth year,phone,valid from,valid until,groups,note\n"
        "李,1,tenant,3,1201,1950,+86138,2026-01-01,2027-01-02,a;b,x\nWu,2,staff,,,,,,,,\n"
    )
    list(run(store, job(store), read_table(table(tmp_path, text)), NoPhotos(), None, by="li"))
    first = "".join(export(store))
    assert ",2026-01-01,2027-01-02,a;b,x" in first
    again = read_table(table(tmp_path, first.lstrip("\ufeff")))
    assert check(again, NoPhotos(), store, today=TODAY) == []
    list(run(store, job(store), again, NoPhotos(), None, by="li"))
    assert "".join(export(store)) == first


def test_a_folder_is_not_left(tmp_path):
    (tmp_path / "secret.jpg").write_bytes(photo())
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    photos = FolderPhotos(tmp_path / "photos")
    for name in ("../secret.jpg", str(tmp_path / "secret.jpg"), "link.jpg", "x/../../secret.jpg"):
        assert not photos.has(name)
        with pytest.raises(CameraError):
            photos.read(name)


@pytest.mark.slow
def test_a_zip_with_paths_that_lead_out_and_one_that_unpacks_to_gigabytes(tmp_path):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil.jpg", b"x")
        archive.writestr("/etc/evil2.jpg", b"x")
        archive.writestr("script.py", b"x")
        archive.writestr("bomb.jpg", bytes(64 << 20))
        archive.writestr("a/good.jpg", photo())
    photos = ZipPhotos(path)
    assert not any(photos.has(n) for n in ("../../evil.jpg", "evil.jpg", "evil2.jpg", "script.py"))
    with pytest.raises(CameraError, match="too large"):
        photos.read("bomb.jpg")
    assert photos.read("good.jpg") == photos.read("a/good.jpg") == photo()


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "marked"])
def test_chinese_names_in_a_zip_of_any_system_are_found(tmp_path, encoding):
    path, name = tmp_path / "photos.zip", "三号楼/张三.jpg"
    written = name.encode(encoding) if encoding != "marked" else b""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x" * len(written) or name, photo())
    if written:
        path.write_bytes(path.read_bytes().replace(b"x" * len(written), written))
    photos = ZipPhotos(path)
    assert photos.read(name) == photos.read("张三.jpg") == photo()
    assert not photos.has("李四.jpg")


def test_a_name_that_two_folders_hold_needs_its_folder(tmp_path):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a/x.jpg", "b/x.jpg", "y.jpg", "c/y.jpg", "c/z.jpg"):
            archive.writestr(name, name)
    photos = ZipPhotos(path)
    assert not photos.has("x.jpg")
    assert photos.read("b/x.jpg") == b"b/x.jpg"
    assert photos.read("y.jpg") == b"y.jpg"
    assert photos.read("z.jpg") == b"c/z.jpg"


@pytest.mark.slow
@pytest.mark.parametrize(
    "method",
    [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA],
)
def test_a_zip_damaged_anywhere_gives_its_photographs_or_says_so(tmp_path, method):
    path, random = tmp_path / "photos.zip", Random(method)
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.jpg", random.randbytes(300) + photo())
    good = path.read_bytes()
    refused = 0
    for _ in range(400):
        bad = bytearray(good)
        bad[random.randrange(len(bad))] = random.randrange(256)
        path.write_bytes(bad)
        try:
            photos = ZipPhotos(path)
            assert not photos.has("a.jpg") or len(photos.read("a.jpg")) > 300
        except (CameraError, ConfigurationError):
            refused += 1
    assert refused > 100


def people(count):
    return [Line(i + 2, {"name": f"P{i}"}) for i in range(count)]


@pytest.mark.slow
def test_the_time_left_is_at_the_rate_so_far(store):
    ticks = itertools.count(0.0, 10.0)  # ten seconds a batch
    steps = list(
        run(store, job(store), people(110), NoPhotos(), None, by="li", clock=lambda: next(ticks))
    )
    assert [step.done for step in steps] == [25, 50, 75, 100, 110]
    assert [round(step.seconds_left, 1) for step in steps] == [34.0, 24.0, 14.0, 4.0, 0.0]
    assert steps[-1].total == 110


@pytest.mark.slow
def test_stopped_after_the_batch_in_hand_and_the_next_run_counts_the_lines_done(store):
    lines, number = people(60), job(store)
    first = list(run(store, number, lines, NoPhotos(), None, by="li", stop=lambda: True))
    assert [step.done for step in first] == [25]
    rest = list(run(store, number, lines, NoPhotos(), None, by="li"))
    assert [step.done for step in rest] == [50, 60]
    assert store.people.count() == 60
    assert list(run(store, number, lines, NoPhotos(), None, by="li")) == []


def take(folder: Path) -> None:
    """In a process of its own: the import goes on, and each step is said."""
    with Store.open(StoreSettings(ballast=0), folder / "data") as store:
        for step in run(store, 1, read_table(folder / "people.csv"), NoPhotos(), None, by="li"):
            print(step.done, flush=True)


@pytest.mark.slow
def test_killed_at_any_moment_and_resumed_nobody_is_there_twice_and_nobody_missing(tmp_path):
    count = 400
    rows = "\n".join(f"P{i},,{i % 9},{i}" for i in range(count))
    table(tmp_path, f"name,card,building,unit\n{rows}\n")
    with Store.open(StoreSettings(ballast=0), tmp_path / "data") as store:
        job(store)
    for wait in (0.1, 0.25, 0.05, 0.3):
        child = Task(take, tmp_path, out=tmp_path / f"said-{wait}")
        wait_for(child.says)
        time.sleep(wait)
        child.kill()
        child.wait()
    with Store.open(StoreSettings(ballast=0), tmp_path / "data") as store:
        assert 0 < len(done_lines(store, 1)) == store.people.count() < count
        list(run(store, 1, read_table(tmp_path / "people.csv"), NoPhotos(), None, by="li"))
        with store.database.read() as session:
            names = sorted(row.name for row in session.query(PersonRow))
        assert names == sorted(f"P{i}" for i in range(count))
