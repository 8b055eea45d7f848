"""``gate calibrate`` and ``gate evaluate --site`` on a register of made-up people."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from gate.commands.calibrate import calibrate
from gate.commands.evaluate import evaluate, show
from gate.config.settings import load
from gate.errors import ConfigurationError, RecognitionError, StoreError
from gate.recognition.face import Template
from gate.recognition.matching.site_calibration import unpack
from gate.services.gallery_sync import KIND
from gate.store.store import Store
from gate.texts.terminal import Console

pytestmark = pytest.mark.slow

ENCODER = "dlib/1"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "gate.toml"
    file.write_text(f'data = "{tmp_path}"\n[store]\nballast = 0\n')
    return file


def enrol(config: Path, count: int, seed: int = 0) -> None:
    settings = load(config)
    random = np.random.default_rng(seed)
    with Store.open(settings.store, settings.data) as store:
        people = store.people.create_many({"name": f"resident {n}"} for n in range(count))
        for person in people:
            face = random.normal(size=128)
            faces = face + 0.3 * random.normal(size=(2, 128))
            rows = (faces / np.linalg.norm(faces, axis=1, keepdims=True)).astype(np.float32)
            store.templates.add(*(Template(person, row, ENCODER) for row in rows))


def run(command: Any, config: Path, *words: str):  # type: ignore[no-untyped-def]
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command)  # type: ignore[arg-type]
    return CliRunner().invoke(app, [*words, "--config", str(config)])


def test_thresholds_are_set_stored_and_compared_with_those_before(config: Path) -> None:
    enrol(config, 80)
    first = run(calibrate, config, "--fpir", "0.003")
    assert first.exit_code == 0, first.output
    assert "threshold for FPIR 0.3 %" in first.output
    enrol(config, 10, seed=1)
    assert run(calibrate, config).exit_code == 0
    settings = load(config)
    with Store.open(settings.store, settings.data) as store:
        row = store.calibrations.active(KIND, ENCODER)
        assert row is not None
        fit, calibration = unpack(row.body)
        assert len(store.calibrations.versions(KIND, ENCODER)) == 2
    wished = (calibration.people, calibration.fpir, calibration.fit)
    assert wished == (90, 0.003, fit.version), "the rate of before, since no other was named"
    assert calibration.made.endswith("+00:00")


def test_check_says_when_the_gallery_has_outgrown_it(config: Path) -> None:
    enrol(config, 40)
    assert run(calibrate, config, "--check").exit_code == 1
    run(calibrate, config)
    assert run(calibrate, config, "--check").exit_code == 0
    enrol(config, 20, seed=1)
    outgrown = run(calibrate, config, "--check")
    assert outgrown.exit_code == 1
    assert "outgrown" in outgrown.output


def test_nobody_enrolled_is_a_named_error(config: Path) -> None:
    assert isinstance(run(calibrate, config).exception, StoreError), "no register yet"
    enrol(config, 0)
    assert isinstance(run(calibrate, config).exception, RecognitionError)
    enrol(config, 3)
    answer = run(calibrate, config, "--encoder", "sface/1")
    assert "sface/1" in str(answer.exception)


@pytest.mark.parametrize("rate", ["0", "0.5", "-1"])
def test_senseless_rates_are_refused(config: Path, rate: str) -> None:
    assert run(calibrate, config, "--fpir", rate).exit_code == 2


def test_a_site_is_measured_on_its_own_people(config: Path, tmp_path: Path) -> None:
    enrol(config, 80)
    answer = run(evaluate, config, "--site", "--json", str(tmp_path / "site.json"))
    assert answer.exit_code == 0, answer.output
    assert "FPIR asked 1 %, came out" in answer.output
    figures = json.loads((tmp_path / "site.json").read_text())
    assert figures["people"] == 80
    assert set(figures["fnir"]["0.01"]) == {"value", "low", "high"}


def test_the_calibration_is_shown_in_chinese(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    enrol(config, 40)
    answer = run(calibrate, config)
    assert answer.exit_code == 0, answer.output
    assert re.search(r"0\.\d+（95 %：0\.\d+ 至 0\.\d+）", answer.output)
    assert not re.search(r"[a-z]{2,} [a-z]{2,}", answer.output)


def test_trials_that_cannot_be_held_are_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    show(Console(), "dlib", {"rows": [], "comparisons": [], "pairs": None})
    assert "无法测量" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_a_named_error(config: Path, tmp_path: Path) -> None:
    answer = run(evaluate, config, str(tmp_path / "absent"))
    assert isinstance(answer.exception, ConfigurationError)


def test_a_group_needs_a_file(config: Path, tmp_path: Path) -> None:
    answer = run(evaluate, config, str(tmp_path), "--group", "old")
    assert "NAME=FILE" in str(answer.exception)


@pytest.mark.parametrize("body", [b"damaged", b""])
def test_one_that_cannot_be_read_is_named_and_made_anew(config: Path, body: bytes) -> None:
    enrol(config, 40)
    settings = load(config)
    with Store.open(settings.store, settings.data) as store:
        store.calibrations.add(KIND, ENCODER, "damaged", body, {"fpir": 0.002})
    checked = run(calibrate, config, "--check")
    assert checked.exit_code == 1
    assert "cannot be read" in " ".join(checked.output.split())
    again = run(calibrate, config)
    assert again.exit_code == 0, again.output
    assert "threshold for FPIR 0.2 %" in again.output
    assert run(calibrate, config, "--check").exit_code == 0
