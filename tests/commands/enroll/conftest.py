"""A register, a folder with people, and the command that enrols them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from gate import cli
from gate.commands import enroll as command
from gate.config.settings import load
from gate.store.store import Store
from tests.commands.enroll.quick import Camera, Quick, Run


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def config(tmp_path: Path, models: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(
        f'data = "{tmp_path}/data"\n[recognition]\ndetector = "hog"\nencoder = "dlib"\n'
        f'[models]\nfolder = "{models}"\n[store]\nballast = 0\n'
        "[advanced]\nrecognition.threads = 1\n"
    )
    return path


@pytest.fixture
def gate(config: Path) -> Run:
    def run(*arguments: str, input: str | None = None) -> Any:
        command = [*arguments, "--config", str(config)]
        return CliRunner().invoke(cli.app, command, input=input, env={"COLUMNS": "120"})

    return run


@pytest.fixture
def store(config: Path) -> Callable[[], Store]:
    settings = load(config)
    return lambda: Store.open(settings.store, settings.data)


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """A shell that starts the tests in the background has them ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> Camera:
    camera = Camera()
    monkeypatch.setattr(command, "_examiner", lambda settings, store: Quick(camera))
    return camera


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sixty people; the photograph of line 4 shows nobody."""
    import cv2

    folder = tmp_path / "people"
    folder.mkdir()
    lines = ["name,number,birth year,consent,photo"]
    for number in range(60):
        colour = 255 if number == 2 else 2 * number
        cv2.imwrite(str(folder / f"{number}.png"), np.full((40, 40, 3), colour, np.uint8))
        lines.append(f"P{number},{number},1950,agreed,{number}.png")
    (folder / "people.csv").write_text("\n".join(lines))
    return folder
