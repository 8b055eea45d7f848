"""From samples to a reading, and the sensor as a whole."""

from __future__ import annotations

import contextlib
import itertools
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import DeviceError
from gate.sensors.estimate import estimate, reading_of
from gate.sensors.lines import ModbusLine, make_line
from gate.sensors.reading import Reading, Validity
from gate.sensors.sample import Sample
from gate.sensors.sensor import TemperatureSensor
from gate.sensors.settings import RegisterSettings, TemperatureSettings
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.port import SimulatedPort
from gate.simulators.temperature import ImageSensor, PointSensor
from tests.waiting import eventually, wait_for

SETTINGS = TemperatureSettings(policy="require")


def samples(*raws: float, ambient: float | None = 25.0) -> list[Sample]:
    return [Sample(raw, ambient, 10 + n / 10) for n, raw in enumerate(raws)]


class TestEstimate:
    def test_the_stated_compensation(self) -> None:
        assert estimate(33.2, 25, SETTINGS) == pytest.approx(36.8)
        assert estimate(32.2, 15, SETTINGS) == pytest.approx(36.8)
        assert estimate(33.2, None, SETTINGS) == pytest.approx(36.8)

    @given(st.floats(-40, 100), st.floats(0.01, 10))
    @pytest.mark.slow
    def test_nothing_is_drawn_to_normal(self, raw: float, more: float) -> None:
        step = estimate(raw + more, 25, SETTINGS) - estimate(raw, 25, SETTINGS)
        assert step == pytest.approx(more)

    def test_median_over_the_passage_keeps_raw_and_ambient(self) -> None:
        reading = reading_of(samples(20.0, 33.0, 33.2, 33.4, 60.0), 10, 10.5, SETTINGS)
        assert (reading.raw, reading.ambient, reading.samples) == (33.2, 25.0, 5)
        assert reading.estimated == pytest.approx(36.8)
        assert reading.validity is Validity.VALID

    def test_of_two_middle_values_the_upper(self) -> None:
        assert reading_of(samples(33.0, 33.2, 34.0, 34.2), 10, 10.5, SETTINGS).raw == 34.0

    def test_what_came_before_the_passage_does_not_count(self) -> None:
        reading = reading_of(samples(40, 40, 40, 33, 33.1, 33.2), 10.25, 10.6, SETTINGS)
        assert (reading.raw, reading.samples) == (33.1, 3)

    def test_too_old_too_few_none_and_implausible(self) -> None:
        three = samples(33.0, 33.1, 33.2)
        assert reading_of(three, 10, 13, SETTINGS).validity is Validity.STALE
        assert reading_of(three, 11, 12, SETTINGS).validity is Validity.STALE
        assert reading_of(three[:2], 10, 10.2, SETTINGS).validity is Validity.ABSENT
        assert reading_of([], 10, 10.2, SETTINGS).validity is Validity.ABSENT
        assert reading_of(samples(22, 22, 22), 10, 10.3, SETTINGS).validity is Validity.IMPLAUSIBLE
        assert reading_of(samples(41, 41, 41), 10, 10.3, SETTINGS).validity is Validity.IMPLAUSIBLE

    def test_the_face_in_a_thermal_image(self) -> None:
        image = np.full((24, 32), 24.0, np.float32)
        image[6:12, 12:20] = 33.5
        image[20:, :] = 45.0  # a heater below
        three = [Sample(45.0, 25.0, 10 + n / 10, image) for n in range(3)]
        reading = reading_of(three, 10, 10.3, SETTINGS, (0.35, 0.2, 0.65, 0.55))
        assert reading.raw == pytest.approx(33.5)


def valid(sensor: TemperatureSensor, since: float) -> Reading | None:
    found = sensor.reading(since, time.monotonic())
    return found if found.validity is Validity.VALID else None


class Asked:
    """A port and its clock, which passes with each read that waits."""

    def __init__(self, device: PointSensor) -> None:
        self.device = device
        self.now = 0.0
        self.mute = False
        self._answer = b""

    def monotonic(self) -> float:
        return self.now

    def open(self) -> None:
        pass

    def write(self, data: bytes) -> None:
        self._answer += self.device.receive(data, self.now)

    def read(self, size: int) -> bytes:
        answer, self._answer = self._answer, b""
        self.now += 0.0 if answer else 0.03
        return b"" if self.mute else answer


class Counting(ModbusBoard):
    """Counts what it has answered."""

    answered = 0

    def answer(self, request: bytes, now: float) -> bytes:
        self.answered += 1
        return super().answer(request, now)


