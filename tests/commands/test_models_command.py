"""``gate models``: what an installer sees and types."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.commands.models import models as command
from gate.errors import ModelError
from gate.models import table
from gate.models.table import Model, ModelFile
from gate.setup import system

CONTENT = b"weights" * 1000
RUN = CliRunner()


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    for variable in ("GATE_DATA", "GATE_NAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    path = tmp_path / "gate.toml"
    path.write_text(
        f'data = "{tmp_path / "var"}"\n\n'
        '[recognition]\n# which encoder\nencoder = "auto"\n\n'
        f'[models]\nfolder = "{tmp_path / "models"}"\n'
    )
    return path


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Model:
    """One small encoder in place of the real ones."""
    file = ModelFile("small.onnx", len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), ())
    small = Model("small", "encoder", "MIT", "tests", (file,), recommended=True)
    everything = (small, table.model("dlib"))
    monkeypatch.setattr(table, "MODELS", everything)
    monkeypatch.setattr("gate.commands.models.MODELS", everything)
    return small


def test_list_shows_every_model_with_its_state(config: Path) -> None:
    shown = RUN.invoke(command, ["list", "-c", str(config)])
    assert shown.exit_code == 0, shown.output
    for model in table.MODELS:
        assert model.name in shown.output
        assert model.licence in shown.output
    assert "missing" in shown.output
    assert "included" in shown.output


def test_sources_prints_addresses_and_hashes(config: Path) -> None:
    shown = RUN.invoke(command, ["list", "--sources", "-c", str(config)])
    for model in table.MODELS:
        for file in model.files:
            for text in (*file.sources, file.sha256 or file.name):
                assert text in shown.output


def test_fetch_from_a_stick_installs_and_a_second_run_has_nothing_to_do(
    config: Path, offered: Model, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "small.onnx").write_bytes(CONTENT)
    first = RUN.invoke(command, ["fetch", "--from", str(stick), "-c", str(config)])
    assert first.exit_code == 0, first.output
    assert "installed 1 file" in first.output
    again = RUN.invoke(command, ["fetch", "-c", str(config)])
    assert "installed already" in again.output
    assert RUN.invoke(command, ["verify", "-c", str(config)]).exit_code == 0


def test_verify_names_a_damaged_file(config: Path, offered: Model, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "small.onnx").write_bytes(CONTENT[:-1])
    shown = RUN.invoke(command, ["verify", "-c", str(config)])
    assert isinstance(shown.exception, ModelError)
    assert "small" in str(shown.exception)


def test_a_model_that_cannot_be_fetched_is_named_and_the_way_out(
    config: Path, offered: Model
) -> None:
    shown = RUN.invoke(command, ["fetch", "-c", str(config)])
    assert isinstance(shown.exception, ModelError)
    assert "nothing is half-installed" in str(shown.exception)
    assert "--from" in shown.output


def test_use_says_what_the_change_costs_and_writes_one_line(config: Path) -> None:
    shown = RUN.invoke(command, ["use", "dlib", "--yes", "-c", str(config)])
    assert shown.exit_code == 0, shown.output
    assert "costs nothing" in shown.output
    assert '# which encoder\nencoder = "dlib"\n' in config.read_text()


def test_on_a_box_the_data_is_the_services_again_after_use(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[bool] = []
    monkeypatch.setattr(system, "is_box", lambda path: path == config)
    monkeypatch.setattr(system, "give_data", lambda: given.append(True))
    shown = RUN.invoke(command, ["use", "dlib", "--yes", "-c", str(config)])
    assert shown.exit_code == 0, shown.output
    assert given == [True]


def test_use_refuses_what_is_not_installed(config: Path) -> None:
    shown = RUN.invoke(command, ["use", "sface", "-c", str(config)])
    assert isinstance(shown.exception, ModelError)
    assert "gate models fetch sface" in str(shown.exception)
    assert 'encoder = "auto"' in config.read_text()
