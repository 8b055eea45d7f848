"""Converted models are kept, checked, and made again when they are damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.errors import ModelError
from gate.models.convert.cache import converted


class Counting:
    """A converter that counts how often it is asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, *contents: bytes) -> bytes:
        self.calls += 1
        *sources, notes = contents
        assert isinstance(notes, dict)
        return b"model of " + b"+".join(sources)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "net.dat"
    path.write_bytes(b"weights")
    return path


def test_a_model_is_converted_once(source: Path, tmp_path: Path) -> None:
    convert = Counting()
    for _ in range(3):
        assert converted([source], convert, tmp_path / "kept") == b"model of weights"
    assert convert.calls == 1


@pytest.mark.parametrize("damage", [b"", b"model of weightz", None])
def test_a_damaged_or_missing_product_is_made_again(
    source: Path, tmp_path: Path, damage: bytes | None
) -> None:
    convert = Counting()
    converted([source], convert, tmp_path)
    (product,) = tmp_path.glob("net.*.onnx")
    if damage is None:
        product.unlink()
    else:
        product.write_bytes(damage)
    assert converted([source], convert, tmp_path) == b"model of weights"
    assert convert.calls == 2
    assert product.read_bytes() == b"model of weights"


def test_a_changed_source_is_converted_anew(source: Path, tmp_path: Path) -> None:
    convert = Counting()
    converted([source], convert, tmp_path)
    source.write_bytes(b"other weights")
    assert converted([source], convert, tmp_path) == b"model of other weights"


def test_a_folder_that_cannot_be_written_costs_only_time(source: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    convert = Counting()
    for _ in range(2):
        assert converted([source], convert, blocked / "kept") == b"model of weights"
    assert convert.calls == 2


def test_a_missing_source_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as error:
        converted([tmp_path / "gone.dat"], Counting(), tmp_path)
    assert error.value.where.endswith("gone.dat")
    assert error.value.hint
