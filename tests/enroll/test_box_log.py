"""The log of the last day: read from a journal that answers as journalctl does."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from enroll import box_log
from enroll.box_log import Level, Trouble, parse, read
from enroll.pages import log as page

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
# journalctl's part that the desk relies on: span, units, newest first, one JSON object a line
JOURNALCTL = f"""#!{sys.executable}
import json, pathlib, signal, sys
here = pathlib.Path(__file__).parent
options = [a.partition("=")[::2] for a in sys.argv[1:]]
one = dict(options)
units = {{value for key, value in options if key == "--unit"}}
if (here / "refuses").exists():
    print("No journal files were opened due to insufficient permissions.", file=sys.stderr)
    sys.exit(1)
entries = [json.loads(line) for line in (here / "journal").read_text().splitlines()]
assert "--reverse" in one and one["--output"] == "json", sys.argv
since, until = float(one["--since"][1:]), float(one.get("--until", "@9e15")[1:])
for entry in reversed(entries):
    at = int(entry["__REALTIME_TIMESTAMP"]) / 1e6
    if since <= at <= until and units & {{entry.get("UNIT"), entry.get("_SYSTEMD_UNIT")}}:
        print(json.dumps(entry), flush=True)
if (here / "hangs").exists():
    signal.pause()
"""


class Journal:
    def __init__(self, folder: Path, now: datetime) -> None:
        self.folder, self.now = folder, now
        self.entries: list[dict[str, Any]] = []
        self._keep()

    def add(
        self, message: Any, unit: str = "gate.service", ago: float = 60.0, **fields: Any
    ) -> None:
        at = self.now - timedelta(seconds=ago)
        stamp = round(at.timestamp() * 1e6)
        entry = {"__REALTIME_TIMESTAMP": str(stamp), "MESSAGE": message, "PRIORITY": "6"}
        self.entries.append(entry | {"_SYSTEMD_UNIT": unit} | fields)
        self.entries.sort(key=lambda one: int(one["__REALTIME_TIMESTAMP"]))
        self._keep()

    def _keep(self) -> None:
        text = "".join(json.dumps(entry) + "\n" for entry in self.entries)
        (self.folder / "journal").write_text(text)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], Journal]:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "journalctl"
    program.write_text(JOURNALCTL)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return lambda now: Journal(folder, now)


@pytest.fixture
def journal(install: Callable[[datetime], Journal]) -> Journal:
    return install(NOW)


def test_a_line_of_the_gate_is_in_words_of_both_languages(journal: Journal) -> None:
    journal.add(
        'event=broker.fault logger=gate.integrations.connection cause="no route to \\"hub\\""',
        PRIORITY="4",
    )
    (line,) = read(NOW).lines
    assert line.at == NOW - timedelta(seconds=60)
    assert (line.unit, line.level, line.event) == ("gate", Level.WARNING, "broker.fault")
    assert line.text == 'cause=no route to "hub"'
    assert line.says("zh") == "无法连接消息服务器，将重试"
    assert "message broker" in line.says("en")


@pytest.mark.parametrize(
    ("message", "says", "because"),
    [
        (
            'event=hub.lost cause="the hub does not know the certificate of this box"',
            "无法连接中心，将重试",
            "中心不认识本机的证书",
        ),
        ("event=hub.shut_out cause=replaced", "中心已不再接受本机", "此门口已由另一台机器接替"),
        ("event=gate.stopping gate=north", "门禁正在停止", ""),
    ],
)
def test_the_cause_is_in_words_and_is_found_by_them(
    journal: Journal, message: str, says: str, because: str
) -> None:
    journal.add(message)
    (line,) = read(NOW).lines
    assert (line.says("zh"), line.because("zh")) == (says, because)
    assert read(NOW, text=because, language="zh").lines == (line,)


def test_what_a_command_said_when_it_ended_is_in_words(journal: Journal) -> None:
    journal.add("error: there is no configuration file", ago=20)
    says = "/etc/gate/gate.toml: no longer used, without effect: relay.retry_first; `gate config"
    journal.add(f'event="{says} upgrade` removes them"', ago=10)
    notice, error = read(NOW).lines
    assert error.says("zh") == "错误：没有配置文件"
    assert notice.says("zh").startswith(
        "/etc/gate/gate.toml：已不再使用，不起作用：relay.retry_first；"
    )


def test_an_event_has_the_words_of_its_type_and_json_is_read_too(journal: Journal) -> None:
    entry = {"event": "door.forced", "level": "warning", "gate": "north", "logger": "gate.events"}
    journal.add(json.dumps(entry))
    (line,) = read(NOW, level=Level.WARNING).lines
    assert line.text == "gate=north"
    assert line.says("en") == "the door opened without being unlocked"
    assert line.says("zh") != line.says("en")


def test_what_the_service_manager_says_of_a_dead_service_is_there(journal: Journal) -> None:
    says = "gate.service: Main process exited, code=killed, status=9/KILL"
    journal.add(says, unit="init.scope", UNIT="gate.service", PRIORITY="5")
    (line,) = read(NOW).lines
    assert (line.unit, line.event, line.says("zh")) == ("gate", "", says)


def test_names_and_passwords_are_taken_out_whoever_wrote_them(journal: Journal) -> None:
    journal.add("event=notify.fault name=李红 card=0002972728 cause=smtp://gate:geheim@mail/")
    journal.add("cannot reach rtsp://admin:geheim@10.0.0.5/", ago=30)
    text = "".join(f"{line.says('en')} {line.text}" for line in read(NOW).lines)
    for secret in ("李红", "0002972728", "geheim"):
        assert secret not in text
    assert "rtsp://admin:***@10.0.0.5/" in text


def test_it_is_the_last_day_of_our_services_newest_first(journal: Journal) -> None:
    journal.add("event=gate.ready", ago=25 * 3600)
    journal.add("event=gate.stopping", ago=23 * 3600)
    journal.add("desk of north", unit="gate-desk.service", ago=10)
    journal.add("a session was opened", unit="ssh.service", ago=5)
    assert [line.unit for line in read(NOW).lines] == ["desk", "gate"]
    assert [line.unit for line in read(NOW, unit="desk").lines] == ["desk"]


@pytest.mark.slow
def test_level_and_text_filter_by_words_code_and_values(journal: Journal) -> None:
    journal.add("event=gate.ready people=7", ago=9)
    journal.add("event=hub.lost cause=timeout", ago=8, PRIORITY="4")
    journal.add("event=store.fault cause=full", ago=7, PRIORITY="3")

    def found(**wanted: Any) -> list[str]:
        return [line.event for line in read(NOW, **wanted).lines]

    assert found(level=Level.WARNING) == ["store.fault", "hub.lost"]
    assert found(level=Level.ERROR) == ["store.fault"]
    assert found(text="TIMEOUT") == ["hub.lost"]
    assert found(text="数据库", language="zh") == ["store.fault"]
    assert found(text="gate.re") == ["gate.ready"]
    assert found(text="nothing of it") == []


@pytest.mark.slow
def test_pages_join_without_a_gap_or_a_line_twice(journal: Journal) -> None:
    for number in range(25):
        journal.add(f"event=gate.ready number_of={number}", ago=1000 - number / 1000)
    seen: list[str] = []
    before = None
    while True:
        found = read(NOW, limit=10, before=before)
        seen += [line.text for line in found.lines]
        if not found.more:
            break
        before = found.lines[-1].at
    assert seen == [f"number_of={number}" for number in reversed(range(25))]


def test_a_journal_that_never_ends_is_given_up_with_what_was_found(journal: Journal) -> None:
    journal.add("event=gate.ready")
    (journal.folder / "hangs").touch()
    found = read(NOW, seconds=2.0)
    assert found.trouble is Trouble.SLOW
    # a machine too busy to start the program in that time has found nothing
    assert [line.event for line in found.lines] in (["gate.ready"], [])


def test_a_page_that_is_full_does_not_wait_for_the_end_of_the_journal(journal: Journal) -> None:
    for ago in range(1, 5):
        journal.add("event=gate.ready", ago=ago)
    (journal.folder / "hangs").touch()
    found = read(NOW, limit=3, seconds=600.0)
    assert (len(found.lines), found.more, found.trouble) == (3, True, None)


def test_a_journal_that_may_not_be_read_says_so(journal: Journal) -> None:
    (journal.folder / "refuses").touch()
    assert read(NOW).trouble is Trouble.REFUSED


def test_a_system_without_a_journal_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read(NOW).trouble is Trouble.MISSING


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "[]",
        "{",
        '{"MESSAGE": "x"}',
        '{"__REALTIME_TIMESTAMP": "1", "MESSAGE": null}',
        '{"__REALTIME_TIMESTAMP": "1", "MESSAGE": [300]}',
        '{"__REALTIME_TIMESTAMP": "9e99", "MESSAGE": "x"}',
        '{"__REALTIME_TIMESTAMP": "' + "9" * 30 + '", "MESSAGE": "x"}',
    ],
)
def test_an_entry_that_cannot_be_read_is_left_out(entry: str) -> None:
    assert parse(entry) is None


def test_bytes_and_endless_lines_are_shown_as_far_as_they_can_be() -> None:
    stamp = {"__REALTIME_TIMESTAMP": "1000000", "UNIT": "gate.service"}
    line = parse(json.dumps(stamp | {"MESSAGE": [104, 105, 255]}))
    assert line is not None
    assert line.text == "hi\ufffd"
    line = parse(json.dumps(stamp | {"MESSAGE": "x" * 100_000}))
    assert line is not None
    assert len(line.text) < 3000


@pytest.mark.slow
def test_the_page_shows_filters_and_leads_to_older_lines(
    install: Callable[[datetime], Journal], browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = install(datetime.now(UTC))
    monkeypatch.setattr(page, "PAGE", 2)
    for ago in (30, 20, 10):
        journal.add(f"event=hub.lost cause=<b>{ago}</b>", ago=ago, PRIORITY="4")
    journal.add("event=gate.ready", ago=5)
    client = browser("technician")
    first = client.get("/log", params={"level": "warning", "text": "hub"})
    assert "The hub cannot be reached" in first.text
    assert "cause=&lt;b&gt;10" in first.text
    assert "gate.ready" not in first.text
    assert "&lt;b&gt;30" not in first.text
    older = first.text.split('href="/log?')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(f"/log?{older}")
    assert "&lt;b&gt;30" in second.text
    assert "&lt;b&gt;20" not in second.text
    assert client.get("/log", params={"level": "loud"}).status_code == 422


@pytest.mark.slow
def test_the_page_says_what_to_do_where_the_journal_is_closed(
    install: Callable[[datetime], Journal], browser: Any
) -> None:
    (install(NOW).folder / "refuses").touch()
    assert "usermod -aG systemd-journal gate" in browser("manager").get("/log").text


def test_every_unit_that_is_shipped_with_a_log_can_be_chosen() -> None:
    from gate.setup import shipped

    services = {name for name in shipped.unit_names() if name.endswith(".service")}
    assert services == set(box_log.UNITS.values())
