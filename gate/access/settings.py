"""The ``[access]`` section: rules from the configuration file. The register adds its own."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, field_validator

from gate.access.decision import Kind, Method
from gate.access.request import FACE_OR_CARD, HOUSE_RULES, Allow, Rules
from gate.access.schedule import DAYS, HOLIDAY, parse
from gate.errors import AccessError
from gate.section import Section


class AllowSettings(Section):
    """One ``[[access.allow]]``: who may pass where, when and how. Empty lists mean all."""

    name: str = Field(min_length=1, max_length=40)
    kinds: frozenset[Kind] = frozenset()
    groups: frozenset[str] = frozenset()
    gates: frozenset[str] = frozenset()
    # a name of [access.schedules], "" for always
    schedule: str = ""
    methods: frozenset[Method] = FACE_OR_CARD
    # face and card together
    both: bool = False

    def value(self) -> Allow:
        return Allow(**dict(self))


class PassageSettings(Section):
    """``[access.passage]``: how long things are waited for; seconds."""

    # upper limit from the first usable face to the decision
    budget: float = Field(0.8, ge=0.1, le=10)
    # how long the decision waits for a temperature and for the entry status
    temperature_wait: float = Field(0.3, ge=0, le=5)
    status_wait: float = Field(0.32, ge=0, le=5)
    # a temperature above the limit is measured once more, for no longer than this
    measure_again: float = Field(2.0, ge=0, le=10)
    # share of the evidence needed at which the entry status is asked for
    probable: float = Field(0.4, ge=0, le=1)
    # how long the screen keeps an answer before the next person is served
    show_grant: float = Field(1.0, ge=0.1, le=10)
    show_deny: float = Field(4.0, ge=0.5, le=30)
    # … and a plain grant: it then moves to the headline, so that the door keeps pace with a queue
    make_room: float = Field(0.5, ge=0.1, le=10)
    # how long to wait for a card when a face alone is not enough
    ask_wait: float = Field(12.0, ge=1, le=60)
    # the same person opens the door once in this time, unless it was not used
    same_person: float = Field(8.0, ge=0, le=120)
    # a card still lying on the reader is not a second wish to pass
    same_claim: float = Field(3.0, ge=0, le=60)
    # a face out of view for longer than this has left
    gone: float = Field(1.5, ge=0.2, le=10)
    # a face with eyes closer together than this (pixels) starts no passage; 0: all do
    near: float = Field(0.0, ge=0, le=500)


class PinSettings(Section):
    """``[access.pin]``: guesses are slowed down, then stopped."""

    # wrong PINs in ``window`` seconds that stop the keypad for ``lock`` seconds
    attempts: int = Field(5, ge=2, le=50)
    window: float = Field(300.0, ge=5, le=3600)
    lock: float = Field(300.0, ge=10, le=86400)


class GuessingSettings(Section):
    """``[access.guessing]``: unknown cards, wrong PINs of all keypads, forged permits."""

    # wrong ones in ``window`` seconds after which a reader is slowed down and an alarm is raised
    attempts: int = Field(10, ge=2, le=1000)
    window: float = Field(300.0, ge=5, le=86400)
    # the longest pause between two look-ups of a reader that is slowed down (seconds)
    slowest: float = Field(30.0, ge=2, le=600)


class PermitSettings(Section):
    """``[access.permit]``: electronic permits."""

    # seconds the clocks of issuer and gate may differ
    clock_tolerance: float = Field(300.0, ge=0, le=7200)
    # longest validity that staff, and that a household, may give (days)
    longest_days: int = Field(366, ge=1, le=3660)
    household_days: int = Field(3, ge=0, le=366)
    # visitor permits of a household that may be valid at one time, and uses of each
    household_permits: int = Field(5, ge=0, le=1000)
    household_uses: int = Field(4, ge=1, le=1000)


class NotSeenSettings(Section):
    """``[access.not_seen]``: for people who agreed to it."""

    # hours without a face or card while the gate was working; 0 switches it off
    hours: float = Field(0.0, ge=0, le=720)


class AccessSettings(Section):
    """``[access]``."""

    allow: tuple[AllowSettings, ...] = ()
    # name → text, see docs/access.md
    schedules: dict[str, str] = Field(default_factory=dict)
    # exceptions of the calendar: "2026-10-01" = "holiday", or the weekday it counts as
    days: dict[date, str] = Field(default_factory=dict)
    # a picture held before the camera
    attack: Literal["deny", "ask"] = "deny"
    # younger people show a card in addition to the face
    face_alone_from_age: int = Field(18, ge=0, le=120)
    # groups that pass a lock-down
    lockdown_groups: frozenset[str] = frozenset()
    # nobody passes twice in one direction: off, soft (advised) or hard (refused)
    antipassback: Literal["off", "soft", "hard"] = "off"
    # hours after which a person's side of the gate is forgotten
    antipassback_hours: float = Field(12.0, gt=0, le=720)
    # which way this gate leads
    direction: Literal["none", "in", "out"] = "none"
    # when the door is held open by schedule: a name of [access.schedules], "" for never
    hold_open: str = ""
    # seconds the door is held open for an ambulance crew
    emergency: float = Field(600.0, ge=10, le=7200)
    passage: PassageSettings = PassageSettings()
    pin: PinSettings = PinSettings()
    guessing: GuessingSettings = GuessingSettings()
    permit: PermitSettings = PermitSettings()
    not_seen: NotSeenSettings = NotSeenSettings()

    @field_validator("schedules")
    @classmethod
    def _schedules_can_be_read(cls, schedules: dict[str, str]) -> dict[str, str]:
        for name, text in schedules.items():
            try:
                parse(text)
            except AccessError as error:
                raise ValueError(f"schedule {name}: {error.what}") from None
        return schedules

    @field_validator("days")
    @classmethod
    def _days_are_known(cls, days: dict[date, str]) -> dict[date, str]:
        for day, kind in days.items():
            if kind not in (HOLIDAY, *DAYS):
                raise ValueError(f"{day}: holiday or a weekday (mon to sun), not {kind!r}")
        return days

    @property
    def inward(self) -> bool | None:
        return {"none": None, "in": True, "out": False}[self.direction]

    def rules(self) -> Rules:
        """The rules of the file; ``gate.services.rule_set`` adds those of the register."""
        return Rules(
            allow=tuple(a.value() for a in self.allow) or HOUSE_RULES,
            schedules={name: parse(text) for name, text in self.schedules.items()},
            days=self.days,
            attack=self.attack,
            face_alone_from_age=self.face_alone_from_age,
            lockdown_groups=self.lockdown_groups,
            antipassback=self.antipassback,
        )
