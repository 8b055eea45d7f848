"""Wiegand numbers: parity before and behind the data."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.readers.card_number import canonical, of_number
from gate.readers.wiegand import decode, encode, pack, unpack


def test_facility_and_number_of_wiegand_26() -> None:
    assert decode(encode(12 << 16 | 34567)) == 820999
    assert canonical("12,34567") == of_number(820999) == "0000820999"


@given(st.integers(0, 2**32 - 1))
def test_34_bits_there_and_back(number: int) -> None:
    assert decode(encode(number, 34)) == number
    assert unpack(pack(encode(number, 34)), 34) == encode(number, 34)


@given(st.integers(0, 2**24 - 1), st.integers(0, 25))
def test_one_wrong_bit_is_no_number(number: int, at: int) -> None:
    bits = list(encode(number))
    bits[at] ^= 1
    assert decode(tuple(bits)) is None


def test_another_length_is_no_number() -> None:
    assert decode(encode(5)[:-1]) is None
    assert decode(encode(5, 30)) is None  # its parities are right
