"""``gate simulate``: the port is printed, words change the device, faults come on command."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.commands.simulate import app
from gate.relay.driver_factory import make_driver
from gate.relay.settings import RelaySettings
from gate.simulators.card import CardReader
from gate.simulators.console import obey
from gate.simulators.port import SimulatedPort
from tests.relay.patience import answer_within, patient_driver
from tests.waiting import PATIENCE

RUN = "from gate.commands.simulate import app; app()"


@pytest.mark.slow
def test_every_device_prints_its_port_and_ends_on_quit() -> None:
    readers = ("card", "scanner", "converter")
    for command in ("relay", "modbus", "numato", "temperature", *readers):
        result = CliRunner().invoke(app, [command], input="help\nquit\n")
        assert result.exit_code == 0, (command, result.output)
        assert re.search(r'^port = "/.+"$', result.output, re.MULTILINE)
        assert "unplug, plug" in result.output


def test_a_converter_says_that_no_card_came() -> None:
    result = CliRunner().invoke(app, ["converter", "--kind", "s4a"], input="cards\nquit\n")
    assert result.exit_code == 0
    assert "none yet" in result.output


@pytest.mark.slow
def test_a_driver_can_use_the_printed_port() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "relay"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == 'driver = "lcus"\n'
    port = process.stdout.readline().split('"')[1]
    driver = make_driver(RelaySettings(driver="lcus", port=port))
    driver.open()
    driver.set(1, True, 1)
    assert re.match(r"\d+\.\d{3} channel 1 on", process.stdout.readline())
    driver.close()
    process.stdin.write("quit\n")
    process.stdin.close()
    assert process.wait(PATIENCE) == 0
    process.stdout.close()
    assert not Path(port).exists()


def test_it_ends_by_itself_when_asked_to() -> None:
    begin = time.monotonic()
    result = CliRunner().invoke(app, ["card", "--seconds", "0.3"], input="")
    assert result.exit_code == 0
    assert 0.25 < time.monotonic() - begin < 60


def test_wrong_options_are_explained() -> None:
    assert CliRunner().invoke(app, ["relay", "--readback", "smoke"]).exit_code == 2
    assert CliRunner().invoke(app, ["osdp", "--key", "xyz"]).exit_code == 2
    assert CliRunner().invoke(app, ["controller", "--key", "xyz"]).exit_code == 2


class TestWords:
    def test_faults_on_command(self) -> None:
        port = SimulatedPort(CardReader())
        with port:
            for line in ("silence on", "mute on", "corrupt on", "noise 0.1", "slow 0.2"):
                assert obey(line, port, lambda words: None, "") == "done"
            faults = port.faults
            assert (faults.silence, faults.mute, faults.corrupt) == (True, True, True)
            assert (faults.noise, faults.slow) == (0.1, 0.2)
            assert obey("unplug", port, lambda words: None, "") == "done"
            assert not Path(port.path).is_symlink()
            assert obey("plug", port, lambda words: None, "") == "done"
            assert Path(port.path).is_symlink()

    @pytest.mark.parametrize("line", ["noise x", "nonsense", "silence perhaps", "show"])
    def test_what_is_not_understood_is_said(self, line: str) -> None:
        with SimulatedPort(CardReader()) as port:
            assert obey(line, port, lambda words: None, "") not in ("", "done")

    def test_a_card_number_that_is_none_is_explained(self) -> None:
        result = CliRunner().invoke(app, ["card"], input="show hello\nquit\n")
        assert "not a card number" in result.output

    def test_a_number_the_reader_cannot_send_leaves_it_at_work(self) -> None:
        typed = "show 99999999999999\nshow 0002972728 soon\nshow 0002972728\nquit\n"
        lines = CliRunner().invoke(app, ["card"], input=typed).output.splitlines()
        assert lines[-3:] == [
            "a card number of this reader is at most 4294967295",
            "not understood: show 0002972728 soon",
            "shown",
        ]

    @pytest.mark.parametrize("typed", ["weld one", "free one", "free 9"])
    def test_a_channel_that_is_none_is_said_in_its_own_words(self, typed: str) -> None:
        lines = CliRunner().invoke(app, ["relay"], input=f"{typed}\nquit\n").output.splitlines()
        assert lines[-1] == f"unknown: {typed} (try help)"

    @pytest.mark.parametrize("command", ["relay", "temperature", "card", "scanner", "converter"])
    def test_it_speaks_chinese_on_a_chinese_terminal(
        self, command: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
        result = CliRunner().invoke(app, [command], input="help\nplug\nsmoke\nquit\n")
        *explained, done, unknown = result.output.splitlines()[2:]
        assert len(explained) > 8
        for line in explained:
            assert re.search(r"  .*([一-鿿]|°C)", line), line
        assert (done, unknown) == ("完成", "不认识：smoke（可输入 help）")


def test_slow_answers_are_late_and_silence_is_silent() -> None:
    from gate.errors import DeviceError
    from gate.simulators.numato_board import NumatoBoard

    with SimulatedPort(NumatoBoard()) as port:
        driver = patient_driver(driver="numato", port=port.path)
        driver.open()
        port.faults.slow = 0.1
        begin = time.monotonic()
        assert driver.state(1) is False
        assert time.monotonic() - begin > 0.1
        port.faults.slow = 0.0
        port.faults.silence = True
        answer_within(driver, 0.1)
        with pytest.raises(DeviceError):
            driver.state(1)
        driver.close()


@pytest.mark.parametrize("board", ["modbus", "numato"])
@pytest.mark.slow
def test_a_board_with_the_recommended_wiring_does_not_begin_in_fire(board: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, board],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    section = "".join(process.stdout.readline() for _ in range(3))
    given = tomllib.loads(section)
    assert RelaySettings.model_validate(given).inputs["fire"].invert  # a cut wire means fire
    driver = patient_driver(**given)
    driver.open()
    assert driver.inputs() == {"fire": False}
    process.stdin.write("input 2 off\n")
    process.stdin.flush()
    assert process.stdout.readline().startswith("CH1")
    assert driver.inputs() == {"fire": True}
    driver.close()
    process.stdin.write("quit\n")
    process.stdin.close()
    assert process.wait(PATIENCE) == 0
    process.stdout.close()
