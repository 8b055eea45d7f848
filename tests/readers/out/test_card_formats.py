"""Card formats against published numbers, and by what parity must be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import ConfigurationError
from gate.readers import wiegand
from gate.readers.out.card_formats import NAMED, encode, parse


def as_int(bits: tuple[int, ...] | None) -> int:
    assert bits is not None
    return int("".join(map(str, bits)), 2)


# raw values of real HID cards as published with the Proxmark's documentation; the 26 bits of the
# card are the lowest, below the marker bit 26
@pytest.mark.parametrize(
    ("raw", "facility", "number"), [(0x2006EC0C86, 118, 1603), (0x2004263F88, 19, 8132)]
)
def test_26_bits_as_published(raw: int, facility: int, number: int) -> None:
    bits = encode(parse("wiegand-26"), number, facility)
    assert as_int(bits) == raw & 0x3FFFFFF


@given(st.integers(1, 2**16 - 2), st.integers(0, 255))
def test_26_bits_are_what_a_controllers_decoder_takes(number: int, facility: int) -> None:
    bits = encode(parse("wiegand-26"), number, facility)
    assert bits is not None
    assert wiegand.decode(bits) == facility << 16 | number


@given(st.integers(1, 2**16 - 2), st.integers(0, 2**16 - 1))
def test_34_bits_are_what_a_controllers_decoder_takes(number: int, facility: int) -> None:
    bits = encode(parse("wiegand-34"), number, facility)
    assert bits is not None
    assert wiegand.decode(bits) == facility << 16 | number


@pytest.mark.parametrize("name", ["wiegand-37", "wiegand-37-facility"])
@given(data=st.data())
def test_37_bits_have_both_parities_over_the_shared_middle_bit(
    name: str, data: st.DataObject
) -> None:
    form = parse(name)
    number = data.draw(st.integers(1, 2**form.number_bits - 2))
    facility = data.draw(st.integers(0, 2**form.facility_bits - 1))
    bits = encode(form, number, facility)
    assert bits is not None
    assert len(bits) == 37
    assert sum(bits[:19]) % 2 == 0  # the first bit makes 0 to 18 even
    assert sum(bits[18:]) % 2 == 1  # the last makes 18 to 36 odd
    assert as_int(bits[1:-1]) == facility << form.number_bits | number


# what Pack_H10301, Pack_H10306, Pack_H10302 and Pack_H10304 of the Proxmark3's client make
# (github.com/RfidResearchGroup/proxmark3, client/src/wiegand_formats.c, 0254b2a), compiled and
# run over these cards; written independently of this project, by people who read such cards
@pytest.mark.parametrize(
    ("name", "facility", "number", "bits"),
    [
        ("wiegand-26", 118, 1603, 0x2EC0C86),
        ("wiegand-26", 255, 1, 0x1FE0002),
        ("wiegand-26", 1, 65534, 0x203FFFC),
        ("wiegand-34", 300, 4711, 0x25824CE),
        ("wiegand-34", 32769, 65534, 0x10003FFFC),
        ("wiegand-34", 65535, 1, 0x1FFFE0002),
        ("wiegand-37", 0, 1, 0x2),
        ("wiegand-37", 0, 4711, 0x24CE),
        ("wiegand-37", 0, 1234567890, 0x10932C05A5),
        ("wiegand-37", 0, 34359738366, 0xFFFFFFFFC),
        ("wiegand-37-facility", 1, 1, 0x1000100002),
        ("wiegand-37-facility", 9, 4711, 0x9024CE),
        ("wiegand-37-facility", 61453, 524286, 0x1F00DFFFFC),
        ("wiegand-37-facility", 65535, 262144, 0x1FFFF80001),
    ],
)
def test_cards_as_the_proxmark_makes_them(name: str, facility: int, number: int, bits: int) -> None:
    assert as_int(encode(parse(name), number, facility)) == bits


def test_a_free_layout() -> None:
    form = parse("1PFFNNNN0", ("odd 2-7",))
    assert encode(form, 5, 2) == (1, 0, 1, 0, 0, 1, 0, 1, 0)
    assert encode(form, 4, 2) == (1, 1, 1, 0, 0, 1, 0, 0, 0)


@pytest.mark.parametrize("name", NAMED)
def test_what_does_not_fit_is_not_sent(name: str) -> None:
    form = parse(name)
    most = 1 << form.number_bits
    for number in (-1, 0, most - 1, most):
        assert encode(form, number) is None
    assert encode(form, 1, 1 << form.facility_bits) is None
    assert encode(form, most - 2) is not None


@pytest.mark.parametrize(
    ("layout", "parity"),
    [
        ("wiegand-25", ()),
        ("FFFF", ()),
        ("PNNN", ()),
        ("PNNN", ("even 1-4",)),
        ("PNNN", ("even 3-1",)),
        ("PNNN", ("even",)),
        ("N" * 200, ()),
        ("PNXN", ("even 1-3",)),
        ("wiegand-26", ("even 1-12",)),
        ("", ()),
    ],
)
def test_a_mistake_in_a_format(layout: str, parity: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError):
        parse(layout, parity)
