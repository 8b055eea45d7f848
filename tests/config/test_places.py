"""One place for configuration and data, wherever and as whom a command is called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gate.config import places
from gate.config.settings import load


def test_a_checkout_uses_its_own_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = places.configuration()
    assert found == Path(__file__).resolve().parents[2] / "config" / "gate.toml"


def test_an_installed_box_uses_etc(tmp_path: Path) -> None:
    system = tmp_path / "etc"
    system.mkdir()
    assert places.configuration(tmp_path / "lib", system) == system / "gate.toml"


def test_elsewhere_it_is_the_home_of_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    found = places.configuration(tmp_path / "lib", tmp_path / "none", {})
    assert found == tmp_path / "gate" / "gate.toml"


def test_below_sudo_it_is_still_the_home_of_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    nobody = places.home({"SUDO_USER": "nobody"})
    assert nobody == Path("/nonexistent")
    assert places.home({"SUDO_USER": "no such user"}) == tmp_path
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert places.home({"SUDO_USER": "nobody"}) == tmp_path


def test_relative_paths_of_an_installed_box_are_below_var(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    etc, var = tmp_path / "etc", tmp_path / "var"
    etc.mkdir()
    monkeypatch.setattr(places, "SYSTEM", etc)
    monkeypatch.setattr(places, "SYSTEM_DATA", var)
    (etc / "gate.toml").write_text('name = "north"\n')
    settings = load(etc / "gate.toml")
    assert settings.data == var / "var"
    assert settings.models.folder == var / "var" / "models"


def test_root_becomes_the_user_of_the_gate_but_for_what_needs_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    became: list[object] = []
    monkeypatch.setattr(places, "USER", "nobody")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for call in ("initgroups", "setgid", "setuid"):
        monkeypatch.setattr(os, call, lambda *given, call=call: became.append(call))
    monkeypatch.setattr(os, "environ", dict(os.environ))
    system = places.SYSTEM / "gate.toml"
    assert not places.step_down("init", system)
    assert not places.step_down("models use", system)
    assert not places.step_down("backup", tmp_path / "gate.toml")
    assert became == []
    assert places.step_down("backup", system)
    assert places.step_down("models fetch", system)
    assert became == ["initgroups", "setgid", "setuid"] * 2
    monkeypatch.setattr(places, "USER", "no-such-user")
    assert not places.step_down("backup", system)
