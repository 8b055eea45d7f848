"""What is wrong with a value of the configuration, in words for whoever wrote the file."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from gate.config.advanced import TABLE


def mistakes_in(error: ValidationError, root: type[BaseModel]) -> list[str]:
    """One line for each mistake: the key as in the file, the value, what is allowed.

    The value of a secret, or of anything that may hold one, is left out.

    Args:
        root: the model that was to be made; says which keys there are.
    """
    return [_explain(detail, root) for detail in error.errors(include_url=False)]


def _explain(detail: ErrorDetails, root: type[BaseModel]) -> str:
    location = detail["loc"]
    key = ".".join(str(part) for part in location) or "configuration"
    if location and location[-1] in getattr(_model(root, location[:-1]), TABLE, ()):
        key = f"{TABLE}.{key}"
    if detail["type"] == "extra_forbidden":
        known = _keys_beside(root, location)
        near = difflib.get_close_matches(str(location[-1]), known, 1)
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(known))}"
        return f"{key}: there is no such key; {hint}"
    if detail["type"] in ("tuple_type", "list_type") and isinstance(detail["input"], Mapping):
        return f"{key}: there may be several; write [[{key}]] where [{key}] is"
    field = _field(root, location)
    secret = field is not None and SecretStr in (field, *get_args(field))
    if not secret and isinstance(detail["input"], (Mapping, list)):
        return f"{key}: {detail['msg']}"  # a secret may be among them
    value = "(hidden)" if secret else _short(detail["input"])
    return f"{key} = {value}: {detail['msg']}"


def _short(value: Any) -> str:
    text = repr(value)
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
