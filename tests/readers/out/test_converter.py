"""Digits for a converter to Wiegand: as published, over a pseudo-terminal, with a pulled cable."""

from __future__ import annotations

import queue
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.config.settings import build
from gate.errors import ConfigurationError
from gate.readers.out import converter
from gate.readers.out.card_formats import encode, parse
from gate.readers.out.reader_out import ReaderOut
from gate.readers.out.settings import ReaderOutSettings
from gate.simulators.port import SimulatedPort
from gate.simulators.wiegand_converter import WiegandConverter
from tests.waiting import wait_for

MC100 = {"format": "wiegand-26", "digits": "FFFNNNNN", "ending": "\n\r", "baud": 115200}
S4A = {"format": "wiegand-34", "digits": "CCCCCCCCCC", "ending": "", "baud": 9600}
QUICK = (0.1, 0.2)  # seconds between attempts to open the port


def settings(port: str, **changed: object) -> ReaderOutSettings:
    values: dict[str, object] = {
        "enabled": True,
        "driver": "converter",
        "port": port,
    }
    return ReaderOutSettings.model_validate(values | changed)


def sent(form: str, digits: str, ending: str, number: int, facility: int) -> bytes | None:
    parsed = parse(form)
    bits = encode(parsed, number, facility)
    assert bits is not None
    return converter.frame(digits, ending, parsed, bits, facility, number)


def test_the_bytes_of_the_published_descriptions() -> None:
    # wieg_gen.py of MC-100: "{:03d}{:05d}" and "\n\r"
    assert sent("wiegand-26", "FFFNNNNN", "\n\r", 1603, 118) == b"11801603\n\r"
    assert sent("wiegand-26", "FFFNNNNN", "\n\r", 1, 0) == b"00000001\n\r"
    # S4A's manual: Wiegand 34 whose data is 0x860DDF79 is the decimal number's low half
    assert 123456789012345 & 0xFFFFFFFF == 0x860DDF79
    assert sent("wiegand-34", "C" * 10, "", 0xDF79, 0x860D) == str(0x860DDF79).encode()


@given(st.integers(1, 2**16 - 2), st.integers(0, 255))
def test_a_converter_sends_the_bits_the_format_has(number: int, facility: int) -> None:
    device = WiegandConverter("mc-100")
    frame = sent("wiegand-26", "FFFNNNNN", "\n\r", number, facility)
    assert frame is not None
    for byte in frame:  # a serial port delivers as it likes
        device.receive(bytes((byte,)), 0.0)
    assert device.wire == [encode(parse("wiegand-26"), number, facility)]


def test_a_number_with_more_digits_than_the_converter_takes_is_not_sent() -> None:
    assert sent("wiegand-26", "FFNNNNN", "", 1603, 118) is None
    assert sent("wiegand-26", "NNN", "", 1603, 118) is None
    assert sent("wiegand-26", "CCCC", "", 1603, 118) is None
    assert sent("wiegand-26", "NNNN", "", 1603, 118) == b"1603"


@pytest.mark.parametrize("layout", ["", "F", "FC", "NF", "CN", "nnn", "N" * 21])
def test_a_mistake_in_the_digits(layout: str) -> None:
    with pytest.raises(ConfigurationError, match="no layout of digits"):
        converter.check(layout)
    with pytest.raises(ConfigurationError, match="no layout of digits"):
        build({"reader_out": {"digits": layout}})


def test_a_converter_cannot_agree() -> None:
    with pytest.raises(ConfigurationError, match="a converter brings no answer"):
        build({"reader_out": {"driver": "converter", "decides": "both"}})


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "values"), [("mc-100", MC100), ("s4a", S4A)])
def test_cards_arrive_each_once_in_order_and_again_after_the_cable_was_pulled(
    kind: str, values: dict[str, object]
) -> None:
    answers: queue.Queue[bool] = queue.Queue()
    device = WiegandConverter(kind)
    with (
        SimulatedPort(device) as port,
        closing(
            ReaderOut(settings(port.path, facility=7, **values), answers.put, retry=QUICK)
        ) as reader,
    ):
        reader.open()
        wait_for(lambda: reader.there)
        for number in (4711, 4712, 4711):
            assert reader.present(number) == ""
        wait_for(lambda: len(device.sent) == 3)
        assert [data & 0xFFFF for _, data in device.sent] == [4711, 4712, 4711]
        assert {data >> 16 for _, data in device.sent} == {7}
        assert reader.present(1 << 40) == "number"
        port.unplug()
        wait_for(lambda: not reader.there)
        assert reader.present(4713) == "silent"
        port.plug()
        wait_for(lambda: reader.there)
        assert reader.present(4714) == ""
        wait_for(lambda: len(device.sent) == 4)
        assert device.sent[-1][1] & 0xFFFF == 4714  # and not the card that was refused meanwhile
        assert answers.empty()
