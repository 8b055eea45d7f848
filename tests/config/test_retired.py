"""A configuration of before goes on working: keys that are gone are reported and ignored."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from gate.config.reference import parts
from gate.config.retired import RETIRED, without
from gate.config.settings import load
from gate.errors import ConfigurationError


def test_a_file_with_a_retired_key_is_read_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(
        "[store]\ncheck_at_start = false\nballast = 7\n\n[access.passage]\nprobable = 1"
    )
    assert load(path).store.ballast == 7
    reported = [record.getMessage() for record in caplog.records]
    assert reported[0] == (
        f"{path}: no longer used, without effect: store.check_at_start, access.passage.probable; "
        "`gate config upgrade` removes them"
    )


def test_so_is_an_environment_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "gate.toml"
    path.write_text("")
    monkeypatch.setenv("GATE_MQTT__WINDOW", "5")
    load(path)
    assert "mqtt.window" in caplog.text


def test_a_retired_name_elsewhere_is_still_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text("[door]\nwindow = 3\n")
    with pytest.raises(ConfigurationError, match="door.window: there is no such key"):
        load(path)


def test_every_retired_key_is_accepted_and_none_exists() -> None:
    text = "".join(
        f"[{section}]\n" + "".join(f"{key} = 1\n" for key in keys)
        for section, keys in RETIRED.items()
    )
    kept, found = without(tomllib.loads(text))
    assert sorted(found) == sorted(f"{s}.{k}" for s, keys in RETIRED.items() for k in keys)
    assert not any(kept[section] for section in kept if section != "access")
    known = {f"{part.path}.{key.name}" for part in parts() for key in part.keys}
    assert not known & set(found)
    assert set(RETIRED) <= {part.path for part in parts()}
