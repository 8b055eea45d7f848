"""The ``[door]`` section."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from gate.section import Section


class DoorSettings(Section):
    """How the door behaves; all times in seconds of the monotonic clock. See docs/door.md."""

    advanced: ClassVar[frozenset[str]] = frozenset(
        {
            "max_unlock",
            "grant_debounce",
            "forced_grace",
            "prealarm",
            "max_hold_open",
            "confirm_within",
            "hold",
            "input_debounce",
            "relock_on_close",
            "extended_held_open_after",
        }
    )

    fail: Literal["secure", "safe"] = Field(
        "secure",
        description='"secure": power releases, no power locks (strike). "safe": power locks, no '
        "power releases (magnet).",
    )
    unlock: float = Field(3.0, ge=0.2, le=60, description="how long a grant releases the lock")
    extended_unlock: float = Field(
        10.0, ge=0.2, le=120, description="the same for people who need longer (set per person)"
    )
    exit_unlock: float = Field(3.0, ge=0.2, le=60, description="the same after the exit button")
    max_unlock: float = Field(
        60.0,
        ge=1,
        le=600,
        description="grants that follow each other keep the lock released no longer than this",
    )
    grant_debounce: float = Field(
        0.5, ge=0, le=5, description="grants of one passage closer together than this count once"
    )
    contact: bool = Field(
        False, description="true when a door contact is wired ([relay.inputs.contact])"
    )
    relock_on_close: bool = Field(
        True, description="lock as soon as the door has closed behind somebody"
    )
    forced_grace: float = Field(
        0.5, ge=0, le=5, description="an opening this soon after locking still belongs to the grant"
    )
    prealarm: float = Field(
        10.0, ge=0, le=600, description="the pre-alarm comes this long before the held-open alarm"
    )
    held_open_after: float = Field(
        25.0, ge=1, le=3600, description="an open door raises the held-open alarm after this long"
    )
    extended_held_open_after: float = Field(
        45.0, ge=1, le=3600, description="the same for people who need longer"
    )
    max_hold_open: float = Field(
        4 * 3600.0, ge=1, le=24 * 3600, description="no hold-open lasts longer"
    )
    exit_in_lockdown: bool = Field(True, description="the exit button works in a lock-down")
    confirm_within: float = Field(
        1.0,
        ge=0.1,
        le=10,
        description="a board that reports another state than commanded for this long is faulty",
    )
    hold: float = Field(
        0.5,
        ge=0.2,
        le=5,
        description="the longest time a relay stays energised without a refresh from the main loop",
    )
    input_debounce: float = Field(
        0.03, ge=0, le=1, description="an input must be stable for this long before it counts"
    )

    @model_validator(mode="after")
    def _times_agree(self) -> DoorSettings:
        longest = max(self.unlock, self.extended_unlock, self.exit_unlock)
        if self.max_unlock < longest:
            raise ValueError("max_unlock must not be shorter than any single unlock time")
        if self.prealarm >= self.held_open_after:
            raise ValueError("prealarm must be shorter than held_open_after")
        return self
