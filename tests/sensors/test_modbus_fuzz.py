"""100,000 damaged answers of a sensor with registers: no false temperature."""

from __future__ import annotations

import random
import struct

import pytest

from gate.errors import DeviceError
from gate.sensors.lines import ModbusLine
from gate.sensors.settings import RegisterSettings, TemperatureSettings
from tests.devices.wire import Wire, attach, damaged, framed, genuine
from tests.effort import rounds

pytestmark = pytest.mark.fuzz

FRAMES = rounds(2_000)


@pytest.mark.parametrize(("function", "code"), [("holding", 3), ("input", 4)])
@pytest.mark.slow
def test_a_temperature_is_only_what_a_whole_answer_says(
    function: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.sensors.lines.time.sleep", lambda seconds: None)
    monkeypatch.setattr("pymodbus.client.ModbusSerialClient.connect", lambda client: True)
    chance = random.Random(code)
    clean = False

    def answer(request: bytes) -> bytes:
        nonlocal clean
        clean = chance.random() < 0.1
        whole = framed(struct.pack(">BBBh", 1, code, 2, chance.randrange(-400, 1000)))
        return whole if clean else damaged(whole, chance)

    wire = Wire(answer)
    registers = RegisterSettings(function=function)  # type: ignore[arg-type]
    line = ModbusLine(TemperatureSettings(driver="modbus", port="wire", modbus=registers))
    line.open()
    attach(line._client, wire)
    reported = errors = 0
    for _ in range(FRAMES // 2):
        try:
            (sample,) = line.read()
        except DeviceError:
            errors += 1
            assert not clean or wire.came == b"", "the first whole answer after damage counts"
            continue
        reported += 1
        # three bytes under a right check are no line's doing; the library reads one register
        whole = [
            frame
            for size in (2, 3)
            for frame in genuine(wire.came, bytes((1, code, size)), 5 + size)
        ]
        values = {struct.unpack(">h", frame[3:5])[0] * 0.1 for frame in whole}
        assert sample.raw in values, wire.came.hex(" ")
    assert reported > FRAMES // 2 * 0.1
    assert errors > FRAMES // 2 * 0.5
