"""A trial beside the gate: does a configuration of the hub work on this box?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gate.config.settings import load
from gate.recognition.face import Template
from gate.replica.trial import trial, tried
from gate.services.encoder_choice import site_encoder
from gate.store.store import Store


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(
        'name = "north"\n[recognition]\nencoder = "dlib"\ndetector = "hog"\n'
        "[store]\nballast = 0\n[advanced]\ndoor.max_unlock = 20\n"
    )
    return path


def enrol(config: Path, encoder: str = "") -> None:
    settings = load(config)
    with Store.open(settings.store, settings.data) as store:
        name = encoder or site_encoder(settings, store).name
        person = store.people.create("李红").id
        store.templates.add(Template(person, np.ones(128, np.float32), name))


@pytest.mark.slow
def test_values_that_fit_are_found_to_in_a_process_of_its_own(config: Path) -> None:
    enrol(config)
    assert tried(config, {"recognition": {"patience": 1.0}}) == ""
    why = tried(config, {"door": {"unlock": 30.0, "extended_unlock": 30.0}})
    assert "max_unlock must not be shorter" in why
    assert "Traceback" not in why


@pytest.mark.slow
def test_an_encoder_that_knows_nobody_is_refused(config: Path) -> None:
    enrol(config, "another/1")
    why = tried(config, {"recognition": {"interval": 0.3}})
    assert "knows 0 of 1 people" in why


def test_without_another_model_nothing_is_loaded(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.replica.trial.build_detector", None)  # calling it would fail
    trial(config, {"access": {"attack": "ask"}})
