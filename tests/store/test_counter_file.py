"""Counters outlive the process, a full disk and a torn write."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.store.counter_file import CounterFile


def test_what_was_written_last_is_read_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "gate.counters"
    file = CounterFile(path)
    assert file.read() == {}
    size = path.stat().st_size
    for count in range(5):
        file.write({"a": count, "b": 2})
    assert CounterFile(path).read() == {"a": 4, "b": 2}
    assert path.stat().st_size == size, "it needs no more room than it took at first"
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("torn", [0, 20, 40, 4096, 4116, 4140])
def test_a_torn_write_leaves_the_one_before(tmp_path: Path, torn: int) -> None:
    path = tmp_path / "gate.counters"
    file = CounterFile(path)
    file.write({"a": 1})
    file.write({"a": 2})
    content = bytearray(path.read_bytes())
    content[torn] ^= 255
    path.write_bytes(content)
    assert CounterFile(path).read() in ({"a": 1}, {"a": 2})
    again = CounterFile(path)
    again.read()
    again.write({"a": 3})
    assert CounterFile(path).read() == {"a": 3}


def test_without_a_file_nothing_is_kept_and_nothing_fails(tmp_path: Path) -> None:
    CounterFile(None).write({"a": 1})
    assert CounterFile(None).read() == {}
    nowhere = CounterFile(tmp_path / "no" / "gate.counters")
    nowhere.write({"a": 1})
    assert nowhere.read() == {}
