"""What boxes may send to the hub, checked before anything is done with it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from gate.hub.intake import MOST
from gate.hub.status import reported


class Pairing(BaseModel):
    """Binary values are base64."""

    code: str = Field(max_length=8)
    gate: str = Field(max_length=40)
    signing: str = Field(max_length=400)
    public: str = Field(max_length=60)
    proof: str = Field(max_length=60)


class Events(BaseModel):
    epoch: int
    floor: int = Field(ge=1)
    skip: bool = True  # what is missing below the floor is not kept by the box any more
    events: list[dict[str, Any]] = Field(max_length=MOST)


class Receipt(BaseModel):
    erased: list[dict[str, str]] = Field(default=[], max_length=1000)
    orders: dict[
        Annotated[str, Field(pattern=r"^\d{1,18}( |$)")],
        Annotated[str, Field(pattern=r"^[^\x00]*$", max_length=80)],
    ] = {}


class Seen(BaseModel):
    """Rows of ``gate.hub.sightings.Place`` and ``Uses``."""

    epoch: int
    places: list[list[Any]] = Field(default=[], max_length=500)
    uses: list[list[Any]] = Field(default=[], max_length=500)


class Beat(BaseModel):
    cursor: Annotated[int, Field(ge=-1, lt=1 << 62)]
    scope: Annotated[int, Field(ge=-1, lt=1 << 62)]
    status: Annotated[dict[str, Any], AfterValidator(reported)]


class Upload(BaseModel):
    epoch: int
    records: list[dict[str, Any]] = Field(default=[], max_length=500)
    rules: dict[str, Any] | None = None
    card_keys: list[str] = Field(default=[], max_length=8)  # sealed with the community's key


class History(BaseModel):
    """All with the hub's own signature."""

    erased: dict[str, str] = {}  # pseudonym → signature
    blocked: dict[str, dict[str, str]] = {}  # pseudonym → what → signature
