"""The ``[door]`` section."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from gate.section import Section


class DoorSettings(Section):
    """How the door behaves; all times in seconds of the monotonic clock."""

    # secure: no power, locked (strike). safe: no power, released (magnet)
    fail: Literal["secure", "safe"] = "secure"
    unlock: float = Field(3.0, ge=0.2, le=60)
    extended_unlock: float = Field(10.0, ge=0.2, le=120)
    exit_unlock: float = Field(3.0, ge=0.2, le=60)
    # consecutive grants keep the lock released no longer than this
    max_unlock: float = Field(60.0, ge=1, le=600)
    grant_debounce: float = Field(0.5, ge=0, le=5)
    contact: bool = False
    # lock as soon as the door has closed behind somebody
    relock_on_close: bool = True
    # an opening this soon after locking still belongs to the grant
    forced_grace: float = Field(0.5, ge=0, le=5)
    prealarm: float = Field(10.0, ge=0, le=600)
    held_open_after: float = Field(25.0, ge=1, le=3600)
    extended_held_open_after: float = Field(45.0, ge=1, le=3600)
    max_hold_open: float = Field(4 * 3600.0, ge=1, le=24 * 3600)
    exit_in_lockdown: bool = True
    # a board that reports another state than commanded for this long is faulty
    confirm_within: float = Field(1.0, ge=0.1, le=10)
    # the longest time a relay stays energised without a refresh from the main loop
    hold: float = Field(0.5, ge=0.2, le=5)
    # an input must be stable for this long before it counts
    input_debounce: float = Field(0.03, ge=0, le=1)

    @model_validator(mode="after")
    def _times_agree(self) -> DoorSettings:
        longest = max(self.unlock, self.extended_unlock, self.exit_unlock)
        if self.max_unlock < longest:
            raise ValueError("max_unlock must not be shorter than any single unlock time")
        if self.prealarm >= self.held_open_after:
            raise ValueError("prealarm must be shorter than held_open_after")
        return self
