"""Paths in a configuration are relative to it, wherever a command is called from."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.config.settings import load

TEXT = """data = "var"
[[camera]]
name = "one"
source = "films/yard.mp4"
[[camera]]
name = "two"
source = "rtsp://camera.local/main"
[store]
key = "gate.key"
[mqtt]
ca = "tls/ca.crt"
certificate = "/etc/gate/north.crt"
key = "tls/north.key"
"""


@pytest.mark.parametrize(("folder", "base"), [("site", "site"), ("site/config", "site")])
def test_paths_are_relative_to_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, base: str
) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    file = tmp_path / folder / "gate.toml"
    file.write_text(TEXT)
    settings = load(file)
    root = tmp_path / base
    assert settings.data == root / "var"
    assert settings.models.folder == root / "var" / "models"
    assert settings.mqtt.ca == root / "tls" / "ca.crt"
    assert settings.mqtt.certificate == Path("/etc/gate/north.crt")
    assert settings.camera[0].source == str(root / "films" / "yard.mp4")
    assert settings.camera[1].source == "rtsp://camera.local/main"
    assert settings.store.key == Path("gate.key")  # below data


def test_the_default_stays_beside_the_config_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    assert load(Path("config/gate.toml")).data == Path("var")
