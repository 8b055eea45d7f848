"""The configuration: every mistake at once, each with its key, value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.config.settings import build, load
from gate.errors import ConfigurationError


def test_every_mistake_is_reported_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        build({"name": "Gate 1", "camera": [{"fps": -3, "widht": 640}], "rely": {}})
    text = str(caught.value)
    assert "4 mistakes" in text
    assert "name = 'Gate 1'" in text
    assert "camera.0.fps = -3: Input should be greater than 0" in text
    assert "camera.0.widht: there is no such key; did you mean width?" in text
    assert "rely: there is no such key" in text


def test_an_environment_variable_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_NAME", "north-gate")
    assert build({"name": "south-gate"}).name == "north-gate"


def test_an_environment_variable_that_names_nothing_is_a_mistake(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GATE_RELY__PORT", "x")
    with pytest.raises(ConfigurationError, match="GATE_RELY__PORT: .*names no section"):
        build({})


def test_a_file_that_is_missing_or_no_toml(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no configuration file"):
        load(tmp_path / "gate.toml")
    (tmp_path / "gate.toml").write_text("name = north")
    with pytest.raises(ConfigurationError, match="not TOML.*line 1"):
        load(tmp_path / "gate.toml")


def test_what_the_editors_of_windows_save_is_read_or_named(tmp_path: Path) -> None:
    """UTF-8 with a mark was "an invalid statement at line 1", UTF-16 a word of Python's decoder."""
    file = tmp_path / "gate.toml"
    file.write_bytes('label = "东门"\r\n'.encode("utf-8-sig"))
    assert load(file).label == "东门"
    for encoding in ("utf-16", "gb18030"):
        file.write_bytes('label = "东门"\r\n'.encode(encoding))
        with pytest.raises(ConfigurationError, match="another encoding than UTF-8") as caught:
            load(file)
        assert caught.value.where == str(file)


def test_two_cameras_need_two_names() -> None:
    with pytest.raises(ConfigurationError, match="same name"):
        build({"camera": [{}, {}]})


def test_a_mistake_in_a_section_prints_no_secret_of_it() -> None:
    with pytest.raises(ConfigurationError) as caught:
        build({"status": {"enabled": True, "token": "a-secret-token"}})
    assert "a-secret-token" not in str(caught.value)
    assert "status: " in str(caught.value)


def test_a_section_in_an_environment_variable_that_is_none_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GATE_STORE", "abc")
    with pytest.raises(ConfigurationError, match="environment variable cannot be read"):
        build({})


def test_a_section_of_which_there_may_be_several_says_how_it_is_written() -> None:
    with pytest.raises(ConfigurationError) as caught:
        build({"camera": {"source": 0}})
    assert "camera: there may be several; write [[camera]] where [camera] is" in caught.value.what
