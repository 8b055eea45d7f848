"""Homes in one cell, and which of them are the same."""

from __future__ import annotations

import pytest

from gate.importing.homes import home, home_key, unit_key, unit_of


@pytest.mark.parametrize(
    "text",
    [
        *("3号楼2单元501", "三号楼二单元501室", "3號樓2單元501室", "3号楼-2单元-501室"),
        *("3楼2单元501",),
        *("3栋2门501", "3-2-501", "3－2－501室", "3_2_501", "3 2 501", "3号楼2单元5层501"),
        *("3#楼2单元501",),
        *("花园小区3号楼2单元501", "叁号楼二单元五零一室", "3-2-5-501", "3#2-501"),
        *("3号楼2号门501室", "第3栋第2单元第501室", "第三栋第二单元501"),
        *("3，2，501", "3、2、501"),
    ],
)
def test_one_home_in_many_ways(text):
    found = home(text)
    assert found is not None
    assert home_key(*found) == ("3", "2-501")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A座1201", ("A座", "1201")),
        ("A栋12楼1201", ("A栋", "1201")),
        ("十二号楼三单元1201室", ("12号楼", "3单元1201")),
        ("一期3号楼501", ("1期3号楼", "501")),
        ("幸福路12弄3号501室", ("12弄3号", "501")),
        ("北区3号楼2单元501", ("北区3号楼", "2单元501")),
        ("Building 3, Flat 501", ("3", "501")),
        ("Flat 12A, Tower B", ("B", "12A")),
        ("Rm 501, 3/F, Block 2", ("2", "501")),
        ("No.3-501", ("3", "501")),
    ],
)
def test_other_homes(text, found):
    assert home(text) == found


def test_two_phases_of_a_community_have_two_buildings_3():
    one, other = home("一期3号楼501"), home("二期3号楼501")
    assert one is not None
    assert other is not None
    assert home_key(*one) != home_key(*other)


@pytest.mark.parametrize(
    "text", ["501", "302室", "幸福路", "3号楼2单元", "Block 3", "AB-CD", "1,000", "第3栋", ""]
)
def test_what_is_no_home_is_none(text):
    assert home(text) is None


def test_flats_as_they_are_compared():
    assert unit_key("2单元501室") == unit_key("二单元501") == unit_key("2-501") == "2-501"
    assert unit_key("501") != unit_key("502")
    assert unit_of("2单元", "501") == unit_of("2", "501") == "2单元501"
    assert unit_of("", "501") == "501"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("3-2-502", ("3", "2-502")),
        ("Block 3, Entrance 2, Flat 502", ("3", "2-502")),
        ("3-502", ("3", "502")),
        ("3号楼2单元502", ("3号楼", "2单元502")),
    ],
)
def test_an_english_page_keeps_a_flat_without_chinese_words(text, kept):
    assert home(text, "en") == kept
    chinese = home(text)
    assert chinese is None or home_key(*chinese) == home_key(*kept)
    assert unit_of("2", "502", "en") == "2-502"
    assert unit_of("2单元", "502", "en") == "2单元502"  # as somebody wrote it
