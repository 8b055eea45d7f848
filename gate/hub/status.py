"""What a box may report of itself: pages of the desk and rollouts read these fields of its beats.

A box that was stolen sends what it likes. What is not of this form is refused at the door, so that
it cannot take down the page on which its gate is shut out. Fields that are not named are kept.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

_YEARS = (1970, 2200)  # of a clock that is only wrong
_MOST = 500  # things, devices and faults of one box


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", allow_inf_nan=False)


class _Gate(_Part):
    software: str = ""
    faults: list[str] = Field([], max_length=_MOST)
    label: str = Field("", max_length=40)  # as in the configuration


class _Door(_Part):
    state: str


class _Mode(_Part):
    mode: str
    until: AwareDatetime | None = None


class _Encoder(_Part):
    encoder: str = ""


class _Gallery(_Part):
    people: int | None = None


class _Liveness(_Part):
    mode: str = Field("", max_length=40)
    active: str = Field("", max_length=1000)  # a line for people


class _Device(_Part):
    family: str
    up: bool


_THINGS: dict[str, type[_Part]] = {
    "gate": _Gate,
    "door": _Door,
    "mode": _Mode,
    "encoder": _Encoder,
    "gallery": _Gallery,
    "liveness": _Liveness,
}


def _told(things: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    for name, value in things.items():
        (_Device if name.startswith("device/") else _THINGS.get(name, _Part)).model_validate(value)
    return things


def _possible(clock: datetime) -> datetime:
    if not _YEARS[0] <= clock.year < _YEARS[1]:
        raise ValueError("no year of a clock")
    return clock


class _Camera(_Part):
    people: int = 0
    usable: float | None = None
    light: float | None = None
    sharpness: float | None = None
    reason: str = ""


class _Fetching(_Part):
    done: float
    of: float


class _Loading(_Part):
    done: int = Field(ge=0)
    of: int = Field(ge=0)


class _Configuration(_Part):
    digest: str | None = None
    state: str | None = None
    refused: str | None = None
    how: str | None = None
    why: str | None = None
    fetching: _Fetching | None = None


class Status(_Part):
    """One report, see ``gate.replica.box_status``."""

    version: str = ""
    clock: Annotated[AwareDatetime, AfterValidator(_possible)] | None = None
    outbox: int | None = None
    people: int | None = None
    loading: _Loading | None = None
    things: Annotated[dict[str, dict[str, Any]], Field(max_length=_MOST), AfterValidator(_told)] = (
        Field(default={})
    )
    cameras: dict[str, _Camera] = Field({}, max_length=_MOST)
    configuration: _Configuration | None = None


def reported(status: dict[str, Any]) -> dict[str, Any]:
    """``status`` as it came. Raises ValueError when a field is not of its form."""
    Status.model_validate(status)
    if "\\u0000" in json.dumps(status, allow_nan=False):  # PostgreSQL keeps neither
        raise ValueError("a null character")
    return status
