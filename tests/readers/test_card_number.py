"""One card, however printed, typed or sent, has one number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import AccessError
from gate.readers.card_number import Form, canonical, of_number
from gate.readers.wiegand import decode, encode, pack, unpack

CARD = "0002972728"


@pytest.mark.parametrize(
    "printed",
    ["0002972728", " 2972728 ", "002D5C38", "002d5c38", "0A002D5C38", "045,23608", "45.23608"],
)
def test_every_printed_form_of_a_card_is_one_number(printed: str) -> None:
    assert canonical(printed) == CARD


def test_a_form_that_could_be_two_must_be_named() -> None:
    with pytest.raises(AccessError):
        canonical("04523608")
    assert canonical("04523608", Form.FACILITY) == CARD
    assert canonical("12345678", Form.HEX) == f"{0x12345678:010d}"
    assert canonical("12345678", Form.DECIMAL) == "0012345678"


@pytest.mark.parametrize("wrong", ["", "hello", "4294967296", "256,1", "1,65536", "0A0B", "1,2,3"])
def test_what_is_no_card_number_is_refused_without_repeating_it(wrong: str) -> None:
    with pytest.raises(AccessError) as raised:
        canonical(wrong)
    assert not wrong or wrong not in str(raised.value).replace(CARD, "")


def test_wiegand_26_and_facility_agree() -> None:
    assert canonical("12,34567") == "0000820999"
    assert decode(encode(12 << 16 | 34567)) == 820999


def test_houses_with_24_bit_readers_keep_24_bits() -> None:
    assert of_number(0x12002D5C, 24) == of_number(0x002D5C)
    assert canonical("FF2D5C38", bits=24) == canonical("045,23608", bits=24)


@given(st.integers(0, 2**32 - 1))
def test_any_card_by_any_form(number: int) -> None:
    assert canonical(of_number(number)) == of_number(number)
    assert canonical(f"{number:08X}", Form.HEX) == of_number(number)
    assert decode(encode(number, 34)) == number
    assert unpack(pack(encode(number, 34)), 34) == encode(number, 34)


@given(st.integers(0, 2**24 - 1), st.integers(0, 25))
def test_one_wrong_bit_is_no_wiegand_number(number: int, at: int) -> None:
    bits = list(encode(number))
    bits[at] ^= 1
    assert decode(tuple(bits)) is None
