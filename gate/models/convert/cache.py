"""Converted models, kept in a folder: made once, checked by hash, made again when damaged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from gate import files
from gate.errors import ModelError

CONVERTER = "1"  # counts up when the converters write something else

Convert = Callable[..., bytes]  # (content of each source…, notes) → content of the ONNX file


def converted(sources: Sequence[Path], convert: Convert, folder: Path) -> bytes:
    """The ONNX model made of ``sources``, from ``folder`` if it is there and whole.

    A sidecar file holds the hash of the sources and of the product. When the folder cannot be
    written the model is converted in memory each time.

    Raises ModelError when a source is missing or is not the network ``convert`` understands.
    """
    contents = [_read(path) for path in sources]
    origin = hashlib.sha256(CONVERTER.encode())
    for content in contents:
        origin.update(hashlib.sha256(content).digest())
    key = origin.hexdigest()
    product = folder / f"{sources[0].stem}.{key[:12]}.onnx"
    seal = product.with_suffix(".sha256")
    kept = _kept(product, seal, key)
    if kept is not None:
        return kept
    try:
        model = convert(*contents, {"converter": CONVERTER, "sources": key})
    except ModelError as error:
        where = error.where or str(sources[0])
        raise ModelError(error.what, where=where, hint=error.hint) from None
    _keep(product, seal, key, model)
    return model


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"a model file cannot be read: {error.strerror}",
            where=str(path),
            hint="install the models again, or correct folder in [models]",
        ) from None


def _kept(product: Path, seal: Path, key: str) -> bytes | None:
    try:
        model, sealed = product.read_bytes(), seal.read_text().split()
    except (OSError, UnicodeDecodeError):
        return None
    return model if sealed == [key, hashlib.sha256(model).hexdigest()] else None


def _keep(product: Path, seal: Path, key: str, model: bytes) -> None:
    try:
        product.parent.mkdir(parents=True, exist_ok=True)
        for path, content in (
            (product, model),
            (seal, f"{key}\n{hashlib.sha256(model).hexdigest()}\n".encode()),
        ):
            files.replace(path, content)
    except OSError:
        return  # a read-only folder costs a conversion at each start, nothing else
