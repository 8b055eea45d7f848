"""[advanced]: keys with a section that are kept out of it in the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.config.advanced import advanced_keys, lifted
from gate.config.reference import parts
from gate.config.settings import ADVANCED, Settings, build, checked_for_gates, load, outdated
from gate.errors import ConfigurationError
from gate.recognition.quality.settings import ENROLMENT


def file_with(folder: Path, text: str) -> Path:
    path = folder / "gate.toml"
    path.write_text(text)
    return path


def test_a_key_of_the_table_counts_in_its_section(tmp_path: Path) -> None:
    path = file_with(tmp_path, "[advanced]\nrecognition.interval = 0.3\nquality.gate.yaw = 41")
    settings = load(path)
    assert settings.recognition.interval == 0.3
    assert settings.quality.gate.yaw == 41
    assert settings.quality.gate.pitch == Settings().quality.gate.pitch


def test_a_key_in_its_old_place_still_counts_and_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = file_with(tmp_path, "[recognition]\ninterval = 0.3\n")
    assert load(path).recognition.interval == 0.3
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == (
        f"{path}: moved to [advanced], in effect still: recognition.interval; "
        "`gate config upgrade` moves them"
    )
    assert outdated(path).moved == ("recognition.interval",)


def test_many_of_them_are_one_short_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = "[store]\nqueue = 20_000\noutbox = 500_000\nbusy_timeout = 5.0\n"
    pin = "[access.pin]\nattempts = 5\nwindow = 300.0\nlock = 300.0\n"
    relay = "[relay]\ntimeout = 0.2\npoll = 0.05\n[desk]\nrequests = 1200\n"
    load(file_with(tmp_path, store + pin + relay))
    (record,) = caplog.records
    assert "store.outbox and 1 more; " in record.getMessage()


def test_in_both_places_the_table_counts(tmp_path: Path) -> None:
    text = "[recognition]\ninterval = 0.3\n[advanced]\nrecognition.interval = 0.2\n"
    assert load(file_with(tmp_path, text)).recognition.interval == 0.2


def test_the_environment_has_it_under_both_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_RECOGNITION__PATIENCE", "0.9")
    monkeypatch.setenv("GATE_ADVANCED__RECOGNITION__INTERVAL", "0.4")
    settings = build({"advanced": {"recognition": {"interval": 0.2, "patience": 0.7}}})
    assert settings.recognition.interval == 0.4
    assert settings.recognition.patience == 0.9


def test_what_the_table_does_not_know_is_a_mistake_beside_the_others() -> None:
    wrong = {"recognition": {"encoder": "dlib", "intervall": 1}}
    with pytest.raises(ConfigurationError) as caught:
        build({"advanced": wrong, "name": "Gate 1"})
    text = str(caught.value)
    assert "3 mistakes" in text
    assert "advanced.recognition.encoder: there is no such key in [advanced]" in text
    assert "advanced.recognition.intervall: there is no such key in [advanced]" in text


@pytest.mark.parametrize("values", [{"advanced": 3}, {"recognition": 3, "advanced": {}}])
def test_what_is_no_table_is_a_mistake(values: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        build(values)


def test_a_wrong_value_is_named_as_it_is_written() -> None:
    with pytest.raises(ConfigurationError, match=r"advanced\.recognition\.interval = -1"):
        build({"advanced": {"recognition": {"interval": -1}}})


def test_a_hub_sets_those_of_the_sections_it_may_set() -> None:
    checked_for_gates({"advanced": {"recognition": {"interval": 0.2}, "door": {"prealarm": 5.0}}})
    with pytest.raises(ConfigurationError, match=r"a hub may not set store\.queue"):
        checked_for_gates({"advanced": {"store": {"queue": 100}}})


def test_a_limit_of_enrolment_leaves_the_others_of_enrolment() -> None:
    """They fell back to those of the gate, which are looser."""
    quality = build({"advanced": {"quality": {"enrolment": {"yaw": 30}}}}).quality
    assert quality.enrolment == ENROLMENT.model_copy(update={"yaw": 30.0})


def test_an_empty_section_changes_nothing() -> None:
    """So taking its last key out of one leaves everything as it was."""
    for part in parts():
        if part.path and not part.repeated and not part.example:
            values: dict[str, object] = {}
            for name in reversed(part.path.split(".")):
                values = {name: values}
            assert build(values) == Settings(), part.path


def test_every_key_is_in_the_reference_once() -> None:
    names = [part.full(key) for part in parts() for key in part.keys]
    assert len(names) == len(set(names))
    assert {f"advanced.{key}" for key in ADVANCED} <= set(names)
    assert not set(ADVANCED) & set(names)


def test_every_name_marked_in_a_class_is_a_key() -> None:
    """A misspelt one would silently stay in its section."""
    for part in parts():
        place: object = Settings()
        for name in part.path.split(".") if part.path else []:
            place = getattr(place, name, None)
        marked = getattr(type(place), "advanced", frozenset())
        assert marked <= set(getattr(type(place), "model_fields", {})), part.path
    assert set(advanced_keys(Settings)) == set(ADVANCED)


def test_values_are_not_changed_in_place() -> None:
    values = {"advanced": {"store": {"queue": 100}}, "store": {"url": "sqlite:///a.db"}}
    assert lifted(values, ADVANCED).values["store"] == {"url": "sqlite:///a.db", "queue": 100}
    assert values == {"advanced": {"store": {"queue": 100}}, "store": {"url": "sqlite:///a.db"}}
