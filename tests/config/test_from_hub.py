"""What a hub sets on a box: which keys, how it is kept, and how it gives way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, SecretStr

from gate.config import from_hub
from gate.config.settings import Settings, checked_for_gates, load
from gate.errors import ConfigurationError

WIDER = {"recognition": {"patience": 1.5}}
QUIET = {"screen": {"volume": 0.2, "quiet_from": "20:30:00"}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A box's own configuration; its data is in ``var`` beside it."""
    path = tmp_path / "gate.toml"
    path.write_text('name = "north"\n[recognition]\npatience = 0.9\ninterval = 0.2\n')
    return path


def settable() -> Iterator[tuple[str, Any]]:
    """Every key a hub may set, with the type of its value."""
    for section, keys in from_hub.SETTABLE.items():
        model = Settings.model_fields[section].annotation
        assert isinstance(model, type)
        for name, field in model.model_fields.items():
            if keys == {"*"} or name in keys:
                yield from _inner(f"{section}.{name}", field.annotation)


def _inner(name: str, kind: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for key, field in kind.model_fields.items():
            yield from _inner(f"{name}.{key}", field.annotation)
    else:
        yield name, kind


def test_no_key_a_hub_may_set_is_a_path_a_secret_or_an_address() -> None:
    local = {"host", "port", "url", "device", "path", "driver", "source", "fail", "contact"}
    found = dict(settable())
    assert len(found) > 50
    for name, kind in found.items():
        assert not {Path, SecretStr} & {kind, *get_args(kind)}, name
        assert name.rsplit(".", 1)[-1] not in local, name


def test_every_section_and_key_named_as_settable_exists() -> None:
    for section, keys in from_hub.SETTABLE.items():
        model: Any = Settings.model_fields[section].annotation
        assert keys == {"*"} or keys <= set(model.model_fields), section


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("name = 'other'", "name"),
        ("[relay]\nport = '/dev/x'", "relay.port"),
        ("[door]\nunlock = 4\nfail = 'safe'", "door.fail"),
        ("[mqtt]\npassword = 'x'", "mqtt.password"),
        ("[access]\nallow = []", "access.allow"),
        ("[recognition]\nencoder = 'mine.dat'", "recognition.encoder"),
    ],
)
def test_what_belongs_to_the_box_is_refused_by_its_name(text: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=f"may not set.*{named}"):
        checked_for_gates(from_hub.parsed(text))


def test_values_are_checked_by_the_rules_of_a_box() -> None:
    with pytest.raises(ConfigurationError, match="2 mistakes") as caught:
        checked_for_gates({"door": {"unlock": 100}, "quality": {"gate": {"siz": 1}}})
    assert "door.unlock = 100" in caught.value.what
    assert "quality.gate.siz: there is no such key; did you mean size?" in caught.value.what
    with pytest.raises(ConfigurationError, match="not TOML"):
        from_hub.parsed("[door")


def test_the_hub_overrides_the_file_and_the_environment_overrides_both(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = load(file).data
    from_hub.begin(data, WIDER, ())
    assert load(file).recognition.patience == 1.5
    assert load(file).recognition.interval == 0.2
    monkeypatch.setenv("GATE_RECOGNITION__PATIENCE", "2.5")
    assert load(file).recognition.patience == 2.5


def test_what_no_longer_fits_the_file_of_the_box_has_no_effect(file: Path) -> None:
    from_hub.begin(load(file).data, {"door": {"unlock": 50.0, "extended_unlock": 50.0}}, ())
    assert load(file).door.unlock == 50
    file.write_text(file.read_text() + "[door]\nmax_unlock = 20\n")
    assert load(file).door.unlock == 3
    with pytest.raises(ConfigurationError, match="max_unlock"):
        load(file, hub={"door": {"unlock": 50.0}})


def test_a_version_comes_back_as_it_was_written(tmp_path: Path) -> None:
    values = from_hub.parsed("[screen]\nvolume = 1.0\nquiet_from = 20:30:00\nlanguages = ['zh']\n")
    digest = from_hub.begin(tmp_path, values, ())
    assert from_hub.values_of(tmp_path) == values
    assert from_hub.digest_of(values) == digest
    assert values["screen"]["quiet_from"] == "20:30:00"


def test_a_version_that_does_not_start_gives_way_to_the_one_before(tmp_path: Path) -> None:
    from_hub.begin(tmp_path, WIDER, ())
    from_hub.confirm(tmp_path)
    bad = from_hub.begin(tmp_path, QUIET, ["camera.main"])
    assert [from_hub.started(tmp_path) for _ in range(from_hub.STARTS + 1)] == [False, False, True]
    assert from_hub.values_of(tmp_path) == WIDER
    state = from_hub.state_of(tmp_path)
    assert (state.refused, state.returned, state.trial) == (bad, True, None)
    assert from_hub.started(tmp_path) is False
    assert from_hub.give_up(tmp_path, "again") is False


def test_a_version_that_has_served_may_start_as_often_as_it_likes(tmp_path: Path) -> None:
    from_hub.begin(tmp_path, WIDER, ())
    from_hub.confirm(tmp_path)
    assert not any(from_hub.started(tmp_path) for _ in range(5))
    assert from_hub.values_of(tmp_path) == WIDER


@pytest.mark.parametrize("damage", ["state.json", "*.toml"])
def test_damaged_files_leave_the_box_with_its_own_configuration(file: Path, damage: str) -> None:
    data = load(file).data
    from_hub.begin(data, WIDER, ())
    for path in from_hub.folder_of(data).glob(damage):
        path.write_text(path.read_text()[:-12] + "\n")
    assert load(file).recognition.patience == 0.9


def test_old_versions_are_kept_but_not_all(tmp_path: Path) -> None:
    for number in range(9):
        from_hub.begin(tmp_path, {"recognition": {"patience": 0.5 + number}}, ())
        from_hub.confirm(tmp_path)
    files = {path.stem for path in from_hub.folder_of(tmp_path).glob("*.toml")}
    state = from_hub.state_of(tmp_path)
    assert {state.current, state.previous} <= files
    assert len(files) <= 6


def test_layers_are_joined_key_by_key() -> None:
    wide = {"quality": {"gate": {"size": 30, "yaw": 20}}, "door": {"unlock": 4}}
    narrow = {"quality": {"gate": {"yaw": 25}}}
    assert from_hub.merged([wide, narrow]) == {
        "quality": {"gate": {"size": 30, "yaw": 25}},
        "door": {"unlock": 4},
    }
    assert wide["quality"]["gate"] == {"size": 30, "yaw": 20}
