"""``gate hub copy-keys``: one copy of people's keys, apart from the backups."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from gate import cli
from gate.config.settings import load
from gate.errors import ConfigurationError, StoreError
from gate.recognition.face import Template
from gate.store.store import Store


def configured(folder: Path, keys: str) -> Path:
    path = folder / "gate.toml"
    path.write_text(f'name = "hub"\ndata = "{folder}/data"\n[store]\nballast = 0\n{keys}')
    return path


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["hub", "copy-keys", *words])


def enrolled(store: Store, name: str) -> int:
    person = store.people.create(name).id
    store.templates.add(Template(person, np.full(4, 0.5, np.float32), "test", 0.9))
    return person


@pytest.mark.slow
def test_the_copy_opens_the_faces_of_now_and_not_of_those_deleted_since(tmp_path: Path) -> None:
    config = configured(tmp_path, f'person_keys = "sqlite:///{tmp_path}/people.keys"\n')
    settings, copy = load(config), tmp_path / "safe.keys"
    with Store.open(settings.store, settings.data) as store:
        people = [enrolled(store, name) for name in ("李红", "王伟")]
    assert "the keys as of now" in run(str(copy), "-c", str(config)).output
    assert copy.stat().st_size > 0
    with Store.open(settings.store, settings.data) as store:
        store.database.backup(tmp_path / "old.db")
        store.people.delete(people[1])
    assert run(str(copy), "-c", str(config)).exit_code == 0
    assert [path.name for path in tmp_path.glob("*safe*")] == ["safe.keys"]  # one copy, no half

    # the keys are lost, and the register is put back from before the deletion
    (tmp_path / "people.keys").write_bytes(copy.read_bytes())
    (settings.data / "gate.db").write_bytes((tmp_path / "old.db").read_bytes())
    with Store.open(settings.store, settings.data) as store:
        assert store.templates.load("test").people.tolist() == [people[0]]
        assert [row.name for row in store.people.find()] == ["李红"]


def test_a_register_without_keys_of_people_is_refused(tmp_path: Path) -> None:
    config = configured(tmp_path, "")
    settings = load(config)
    Store.open(settings.store, settings.data).close()
    refused = run(str(tmp_path / "safe.keys"), "-c", str(config)).exception
    assert isinstance(refused, ConfigurationError)
    assert "person_keys" in str(refused.where)
    assert not (tmp_path / "safe.keys").exists()


def test_a_folder_that_is_not_there_is_an_error_with_its_place(tmp_path: Path) -> None:
    config = configured(tmp_path, f'person_keys = "sqlite:///{tmp_path}/people.keys"\n')
    settings = load(config)
    Store.open(settings.store, settings.data).close()
    refused = run(str(tmp_path / "none" / "safe.keys"), "-c", str(config)).exception
    assert isinstance(refused, StoreError)
