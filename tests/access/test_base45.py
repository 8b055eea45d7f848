"""Base 45: what the standard says, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.access.base45 import b45decode, b45encode


@pytest.mark.parametrize(
    ("plain", "coded"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581")]
)
def test_base_45_is_that_of_the_standard(plain: bytes, coded: str) -> None:
    assert b45encode(plain) == coded
    assert b45decode(coded) == plain


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_base_45_comes_back(data: bytes) -> None:
    assert b45decode(b45encode(data)) == data
    assert b45encode(data)[-1:] != " "  # scanners cut spaces off the end


@settings(deadline=None)
@given(st.text(max_size=40))
def test_anything_else_is_no_base_45(text: str) -> None:
    try:
        b45decode(text)
    except ValueError:
        return


def test_the_largest_number_of_each_length_is_the_last_that_is_read() -> None:
    assert b45decode("FGW") == b"\xff\xff"
    assert b45decode("U5") == b"\xff"
    for beyond in ("GGW", ":::", "V5"):
        with pytest.raises(ValueError, match="not base 45"):
            b45decode(beyond)


@pytest.mark.parametrize("text", ["0", "BB80"])
def test_a_single_character_at_the_end_is_a_cut_text(text: str) -> None:
    with pytest.raises(ValueError, match="cut"):
        b45decode(text)


def test_a_small_letter_is_none_of_base_45() -> None:
    with pytest.raises(ValueError, match="does not have"):
        b45decode("bb8")
