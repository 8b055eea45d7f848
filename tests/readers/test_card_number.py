"""One card, however printed, typed or sent, has one number."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import AccessError
from gate.readers.card_number import Form, canonical, of_bytes, of_number

CARD = "0002972728"
UID = f"{0x04A2245BD91290:017d}"


@pytest.mark.parametrize(
    "printed",
    [
        "0002972728",
        " 2972728 ",
        "002D5C38",
        "002d5c38",
        "0A002D5C38",
        "045,23608",
        "45.23608",
        "045 23608",
        f"{0x0A002D5C38:013d}",  # with the version byte, in decimal
        "0002972728 045,23608",  # as most cards are printed
        "045,23608 0002972728",
        "0002972728\t045,23608",
        "002D5C38 0002972728",
    ],
)
def test_every_printed_form_of_a_card_is_one_number(printed: str) -> None:
    assert canonical(printed) == CARD


@pytest.mark.parametrize("printed", ["04A2245BD91290", "04a2245bd91290", UID, str(int(UID))])
def test_a_uid_of_seven_bytes_is_kept_whole(printed: str) -> None:
    assert canonical(printed) == UID


def test_a_uid_of_seven_bytes_without_a_letter_is_hexadecimal() -> None:
    assert canonical("04523608112233") == f"{0x04523608112233:017d}"


def test_cards_with_equal_low_bytes_stay_two() -> None:
    assert canonical("04A2245BD91290") != canonical("04B2245BD91290") != canonical("5BD91290")


def test_a_form_that_could_be_two_must_be_named_and_the_error_says_so() -> None:
    with pytest.raises(AccessError, match="hexadecimal, decimal, or facility"):
        canonical("04523608")
    assert canonical("04523608", Form.FACILITY) == CARD
    assert canonical("12345678", Form.HEX) == f"{0x12345678:010d}"
    assert canonical("12345678", Form.DECIMAL) == "0012345678"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "hello",
        "4294967296",
        "256,1",
        "1,65536",
        "0A0B",
        "1,2,3",
        "0002972729 045,23608",  # two cards
        "0002972728 0002972728 045,23608",
        str(1 << 40),
        "99999999999999999",
        "05A2245BD9129",
        "200²",
        "２９７２７２８",
    ],
)
def test_what_is_no_card_number_is_refused_without_repeating_it(wrong: str) -> None:
    with pytest.raises(AccessError) as raised:
        canonical(wrong)
    assert not wrong or wrong not in str(raised.value).replace(CARD, "")


@pytest.mark.parametrize(
    "blank",
    [
        "0",
        "0000000000",
        "00000000",
        "000,00000",
        "4294967295",
        "FFFFFFFF",
        "FF00000000",
        "255,65535",
        "00000000000000",
        "FFFFFFFFFFFFFF",
        "FFFFFF",
        str((1 << 56) - 1),
    ],
)
@pytest.mark.parametrize("bits", [24, 32])
def test_zeros_and_ones_are_nobodys_card(blank: str, bits: int) -> None:
    with pytest.raises(AccessError, match="without a card"):
        canonical(blank, bits=bits)


def test_where_only_24_bits_count_they_must_not_be_blank_either() -> None:
    with pytest.raises(AccessError, match="without a card"):
        canonical("12000000", Form.HEX, 24)
    assert canonical("12000000", Form.HEX) == f"{0x12000000:010d}"


def test_reversed_byte_order() -> None:
    assert canonical("385C2D00", reversed_bytes=True) == CARD
    assert canonical(str(0x385C2D00), reversed_bytes=True) == CARD
    assert canonical("9012D95B24A204", reversed_bytes=True) == UID
    assert canonical("9012D95B24A204", reversed_bytes=True, bits=24) == canonical(UID, bits=24)


def test_facility_and_number_are_never_turned_round() -> None:
    assert canonical("045,23608", reversed_bytes=True) == CARD


def test_houses_with_24_bit_readers_keep_24_bits() -> None:
    assert of_number(0x12002D5C, 24) == of_number(0x002D5C)
    assert canonical("FF2D5C38", bits=24) == canonical("045,23608", bits=24)


def test_of_a_uid_too_24_bits_are_ten_digits() -> None:
    assert canonical(UID, bits=24) == f"{0xD91290:010d}"


def test_a_form_that_is_named_is_that_of_the_whole_line() -> None:
    with pytest.raises(AccessError, match="not decimal"):
        canonical("0002972728 0002972728", Form.DECIMAL)


def test_fourteen_digits_are_no_decimal_number() -> None:
    with pytest.raises(AccessError, match="not decimal"):
        canonical("12345678901234", Form.DECIMAL)


@pytest.mark.parametrize("number", [1 << 32, (1 << 32) + 5, 1 << 40, (1 << 40) + 5])
def test_a_number_with_more_bits_than_a_card_is_not_cut(number: int) -> None:
    with pytest.raises(AccessError, match="more than the number of a card"):
        canonical(str(number), Form.DECIMAL)


@pytest.mark.slow
@given(st.integers(1, 2**32 - 2).filter(lambda n: n != 0xFFFFFF))
def test_any_card_by_any_form(number: int) -> None:
    assert canonical(of_number(number)) == of_number(number)
    assert canonical(f"{number:08X}", Form.HEX) == of_number(number)
    assert of_bytes(number, 4) == of_number(number)
    turned = int.from_bytes(number.to_bytes(4, "big"), "little")
    assert of_bytes(turned, 4, reversed_bytes=True) == of_number(number)


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_a_clear_error(text: str) -> None:
    with contextlib.suppress(AccessError):
        assert re.fullmatch(r"[0-9]{10}|[0-9]{17}", canonical(text))
