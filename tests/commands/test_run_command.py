"""``gate run``: one daemon for a gate. What it does is in ``tests/daemon/test_daemon.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.commands.run import alone
from gate.errors import ConfigurationError


def test_a_second_daemon_of_the_same_gate_is_refused_while_the_first_runs(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with alone(data, "north"):
        with pytest.raises(ConfigurationError, match="runs already"), alone(data, "north"):
            pass
        with alone(data, "south"):
            pass
    with alone(data, "north"):
        pass


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with (
        pytest.raises(ConfigurationError, match="data folder cannot be used"),
        alone(tmp_path / "data", "north"),
    ):
        pass
