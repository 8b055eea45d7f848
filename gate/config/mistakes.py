"""What is wrong with a value of the configuration, in words for whoever wrote the file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from gate.camera.settings import masked
from gate.config.advanced import TABLE

_LIST = 'write a list in square brackets, such as ["a", "b"]'
_WANTED = dict.fromkeys(("tuple_type", "list_type", "set_type", "frozen_set_type"), _LIST)
_NAMES = re.compile(r"\^\[a-z0-9-\]\{1,(\d+)\}\$")


def mistakes_in(error: ValidationError, root: type[BaseModel]) -> list[str]:
    """One line for each mistake: the key as in the file, the value, what is allowed.

    The value of a secret, or of anything that may hold one, is left out.

    Args:
        root: the model that was to be made; says which keys there are.
    """
    details = error.errors(include_url=False)
    places = [detail["loc"] for detail in details]
    return [
        _explain(detail, root)
        for detail in details
        # a list whose only value is wrong is reported as too short as well
        if not (detail["type"] == "too_short" and any(_inside(at, detail["loc"]) for at in places))
    ]


def _inside(one: tuple[int | str, ...], other: tuple[int | str, ...]) -> bool:
    return len(one) > len(other) and one[: len(other)] == other


def _explain(detail: ErrorDetails, root: type[BaseModel]) -> str:
    location = tuple(part for part in detail["loc"] if part != "[key]")  # pydantic's own mark
    key = ".".join(str(part) for part in location) or "configuration"
    if location and location[-1] in getattr(_model(root, location[:-1]), TABLE, ()):
        key = f"{TABLE}.{key}"
    if detail["type"] == "extra_forbidden":
        known = _keys_beside(root, location)
        return f"{key}: there is no such key; {_instead(str(location[-1]), known, root)}"
    if detail["type"] in ("tuple_type", "list_type") and isinstance(detail["input"], Mapping):
        return f"{key}: there may be several; write [[{key}]] where [{key}] is"
    message = _wanted(detail, root)
    field = _field(root, location)
    secret = field is not None and SecretStr in (field, *get_args(field))
    if not secret and isinstance(detail["input"], (Mapping, list)):
        return f"{key}: {message}"  # a secret may be among them
    value = "(hidden)" if secret else _short(detail["input"])
    return f"{key} = {value}: {message}"


def _wanted(detail: ErrorDetails, root: type[BaseModel]) -> str:
    """What is to be written, in the words of the file instead of the program's."""
    kind, message = detail["type"], detail["msg"].removeprefix("Value error, ")  # of our own checks
    if kind in _WANTED:
        return _WANTED[kind]
    if kind.startswith(("date_", "time_")):
        return (
            "write a date, such as 2026-10-01"
            if kind[0] == "d"
            else 'write a time, such as "21:00"'
        )
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        inner = _model(root, detail["loc"])
        keys = list(inner.model_fields) if inner else ["key"]
        return f"write {{ {keys[0]} = … }}; known here: {', '.join(keys)}"
    named = _NAMES.fullmatch(str(detail.get("ctx", {}).get("pattern", "")))
    if named:
        return f"use only a-z, 0-9 and -, {named[1]} characters at most"
    return message


def _instead(name: str, known: list[str], root: type[BaseModel]) -> str:
    """What may have been meant: a key of that name in another table, or one much like it here."""
    elsewhere = list(_tables_with(name, root))
    if len(elsewhere) == 1:
        return f"{name} belongs in {elsewhere[0]}"
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(known))}"


def _tables_with(name: str, model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Each table with the key ``name``: ``[door]``, ``[[camera]]``, or ``the top of the file``."""
    for key, field in model.model_fields.items():
        inner = next(_models_in(field.annotation), None)
        if inner is not None:
            table = f"{path}.{key}" if path else key
            several = get_origin(field.annotation) is tuple
            for found in _tables_with(name, inner, table):
                yield f"[{found}]" if several and found == f"[{table}]" else found
        elif key == name and key in getattr(model, TABLE, ()):
            yield f"[{TABLE}], as {path}.{key}"
        elif key == name:
            yield f"[{path}]" if path else "the top of the file"


def _short(value: Any) -> str:
    text = repr(masked(value) if isinstance(value, str) else value)  # a camera's, in a wrong place
    return text if len(text) <= 60 else text[:57] + "..."


def _keys_beside(root: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    model = _model(root, location[:-1])
    return list(model.model_fields) if model else []


def _model(root: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    model = root
    for part in location:
        if isinstance(part, int) or part not in model.model_fields:
            continue
        inner = next(_models_in(model.model_fields[part].annotation), None)
        if inner is None:
            return None
        model = inner
    return model


def _field(root: type[BaseModel], location: tuple[int | str, ...]) -> Any:
    model = _model(root, location[:-1])
    field = model.model_fields.get(str(location[-1])) if model and location else None
    return field.annotation if field else None


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
