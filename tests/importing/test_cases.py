"""Every table of fixtures/cases with its right value."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gate.importing.choices import Choices
from gate.importing.photos import FolderPhotos, NoPhotos, ZipPhotos
from gate.importing.plan import plan
from gate.importing.table import open_table
from gate.recognition.detection.detector import HogDetector
from gate.services.enrolment import Examiner
from gate.services.image_decode import decode
from gate.store.settings import StoreSettings
from gate.store.store import Store

CASES = Path(__file__).parents[2] / "fixtures" / "cases"
TODAY = date(2026, 11, 23)


@pytest.fixture
def store(tmp_path):
    with Store.open(StoreSettings(ballast=0), tmp_path / "data") as store:
        yield store


def table(case: str, **choices):
    (path,) = (CASES / case).glob("people.*")
    return open_table(path, Choices(**choices))


def values(case: str, **choices) -> list[dict[str, str]]:
    return [line.values for line in table(case, **choices).lines]


def mistakes(case: str, store, **choices) -> list[tuple[int, str]]:
    folder = CASES / case
    zipped = folder / "photos.zip"
    photos = ZipPhotos(zipped) if zipped.exists() else FolderPhotos(folder)
    decided = Choices(**choices)
    made = plan(table(case, **choices), photos, store, decided, today=TODAY)
    return [(wrong.line, wrong.column) for wrong in made.wrong]


FIVE = [
    {
        "name": "Li One",
        "number": "1001",
        "birth_year": "1980",
        "card": "0002972728",
        "note": "first",
    },
    {
        "name": "Wang Two",
        "number": "1002",
        "birth_year": "1981",
        "card": "0002972729",
        "note": "second",
    },
]


@pytest.mark.parametrize("case", ["01a_dim_A1", "02a_empty_fill"])
def test_all_columns_arrive_whatever_the_workbook_claims(case, store):
    assert values(case) == FIVE
    assert mistakes(case, store) == []


def test_photographs_of_a_sheet_with_a_wrong_size_are_counted(store):
    found = table("01f_dim_photos")
    assert found.count("photo") == found.count("consent") == len(found.lines) == 2
    assert mistakes("01f_dim_photos", store) == []


def test_cards_without_their_zeros_are_asked_about_once(store):
    found = table("04_cards")
    (question,) = found.open
    assert (question.about, question.lines) == ("card_form", 4)
    assert [text for text, _ in question.examples] == ["4523608", "123456", "100000", "2972728"]
    decimal = [line.get("card") for line in values("04_cards", card_form="decimal")]
    assert decimal == ["0004523608", "0000123456", None, "0000100000", "0002972728"]
    facility = [line.get("card") for line in values("04_cards", card_form="facility")]
    assert facility == ["0002972728", "0000088992", None, "0000065536", None]
    hexadecimal = [line.get("card") for line in values("04_cards", card_form="hex")]
    assert hexadecimal == ["0072496648", "0001193046", None, "0001048576", "0043460392"]
    reverse = [line.get("card") for line in values("04_cards", card_form="reversed")]
    assert reverse[0] == f"{int.from_bytes((4523608).to_bytes(4, 'little'), 'big'):010d}"
    assert mistakes("04_cards", store, card_form="decimal") == [(4, "card")]  # 1.2E+35
    assert mistakes("04_cards", store, card_form="facility") == [(4, "card"), (6, "card")]


def test_formulas_without_a_value_are_mistakes(store):
    assert mistakes("05_formula_nocache", store) == [
        *((2, "number"), (2, "unit"), (2, "note"), (3, "number"), (3, "unit")),
    ]


def test_error_cells_are_mistakes_and_nobodys_name_or_flat(store):
    assert mistakes("06_na", store) == [
        *((2, "unit"), (2, "groups"), (2, "phone"), (3, "name"), (3, "phone"), (4, "name")),
    ]
    assert not [line for line in values("06_na") if "#" in "".join(line.values())]


def test_two_columns_of_photographs_both_count(store):
    assert [line["photo"] for line in values("07b_dup_photo")] == ["a.jpg", "b.jpg"]
    assert mistakes("07b_dup_photo", store) == []


def test_the_visible_sheet_is_read():
    assert values("08_hidden_first") == [{"name": "Visible One", "number": "1"}]
    assert table("08_hidden_first").questions == ()


def test_a_merged_home_is_the_home_of_all_its_lines():
    homes = [(line["building"], line["unit"]) for line in values("10_merged")]
    assert homes == [("B1", "101")] * 3


def test_a_title_is_no_heading():
    assert values("11_title") == [{"name": "甲", "number": "1", "note": "x"}]


def test_dates_as_people_write_them(store):
    days = [(line["valid_from"], line["valid_until"]) for line in values("12_dates")]
    assert days[:-1] == [("2026-01-05", "2027-01-05")] * 7
    assert days[-1] == ("2025-12-29", "2027-01-04")  # ISO weeks
    assert values("12b_dates_csv") == [
        {
            "name": "甲",
            "kind": "tenant",
            "valid_from": "2026-01-05",
            "valid_until": "2027-01-05",
        }
    ]
    assert mistakes("12_dates", store) == []


def test_years_of_birth_with_other_digits_are_mistakes_of_their_line(store):
    years = [line["birth_year"] for line in values("13_birth")]
    assert years[2:6] == ["1980"] * 4
    wrong = [(2, "birth_year"), (3, "birth_year"), (8, "birth_year")]
    assert mistakes("13_birth", store) == wrong


def test_marks_nobody_sees_make_no_other_people(store):
    found = table("14_marks")
    numbers = [line.values["number"] for line in found.lines]
    assert numbers == ["1001", "1002", "1003", "10 04", "1002", "1001"]
    cards = [line.values.get("card", "") for line in found.lines]
    assert cards[:4] == [f"{number:010d}" for number in range(2972728, 2972732)]
    assert found.cleaned == 7
    twice = [(6, "number"), (7, "number"), (7, "card")]
    assert mistakes("14_marks", store) == twice


def test_yes_in_the_ways_it_is_written(store):
    assert {line["consent"] for line in values("15_consent")} == {"agreed"}
    assert mistakes("15_consent", store) == []


def test_a_line_end_in_a_cell(store):
    lines = values("17_newline")
    assert [line["name"] for line in lines] == ["A", "B", "王芳"]
    assert [line.get("note") for line in lines] == ["line1\nline2", "tab here", None]
    assert mistakes("17_newline", store) == []


def test_a_sheet_that_claims_to_be_endless():
    assert values("18_xfd") == [{"name": "A", "number": "1"}]


def test_what_the_gate_does_not_need_is_left_out_by_name():
    found = table("19_headings")
    assert [(column.heading, column.reason) for column in found.columns if not column.field] == [
        ("性别", "unneeded"),
        ("序号", "unneeded"),
    ]
    assert values("19_headings") == [
        {"name": "甲", "phone": "13800138000", "building": "1", "unit": "101"}
    ]


def test_encodings_are_recognised():
    assert values("20d_big5") == [{"name": "張三", "number": "1", "note": "朝陽"}]
    names = [line["name"] for line in values("20e_latin1_fc")]
    assert names == ["Müller", "Muñoz", "José Pérez"]
    assert table("20d_big5").book.encoding == "big5"
    assert table("20e_latin1_fc").book.encoding == "cp1252"
    chosen = values("20e_latin1_fc", encoding="gb18030")
    assert "黮" in chosen[0]["name"]  # whoever chooses it gets it


def test_the_line_that_names_the_separator_is_none_of_the_table():
    assert values("21a_sep") == [{"name": "A", "number": "1"}]
    assert table("21a_sep").lines[0].number == 3


@pytest.mark.parametrize("case", ["21i_morecells", "22b_facility_comma"])
def test_more_cells_than_headings_are_a_mistake(case, store):
    assert mistakes(case, store) == [(2, "")]
    assert not table(case).open  # nothing of that line is asked about


def test_numbers_that_lost_their_digits_are_mistakes(store):
    lost = [(2, "number"), (2, "phone"), (3, "number"), (3, "phone")]
    assert mistakes("22_sci_number", store) == lost


def test_a_composed_name_finds_a_decomposed_file(store):
    assert mistakes("31a_nfd_folder", store) == []


def test_a_name_in_two_folders_is_said_to_be_there_twice(store):
    photos = ZipPhotos(CASES / "31f_zip_dup" / "photos.zip")
    made = plan(table("31f_zip_dup"), photos, store, Choices(), today=TODAY)
    assert [wrong.what for wrong in made.wrong] == [
        "101.jpg is in several folders; write the folder before it"
    ]


def test_backslashes_in_a_zip(store):
    assert mistakes("31h_backslash_zip", store) == []


def test_no_card_is_zero(store):
    assert mistakes("40_card_zero", store) == [(2, "card")]


@pytest.fixture(scope="module")
def examiner():
    return Examiner(HogDetector(), [])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "fault"),
    [
        *((f"30_images/{name}", "") for name in ("UPPER.JPG", "jfif.jfif", "photo.jpe")),
        *((f"30_images/{name}", "") for name in ("png_bigtext.png", "scan.tif", "x.avif")),
        ("30_images/sideways_noexif.jpg", ""),
        *((f"33_far_face/{name}", "") for name in ("whole.jpg", "crop.jpg")),
    ],
)
def test_photographs_by_content_turned_and_far_away(examiner, name, fault):
    path = CASES / name
    shot = examiner.shot(decode(path.read_bytes(), path.name))
    assert shot.fault == fault
    assert shot.face.width > 80


def test_a_damaged_heic_is_named_with_what_to_do():
    from gate.errors import CameraError

    path = CASES / "30_images" / "IMG_0001.HEIC"
    with pytest.raises(CameraError, match="HEIC photograph is damaged") as refused:
        decode(path.read_bytes(), path.name)
    assert "JPEG" in refused.value.hint


def test_photographs_of_the_folder_are_found_in_any_letter_case(store):
    wrong = mistakes("30_images", store)
    found = {line.number: line.values["name"] for line in table("30_images").lines}
    right = {"jfif_jfif", "photo_jpe", "scan_tif", "x_avif", "png_bigtext_png", "case"}
    assert not right & {found[line] for line, _ in wrong}
    assert NoPhotos().names() == []
