"""People with photographs through the command itself, ended with kill -9 and gone on with."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.mass_import import CONFIG, compare, enrol, pictures, write
from gate.importing.run import BATCH

pytestmark = pytest.mark.soak

PEOPLE = 2 * BATCH + 10


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_on_the_way_and_gone_on_with_nobody_is_there_twice_and_nobody_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    write(tmp_path / "people", PEOPLE, pictures(None))
    text = CONFIG.format(folder=tmp_path, encoder="dlib")
    (tmp_path / "gate.toml").write_text(text + f'models = {{ folder = "{tmp_path}/models" }}\n')
    killed = enrol(tmp_path, BATCH, kill=True)
    assert killed.code == -signal.SIGKILL
    assert BATCH <= killed.after < PEOPLE, "whole batches, and not all of them"
    whole = enrol(tmp_path, PEOPLE, kill=False)
    assert (whole.before, whole.after) == (killed.after, PEOPLE)
    database = tmp_path / "data" / "gate.db"
    assert compare(database, PEOPLE) == []
    harms = {
        f"{PEOPLE - 1} people": "delete from people where number = '7'",
        "1 people with two templates": "insert into templates "
        "(person_id, encoder, vector, quality, label, created) "
        "select person_id, encoder, vector, quality, label, created from templates limit 1",
    }
    for said, harm in harms.items():
        with closing(sqlite3.connect(database)) as opened:
            opened.execute(harm)
            opened.commit()
        assert said in compare(database, PEOPLE), "and it would be noticed"