class TestSensor:
    def settings(self, port: SimulatedPort, **more: object) -> TemperatureSettings:
        fast: dict[str, object] = {"silent_after": 0.4}
        return TemperatureSettings(port=port.path, **{**fast, **more})  # type: ignore[arg-type]

    @pytest.mark.parametrize("poll", [0.0, 0.1])
    def test_streaming_and_polled(self, poll: float) -> None:
        with SimulatedPort(PointSensor(33.4, 24.0)) as port:
            sensor = TemperatureSensor(self.settings(port, poll=poll))
            sensor.open()
            begin = time.monotonic()
            found = wait_for(lambda: valid(sensor, begin))
            assert (found.raw, found.ambient) == (33.4, 24.0)
            assert found.estimated == pytest.approx(37.1)
            sensor.close()

    def test_thermal_image(self) -> None:
        with SimulatedPort(ImageSensor(34.0, 24.0)) as port:
            sensor = TemperatureSensor(self.settings(port, driver="mcu90640", silent_after=2))
            sensor.open()
            assert eventually(lambda: sensor.reading(0, time.monotonic()).samples >= 3)
            found = sensor.reading(0, time.monotonic(), (0.3, 0.2, 0.7, 0.8))
            assert found.raw == pytest.approx(34.0)
            sensor.close()

    def test_modbus_registers(self) -> None:
        board = ModbusBoard(unit=5)
        board.registers = {7: 334, 8: 2**16 - 15}
        with SimulatedPort(board) as port:
            modbus = RegisterSettings(unit=5, object=7, ambient=8)
            sensor = TemperatureSensor(self.settings(port, driver="modbus", modbus=modbus))
            sensor.open()
            assert eventually(lambda: sensor.reading(0, time.monotonic()).samples >= 3)
            found = sensor.reading(0, time.monotonic())
            assert (found.raw, found.ambient) == (pytest.approx(33.4), pytest.approx(-1.5))
            sensor.close()

    @pytest.mark.parametrize("fault", ["silence", "corrupt", "unplug"])
    @pytest.mark.slow
    def test_lost_is_reported_and_readings_become_unknown(self, fault: str) -> None:
        reported: list[bool] = []
        with SimulatedPort(PointSensor()) as port:
            settings = self.settings(port, max_age=0.3)
            sensor = TemperatureSensor(settings, lambda name, there, why: reported.append(there))
            sensor.open()
            ready = lambda: sensor.reading(0, time.monotonic()).validity is Validity.VALID  # noqa: E731
            assert eventually(ready)
            port.unplug() if fault == "unplug" else setattr(port.faults, fault, True)
            assert eventually(lambda: reported[-1:] == [False])
            found = sensor.reading(0, time.monotonic() + 0.3)
            assert found.validity is Validity.STALE
            port.plug() if fault == "unplug" else setattr(port.faults, fault, False)
            assert eventually(lambda: reported[-1:] == [True])
            assert eventually(ready)
            sensor.close()

    @pytest.mark.slow
    def test_one_that_never_says_anything_is_reported_as_lost_once(self) -> None:
        reported: list[bool] = []
        with SimulatedPort(PointSensor()) as port:
            port.faults.silence = True
            sensor = TemperatureSensor(
                self.settings(port), lambda name, there, why: reported.append(there)
            )
            sensor.open()
            assert eventually(lambda: bool(reported))
            time.sleep(1.0)
            sensor.close()
        assert reported == [False]

    def test_one_that_is_asked_more_rarely_than_silence_is_borne_works(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = TemperatureSettings(silent_after=0.4, poll=1.0)
        line = make_line(settings)
        wire = line._port = Asked(PointSensor(33.4, 24.0, streams=False))  # type: ignore[attr-defined]
        monkeypatch.setattr("gate.sensors.lines.time", wire)
        line.open()
        found: list[Sample] = []
        while wire.now < 3.5:
            found += line.read()
        assert [sample.raw for sample in found] == [33.4] * 4
        wire.mute = True
        with pytest.raises(DeviceError, match="no valid frame for"):
            list(iter(line.read, None))  # without an end of its own
        assert 1.4 < wire.now - found[-1].measured < 1.5

    def test_noise_gives_no_false_reading(self) -> None:
        with SimulatedPort(PointSensor(33.4, 24.0)) as port:
            port.faults.noise = 0.05
            sensor = TemperatureSensor(self.settings(port, silent_after=10))
            sensor.open()
            assert eventually(lambda: sensor.reading(0, time.monotonic()).samples >= 10)
            sensor.close()
            values = {(s.raw, s.ambient) for s in sensor._samples}
            assert values == {(33.4, 24.0)}

    def test_a_late_answer_of_one_register_is_not_the_other_register(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        board = Counting()
        board.registers = {0: 334, 1: 250}
        with SimulatedPort(board) as port:
            modbus = RegisterSettings(unit=1, object=0, ambient=1)
            line = ModbusLine(self.settings(port, driver="modbus", modbus=modbus, poll=0.01))
            line.open()
            client = line._client
            assert client is not None
            ask, forget, asked = client.read_holding_registers, client.forget, 0

            def counted(*given: int, **named: int) -> object:
                nonlocal asked
                asked += 1
                return ask(*given, **named)

            def all_answered() -> None:
                """However late, as a busy machine may make it."""
                port.faults.slow = 0.0
                wait_for(lambda: board.answered == asked)
                with port._lock:  # a turn ends with what it sends
                    pass

            def forgets(settle: float) -> None:
                if settle:
                    all_answered()
                forget(settle)

            monkeypatch.setattr(client, "read_holding_registers", counted)
            monkeypatch.setattr(client, "forget", forgets)
            samples: list[Sample] = []

            def reads(slow: float) -> bool:
                port.faults.slow = slow
                with contextlib.suppress(DeviceError):
                    samples.extend(line.read())
                all_answered()
                return len(samples) >= 6

            slow = itertools.cycle((0.0, 0.4))
            wait_for(lambda: reads(next(slow)))
            line.close()
        for sample in samples:
            assert (sample.raw, sample.ambient) == (pytest.approx(33.4), pytest.approx(25.0))
