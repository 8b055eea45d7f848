"""PyTorch files are read without PyTorch, and nothing in them is run."""

from __future__ import annotations

import collections
import os
import pickle
import struct
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gate.errors import ModelError
from gate.models.convert import torch_reader as torch_file

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001


class Tensor:
    """Pickles itself the way PyTorch pickled tensors before its version 1.6."""

    def __init__(self, key: str, values: np.ndarray[Any, Any]) -> None:
        self.key, self.values = key, values

    def __reduce__(self) -> Any:
        stride = tuple(s // self.values.itemsize for s in self.values.strides)
        return _rebuild_tensor_v2, (Storage(self.key, self.values), 0, self.values.shape, stride)


class Storage:
    def __init__(self, key: str, values: np.ndarray[Any, Any]) -> None:
        self.key, self.values = key, values


class FloatStorage:
    pass


def _rebuild_tensor_v2(*parts: Any) -> None:
    raise AssertionError("a reader must not call what the file names")


FloatStorage.__module__, FloatStorage.__qualname__ = "torch", "FloatStorage"
_rebuild_tensor_v2.__module__ = "torch._utils"
_rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"


class Pickler(pickle.Pickler):
    def persistent_id(self, thing: object) -> Any:
        if isinstance(thing, Storage):
            return ("storage", FloatStorage, thing.key, "cpu", thing.values.size)
        return None


@pytest.fixture(autouse=True)
def _modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pickler looks up the names it writes."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    torch.FloatStorage = FloatStorage  # type: ignore[attr-defined]
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def written(path: Path, tensors: dict[str, Any]) -> bytes:
    with path.open("wb") as file:
        for thing in (MAGIC, VERSION, {"little_endian": True}):
            pickle.dump(thing, file, 2)
        named = collections.OrderedDict(
            (name, Tensor(name, v) if isinstance(v, np.ndarray) else v)
            for name, v in tensors.items()
        )
        Pickler(file, 2).dump(named)
        arrays = {name: v for name, v in tensors.items() if isinstance(v, np.ndarray)}
        pickle.dump(list(arrays), file, 2)
        for values in arrays.values():
            file.write(struct.pack("<q", values.size) + values.tobytes())
    return path.read_bytes()


def test_tensors_come_back_with_their_names_and_shapes(tmp_path: Path) -> None:
    weights = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    bias = np.float32([1.5, -2])
    read = torch_file.read(written(tmp_path / "m.pth", {"weight": weights, "bias": bias}))
    assert list(read) == ["weight", "bias"]
    np.testing.assert_array_equal(read["weight"], weights)
    np.testing.assert_array_equal(read["bias"], bias)


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch ran",)


def test_a_file_that_calls_something_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = written(tmp_path / "m.pth", {"weight": Evil()})
    with pytest.raises(ModelError, match=r"wants to call (posix|nt)\.system"):
        torch_file.read(data)
    assert not (tmp_path / "ran").exists()


def test_a_builtin_is_refused_too(tmp_path: Path) -> None:
    head = b"".join(pickle.dumps(thing, 2) for thing in (MAGIC, VERSION, {}))
    with pytest.raises(ModelError, match="builtins.eval"):
        torch_file.read(head + b"cbuiltins\neval\n(S'1+1'\ntR.")


@pytest.mark.parametrize("cut", [3, 40, 200, -1, -9])
def test_a_file_cut_short_is_damaged(tmp_path: Path, cut: int) -> None:
    data = written(tmp_path / "m.pth", {"weight": np.ones((4, 4), np.float32)})
    with pytest.raises(ModelError):
        torch_file.read(data[:cut])


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04" + bytes(100), b"not a model", bytes(500)])
def test_other_files_are_named_as_such(data: bytes) -> None:
    with pytest.raises(ModelError, match="PyTorch file"):
        torch_file.read(data)
