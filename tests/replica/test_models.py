"""Pieces of a model file on a box: kept, gone on with, checked."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gate.errors import ConfigurationError, ModelError
from gate.models.install import part_of
from gate.models.table import MODELS, ModelFile
from gate.replica.models import MissingFile, fits, missing

CONTENT = b"0123456789" * 100


@pytest.fixture
def wanted(tmp_path: Path) -> MissingFile:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    return MissingFile(ModelFile("a/b.onnx", len(CONTENT), sha256), tmp_path)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)  # its files would count as there
    path = tmp_path / "gate.toml"
    path.write_text('name = "north"\n[recognition]\nencoder = "dlib"\ndetector = "hog"\n')
    return path


def test_nothing_is_in_its_place_before_it_is_whole(wanted: MissingFile) -> None:
    assert wanted.there == 0
    assert not wanted.keep(0, CONTENT[:600])
    assert (wanted.there, wanted.target.exists()) == (600, False)
    # what came twice, after a power cut, is written once
    assert not wanted.keep(500, CONTENT[500:700])
    assert wanted.keep(700, CONTENT[700:])
    assert wanted.target.read_bytes() == CONTENT
    assert wanted.there == 0


def test_another_file_is_thrown_away(wanted: MissingFile) -> None:
    with pytest.raises(ModelError, match="another file came"):
        wanted.keep(0, CONTENT[::-1])
    assert (wanted.there, wanted.target.exists()) == (0, False)


def test_a_configuration_needs_the_files_of_the_models_it_names(config: Path) -> None:
    assert missing(config, {"recognition": {"patience": 1.5}}) == ()
    named = missing(config, {"recognition": {"encoder": "sface"}})
    assert [each.file.name for each in named] == ["face_recognition_sface_2021dec.onnx"]
    both = missing(config, {"models": {"install": ["yunet", "retail-0095"]}})
    assert len(both) == 3
    assert {each.folder for each in both} == {config.parent / "var" / "hub" / "models"}


def test_models_that_are_installed_are_not_fetched(config: Path) -> None:
    yunet = next(model for model in MODELS if model.name == "yunet").files[0]
    wish = {"models": {"install": ["yunet"]}}
    (file,) = missing(config, wish)
    file.target.parent.mkdir(parents=True)
    file.target.write_bytes(b"x" * (yunet.size or 0))  # of the right size, and another file
    assert missing(config, wish) == (file,)
    part_of(file.target, yunet).write_bytes(b"12")
    assert file.there == 2


def test_without_room_nothing_is_fetched(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (config.parent / "var").mkdir()
    monkeypatch.setattr("gate.replica.models._SPARE", 1 << 60)
    with pytest.raises(ModelError, match="MB left"):
        missing(config, {"models": {"install": ["yunet"]}})


def test_values_that_do_not_fit_are_left_to_the_trial(config: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no model called"):
        missing(config, {"models": {"install": ["nosuch"]}})
    assert fits(config)({"models": {"install": ["nosuch"]}}) == ()
