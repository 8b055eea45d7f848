"""Keys that are right in themselves and do not go together are named before the gate runs."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gate import cli
from gate.commands.doctor import report
from gate.config.clash import Clash
from gate.config.reference import as_toml
from gate.config.settings import build
from gate.config.together import clashes
from gate.doctor import Level
from gate.texts.terminal import Console, reworded

KEY = "0123456789abcdef0123456789abcdef"
TO = '[[notify.to]]\nname = "li"\nurl = "ntfys://x"\n'

# what does not go together, whether it is bad, and what is said of it
CASES = {
    "screen and desk": (
        "[screen]\nport = 8443\n",
        True,
        "[screen] and [desk] listen on the same port: 8443",
    ),
    "every address": (
        '[http]\nenabled = true\nhost = "0.0.0.0"\nport = 8480\n',
        True,
        "[screen] and [http] listen on the same port: 8480",
    ),
    "broker of its own": (
        '[mqtt]\nbroker = "mosquitto"\nport = 8480\n',
        True,
        "[screen] and [mqtt] listen on the same port: 8480",
    ),
    "hub": ("[desk]\nport = 8444\n", False, "[desk] listens on port 8444, which is that of [hub]"),
    "controller's line": (
        f'[relay]\ndriver = "modbus"\n[reader_out]\nenabled = true\nkey = "{KEY}"\n'
        'port = "/dev/ttyUSB0"\n',
        True,
        "[relay] and [reader_out] name the same port: /dev/ttyUSB0",
    ),
    "two readers": (
        '[[reader]]\nname = "a"\n[[reader]]\nname = "b"\n',
        True,
        "[[reader]] a and [[reader]] b name the same port: /dev/ttyUSB2",
    ),
    "keyboard at a serial port": (
        '[[reader]]\ndriver = "wedge"\n',
        True,
        "[[reader]] reader types like a keyboard, and /dev/ttyUSB2 is a serial port",
    ),
    "serial reader at a keyboard": (
        '[[reader]]\nport = "/dev/input/event3"\n',
        True,
        "[[reader]] reader is serial, and /dev/input/event3 is a keyboard",
    ),
    "pin of the lock as an input": (
        '[relay]\ndriver = "gpio"\n[relay.gpio]\npins = [17]\n[relay.inputs.exit]\nnumber = 17\n',
        True,
        "channel 1 and input exit name the same pin: 17",
    ),
    "two channels on a pin": (
        '[relay]\ndriver = "gpio"\nchannels = 2\n[relay.gpio]\npins = [5, 5]\n',
        True,
        "channel 1 and channel 2 name the same pin: 5",
    ),
    "pin that is not there": (
        '[relay]\ndriver = "gpio"\n[relay.gpio]\npins = [40]\n',
        False,
        "channel 1 is on pin 40: a Raspberry Pi has 0 to 27",
    ),
    "two inputs": (
        '[relay]\ndriver = "numato"\n[relay.inputs]\nfire = {number = 2}\nexit = {number = 2}\n',
        True,
        "fire and exit name the same input: number 2",
    ),
    "contact": (
        "[door]\ncontact = true\n",
        True,
        "[door] contact = true, but no contact is among [relay.inputs]",
    ),
    "one camera twice": (
        '[[camera]]\nname = "a"\nsource = "rtsp://u:p@10.0.0.5/1"\n'
        '[[camera]]\nname = "b"\nsource = "rtsp://u:p@10.0.0.5/1"\n',
        True,
        "[[camera]] a and b name the same source: rtsp://u:***@10.0.0.5/1",
    ),
    "one file of sources twice": (
        '[[camera]]\nname = "a"\nsource_file = "/c"\n[[camera]]\nname = "b"\nsource_file = "/c"\n',
        True,
        "[[camera]] a and b name the same source: /c",
    ),
    "view of no camera": (
        '[temperature]\npolicy = "record"\ndriver = "mcu90640"\nview = [0.1, 0.1, 0.9, 0.9]\n'
        '[advanced]\ntemperature.camera = "east"\n',
        True,
        "[advanced] temperature.camera = east: no camera has this name",
    ),
    "view without an image": (
        '[temperature]\npolicy = "record"\nview = [0.1, 0.1, 0.9, 0.9]\n',
        False,
        "[temperature] view has no effect: mcu9061x gives no thermal image",
    ),
    "home assistant alone": (
        "[mqtt]\nenabled = false\n[homeassistant]\nenabled = true\n",
        True,
        "[homeassistant] enabled = true, but [mqtt] enabled = false: it hears of nothing",
    ),
    "tls without an authority": (
        "[mqtt]\nport = 8883\n",
        True,
        "[mqtt] port = 8883, but no ca: the gate speaks no TLS there",
    ),
    "authority without tls": (
        '[mqtt]\nca = "/ca"\n',
        False,
        "[mqtt] ca is set, but port = 1883: brokers listen there without TLS",
    ),
    "never open": (
        '[access]\nhold_open = "day"\n[access.schedules]\nday = "mon-sun closed"\n',
        True,
        "[access.schedules] day is never open: [access] hold_open never counts",
    ),
    "never open and not used": (
        '[access.schedules]\nday = "mon-sun closed"\n',
        False,
        "[access.schedules] day is never open",
    ),
    "two rules of one name": (
        '[[access.allow]]\nname = "a"\n[[access.allow]]\nname = "a"\n',
        False,
        'two [[access.allow]] are called "a"',
    ),
    "rule without methods": (
        '[[access.allow]]\nname = "a"\nmethods = []\n',
        True,
        '[[access.allow]] "a" has no methods: it lets nobody in',
    ),
    "both, and not together": (
        '[[access.allow]]\nname = "a"\nboth = true\nmethods = ["face"]\n',
        True,
        '[[access.allow]] "a" has both = true, but "face+card" is not among its methods',
    ),
    "anti-passback without a direction": (
        '[access]\nantipassback = "hard"\n',
        True,
        '[access] antipassback = "hard" has no effect: direction = "none"',
    ),
    "household": (
        "[access.permit]\nlongest_days = 2\n",
        False,
        "[access.permit] household_days is longer than longest_days, which counts",
    ),
    "alarms to nobody": (
        "[notify]\nenabled = true\n",
        True,
        "[notify] enabled = true, but nobody is among [[notify.to]]",
    ),
    "alarms off": (
        TO,
        False,
        "[[notify.to]] has receivers, but [notify] enabled = false: no alarm is sent",
    ),
    "alarms that never come": (
        f'[notify]\nenabled = true\n{TO}severity = "critical"\nkinds = ["camera.*"]\n',
        True,
        "[[notify.to]] li never gets anything: no alarm of its kinds is so severe",
    ),
    "one name for two": (
        f"[notify]\nenabled = true\n{TO}{TO}",
        True,
        "two [[notify.to]] are called li: only one counts",
    ),
    "no address": (
        '[notify]\nenabled = true\n[[notify.to]]\nname = "li"\n',
        True,
        "[[notify.to]] li has no url",
    ),
    "way without an address": ("[[notify.way]]\n", True, "[[notify.way]] sms has no url"),
    "one platform twice": (
        '[[export]]\nname = "a"\nurl = "https://p/x"\n[[export]]\nname = "b"\nurl = "https://p/x/"\n',
        False,
        "[[export]] a and b send the same records to one address",
    ),
    "files are not signed": (
        '[[export]]\nurl = "file:///x"\nsign = "hmac"\nsecret = "0123456789abcdef"\n',
        False,
        "[[export]] platform: sign has no effect on files",
    ),
    "nothing to send": (
        '[[export]]\nurl = "https://p"\nkinds = []\n',
        True,
        "[[export]] platform has no kinds: nothing is sent",
    ),
    "keys beside the register": (
        '[store]\nperson_keys = "sqlite:///gate.db"\n',
        True,
        "[store] person_keys and url name the same database",
    ),
    "backup to nobody": (
        '[backup]\nssh_key = "/k"\n',
        True,
        "[backup] has no known_hosts: no backup is sent",
    ),
    "learning from anybody": (
        '[learning]\nenabled = true\n[liveness]\nmode = "off"\n',
        True,
        '[learning] enabled = true, but [liveness] mode = "off": nothing is learnt',
    ),
    "session": (
        "[desk]\nsession_hours = 1\nidle_minutes = 90\n",
        False,
        "[desk] idle_minutes is longer than session_hours, which counts",
    ),
}


def found(text: str) -> list[Clash]:
    return clashes(build(tomllib.loads(text)))


@pytest.mark.parametrize("case", CASES)
def test_what_does_not_go_together_is_named_in_both_languages(case: str) -> None:
    text, bad, says = CASES[case]
    (clash,) = found(text)
    assert (clash.bad, clash.says) == (bad, says)
    for words in (clash.says, clash.hint):
        chinese = reworded(words, "zh")
        assert chinese != words
        # what is left is as it is in the file, or a command
        assert not re.search(r"[a-z]{3,} (is|are|and|has|the|its|to|or|in) ", chinese), chinese


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[screen]\nhost = "127.0.0.2"\nport = 8443\n',
        "[screen]\nenabled = false\nport = 8443\n",
        "[screen]\nport = 0\n[http]\nenabled = true\nport = 0\n",
        '[relay]\ndriver = "modbus"\n[relay.modbus]\ntransport = "tcp"\n'
        '[[reader]]\nport = "/dev/ttyUSB0"\n',
        '[relay]\ndriver = "gpio"\n[relay.inputs.exit]\nnumber = 27\n',
        '[access]\nhold_open = "of the register"\n',
        '[access.schedules]\nday = "holiday closed; mon 07:00-08:00"\n',
        '[[access.allow]]\nname = "a"\nboth = true\n',
        f'[notify]\nenabled = true\n{TO}severity = "critical"\nkinds = ["door.*", "camera.lost"]\n',
        '[[export]]\nname = "a"\nurl = "https://p"\nkinds = ["person"]\n'
        '[[export]]\nname = "b"\nurl = "https://p"\nkinds = ["passage"]\n',
        '[mqtt]\nport = 8883\nca = "/ca"\n',
    ],
)
def test_what_goes_together_is_not_named(text: str) -> None:
    assert found(text) == []


def test_the_shipped_file_goes_together() -> None:
    assert found(as_toml()) == []


def checked(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setattr(sys, "argv", ["gate", "config", "check", "-c", str(config)])
    cli.main()


def test_the_command_refuses_what_is_bad_and_names_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "gate.toml"
    config.write_text(CASES["screen and desk"][0])
    with pytest.raises(SystemExit) as ended:
        checked(config, monkeypatch)
    assert ended.value.code == 1
    assert capsys.readouterr().err.splitlines() == [
        "错误：配置中有互相冲突之处：",
        "  - [screen] 和 [desk] 使用同一网络端口：8443",
        "    请各用一个端口",
        f"  位置：{config}",
        "  处理：请逐行改正；`gate config check` 会重新检查此文件",
    ]
    config.write_text(CASES["hub"][0])
    with pytest.raises(SystemExit) as ended:
        checked(config, monkeypatch)
    assert not ended.value.code
    assert "[desk] 使用端口 8444，与 [hub] 的端口相同" in capsys.readouterr().out


def test_doctor_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "gate.toml"
    values: dict[str, Any] = {"file": (tmp_path / "out").open("w+")}
    monkeypatch.setattr("gate.doctor.examine", lambda settings: [])
    config.write_text(CASES["screen and desk"][0])
    assert report(config, Console("en", width=200, **values)) is Level.BAD
    config.write_text(CASES["hub"][0])
    assert report(config, Console("en", width=200, **values)) is Level.WARN
    values["file"].seek(0)
    shown = values["file"].read()
    values["file"].close()
    assert CASES["screen and desk"][2] in shown
    assert CASES["hub"][2] in shown
