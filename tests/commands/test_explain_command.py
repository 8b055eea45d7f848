"""``gate explain`` retells stored decisions."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gate.access.decision import Method, Person
from gate.access.explanation import retell
from gate.access.policy import decide
from gate.access.request import Finding, Mode, Request, Rules, Sight, Weight
from gate.cli import app as gate_app
from gate.commands.explain import explain
from gate.config.settings import load
from gate.daemon.decision_event import decision_event
from gate.errors import StoreError
from gate.events import story
from gate.passage.outputs import Decided
from gate.recognition.face import Liveness, Verdict
from gate.sensors.reading import Reading, Validity
from gate.store.store import Store

NOW = datetime(2026, 1, 7, 4, 0, tzinfo=UTC)
LI = Person(1, "ab" * 16, groups=frozenset({"swimming"}), name="李小红")
SIGHT = Sight(Verdict.KNOWN, 1, 2, 7.5, 1.25, 12.0, 8.0, Liveness("motion", 2.5, True))
READING = Reading(34.1, 22.0, 38.0, 5.0, "t", Validity.VALID, 9)
HOT = Finding("temperature", False, Weight.REFER, "temperature_high", "38.0")


def event(**fields: object):  # type: ignore[no-untyped-def]
    request = Request(Method.FACE, LI, NOW, sight=SIGHT, findings=(HOT,), reading=READING, **fields)
    decision = decide(request, Rules())
    return decision_event("gate-1", NOW, Decided("p-1", decision, 0.41, 0.1))


def words(language: str = "en", **fields: object) -> str:
    lines = retell(event(**fields).body(), language, UTC)  # type: ignore[arg-type]
    return "\n".join(f"{label}: {text}" for label, text in lines)


def test_a_decision_is_retold_with_its_rule_and_values() -> None:
    reported = words()
    assert "Answer: more requested" in reported
    assert "Who: " + "ab" * 16 + " (resident, swimming)" in reported
    assert (
        "Rule: temperature (18 of 21; rules that did not apply: fire, staff, lockdown," in reported
    )
    assert "Reason: Temperature is high · Please ask the staff  [temperature_high]" in reported
    assert "Face: known; evidence 12.0 / 8.0; score 7.5, second 1.25" in reported
    assert "Liveness: motion: live (score 2.5)" in reported
    assert "raw 34.1, ambient 22.0, estimated 38.0 °C, valid" in reported
    assert "Time taken: 410 ms (+ 100.0 ms queued)" in reported


def test_it_speaks_chinese() -> None:
    reported = words("zh", mode=Mode.LOCKDOWN)
    assert "结果: 拒绝" in reported
    assert "方式: 人脸\n" in reported
    assert "人脸比对: 已认出；" in reported
    assert "活体: motion：活体（得分 2.5）" in reported
    assert "face" not in reported
    assert "原因: 大门已封闭 · 请联系工作人员  [lockdown]" in reported


def test_a_grant_during_a_fire_is_not_explained_by_an_instruction_to_leave() -> None:
    reported = words("zh", mode=Mode.FIRE)
    assert "门的状态: 消防释放" in reported
    assert "原因: 消防释放，门已打开  [door_released]" in reported
    assert "请立即离开" not in reported


def test_no_name_is_reported() -> None:
    assert "李" not in words("zh")


@pytest.fixture
def app(tmp_path: Path) -> typer.Typer:
    config = tmp_path / "gate.toml"
    config.write_text(f'data = "{tmp_path}"\nname = "gate-1"\n[store]\nballast = 0\n')
    settings = load(config)
    with Store.open(settings.store, settings.data) as store:
        store.events.append([event()])
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(explain)
    app.config = str(config)  # type: ignore[attr-defined]
    return app


def run(app: typer.Typer, *words: str):  # type: ignore[no-untyped-def]
    return CliRunner().invoke(app, [*words, "--config", app.config])  # type: ignore[attr-defined]


@pytest.mark.parametrize("wanted", ["last", "1"])
def test_an_event_is_found_by_number_or_as_the_last(app: typer.Typer, wanted: str) -> None:
    answer = run(app, wanted)
    assert answer.exit_code == 0
    assert "temperature_high" in answer.output


def test_it_begins_with_the_sentences_of_the_desk(app: typer.Typer) -> None:
    said = run(app, "last", "--language", "zh").output
    told = story.tell(event().body(), "zh")
    assert told.line in said
    assert told.remedy[0] in said


@pytest.mark.slow
def test_times_are_in_the_zone_of_the_site(
    app: typer.Typer, tmp_path: Path, zone_of_the_box: None
) -> None:
    assert "2026-01-07 04:00" in run(app, "last").output
    config = tmp_path / "gate.toml"
    config.write_text('timezone = "Asia/Shanghai"\n' + config.read_text())
    assert "2026-01-07 12:00" in run(app, "last").output


def test_codes_can_be_left_out() -> None:
    lines = retell(event().body(), "zh", UTC, codes=False)
    assert "temperature_high" not in str(lines)


@pytest.mark.slow
def test_a_language_that_is_not_there_is_refused_with_those_that_are(app: typer.Typer) -> None:
    answer = run(app, "last", "--language", "fr")
    assert answer.exit_code == 2
    assert "zh, en" in answer.output
    assert "结果" in run(app, "last", "--language", "zh").output


def test_an_event_that_is_not_there_is_named(app: typer.Typer) -> None:
    answer = run(app, "0190-none")
    assert isinstance(answer.exception, StoreError)
    assert "no such event" in str(answer.exception)


@pytest.mark.slow
@pytest.mark.parametrize("wanted", ["200²", "２００", "9" * 40])
def test_what_is_no_number_of_an_event_is_a_named_error(tmp_path: Path, wanted: str) -> None:
    config = tmp_path / "gate.toml"
    config.write_text(f'data = "{tmp_path}"\n')
    settings = load(config)
    Store.open(settings.store, settings.data).close()
    done = CliRunner().invoke(gate_app, ["explain", wanted, "--config", str(config)])
    assert isinstance(done.exception, StoreError), repr(done.exception)


def test_without_a_choice_it_speaks_the_language_of_the_terminal(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "经过" in run(app, "last").output
    assert "What happened" in run(app, "last", "--language", "en").output
