"""Words, answers and card numbers as people write them."""

from __future__ import annotations

import pytest

from gate.errors import AccessError
from gate.importing.values import answer, card, cards, kind, no_card


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (
            ("业主", "家属", "户主", "子女", "业主（本人）", "户主/业主", "Owner", "房东"),
            "resident",
        ),
        (("租户", "租客", "承租方", "租户(短期)", "房客", "Lessee"), "tenant"),
        (("物业", "保安员", "保洁员", "维修工", "Cleaner"), "staff"),
        (("保姆", "钟点工", "家政人员", "Domestic helper", "caregiver"), "carer"),
        (("访客", "亲友", "外来人员", "Guest"), "visitor"),
    ],
)
def test_kinds(words, meant):
    assert {kind(word) for word in words} == {meant}


@pytest.mark.parametrize("text", ["快递员", "业主/租户", "King", "租户以外"])
def test_what_is_no_kind_stays_for_the_check_to_name(text):
    assert kind(text) == text


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("√", "✓", "是", "Y", "1", "已同意", "同意。", "√ 同意", "YES!", "✔️", "已签名"), "agreed"),
        (("×", "否", "N", "0", "不同意", "拒绝", "╳", "不", "未授权", "No."), "refused"),
        (("□", "☐", "待定", "——", "空", "未知"), ""),
        (("已撤回", "withdrawn"), "withdrawn"),
    ],
)
def test_answers(words, meant):
    assert {answer(word) for word in words} == {meant}


@pytest.mark.parametrize("text", ["同意（仅门禁卡）", "X", "有", "× 同意", "不是同意"])
def test_an_answer_that_may_mean_no_is_not_taken_for_yes(text):
    assert answer(text) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0004523608", "0004523608"),
        ("ID:0004523608", "0004523608"),
        ("00045 23608", "0004523608"),
        ("'0004523608", "0004523608"),
        ("04 5C 3A 12", "0073153042"),
        ("04:52:36:08", f"{0x04523608:010d}"),
        ("0x045C3A12", "0073153042"),
        ("045C3A12H", "0073153042"),
        ("045,23608", "0002972728"),
    ],
)
def test_cards_that_can_be_read_in_one_way(text, number):
    assert cards(text) == {"": number}


@pytest.mark.parametrize("text", ["4523608", "4523608.0", "04523608"])
def test_cards_that_are_asked_about(text):
    assert "" not in cards(text)


@pytest.mark.parametrize(
    "text", ["0", "0000000000", "FFFFFFFF", "4,523,608", "0004523608、0004523609", "1.2E+9", "无"]
)
def test_what_is_no_card(text):
    with pytest.raises(AccessError):
        cards(text)


def test_reversed_bytes_of_every_size():
    four = int.from_bytes((4523608).to_bytes(4, "little"), "big")
    assert card("0004523608", "reversed") == f"{four:010d}"
    uid = "04A2245BD91290"
    assert card(uid, "reversed") == f"{int.from_bytes(bytes.fromhex(uid), 'little'):017d}"


def test_words_for_no_card():
    assert all(no_card(text) for text in ("无", "未办卡", "-", "N/A"))
    assert not no_card("0004523608")


@pytest.mark.parametrize(
    "text",
    ["00029 72728", "0002 972 728", "０００２ ９７２７２８", "0002\u3000972728", "000 297 27 28"],
)
def test_ten_digits_in_groups_are_one_card(text):
    assert cards(text) == {"": "0002972728"}


def test_fewer_digits_in_groups_are_no_guess():
    assert cards("045 23608") == {"": "0002972728"}  # facility and number
    with pytest.raises(AccessError):
        cards("0002 97272")
