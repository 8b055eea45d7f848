"""Read the tensors of a PyTorch file without PyTorch, and without running anything in it.

The format before PyTorch 1.6: five pickles (magic number, version, system, the tensors' names,
shapes and places, the storages' keys), then each storage as a count and raw little-endian numbers.
A pickle may name any function of Python to be called; here four names are known and anything else
is refused.
"""

from __future__ import annotations

import collections
import io
import pickle
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gate.errors import ModelError

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_STORAGES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Place:
    """A tensor as the pickle describes it: which storage, where in it, its shape."""

    storage: str
    offset: int
    shape: tuple[int, ...]


def read(data: bytes) -> dict[str, Array]:
    """The floating-point tensors by name, in the order of the file.

    Raises ModelError for a file of another format, cut short, or with anything else in it.
    """
    file = io.BytesIO(data)
    try:
        if _load(file) != _MAGIC or _load(file) != _VERSION:
            raise ModelError(
                "not a PyTorch file of the form known here",
                hint="fetch the publisher's own file again",
            )
        _load(file)  # byte order and sizes of the machine that wrote it
        kinds: dict[str, np.dtype[Any]] = {}
        places = _load(file, kinds)
        keys = _load(file)
        storages = {str(key): _storage(file, kinds[str(key)]) for key in keys}
        if not isinstance(places, Mapping):
            raise ModelError(
                "a PyTorch file without named tensors", hint="fetch the publisher's own file again"
            )
        return {
            str(name): _tensor(place, storages[place.storage])
            for name, place in places.items()
            if isinstance(place, _Place) and kinds[place.storage] == np.dtype("<f4")
        }
    except (
        *(pickle.UnpicklingError, EOFError, KeyError, IndexError, ValueError, TypeError),
        *(AttributeError, struct.error, UnicodeDecodeError, OverflowError, MemoryError),
    ) as error:
        raise ModelError(
            f"a damaged PyTorch file: {error}", hint="fetch the publisher's own file again"
        ) from None


def _load(file: io.BytesIO, kinds: dict[str, np.dtype[Any]] | None = None) -> Any:
    return _Unpickler(file, {} if kinds is None else kinds).load()


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, kinds: dict[str, np.dtype[Any]]) -> None:
        super().__init__(file)
        self._kinds = kinds

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _place
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        raise ModelError(
            f"the file wants to call {module}.{name}, which no model needs",
            hint="delete the file and fetch the model from its official source",
        )

    def persistent_load(self, pid: Any) -> str:
        _, kind, key, _, _ = pid[:5]
        self._kinds[str(key)] = kind
        return str(key)


def _place(storage: str, offset: int, shape: Sequence[int], stride: Sequence[int], *_: Any) -> Any:
    dense = [int(np.prod(shape[i + 1 :])) for i in range(len(shape))]
    if any(s != d for s, d, n in zip(stride, dense, shape, strict=True) if n > 1):
        raise ModelError(
            "a tensor of this PyTorch file is not stored row by row",
            hint="fetch the publisher's own file again",
        )
    return _Place(storage, int(offset), tuple(int(n) for n in shape))


def _storage(file: io.BytesIO, kind: np.dtype[Any]) -> NDArray[Any]:
    (count,) = struct.unpack("<q", file.read(8))
    if count < 0:
        raise ValueError("a storage of negative length")
    raw = file.read(count * kind.itemsize)
    if len(raw) < count * kind.itemsize:
        raise EOFError("it ends too early")
    return np.frombuffer(raw, kind)


def _tensor(place: _Place, storage: NDArray[Any]) -> Array:
    count = int(np.prod(place.shape))
    values = storage[place.offset : place.offset + count]
    return values.reshape(place.shape).astype(np.float32)
