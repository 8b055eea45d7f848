"""The ``[access]`` section: rules from the configuration file. The register adds its own."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from gate.access.decision import Kind, Method
from gate.access.request import FACE_OR_CARD, HOUSE_RULES, Allow, Rules
from gate.access.schedule import DAYS, HOLIDAY, parse
from gate.errors import AccessError
from gate.section import Section


class AllowSettings(Section):
    """Who may pass where, when and how; one rule that fits is enough."""

    name: str = Field(
        min_length=1,
        max_length=40,
        examples=["day staff"],
        description="the name of the rule, as `gate explain` shows it",
    )
    kinds: frozenset[Kind] = Field(
        frozenset(), description='"resident", "tenant", "staff", "carer", "visitor"; empty: all'
    )
    groups: frozenset[str] = Field(frozenset(), description="empty: all")
    gates: frozenset[str] = Field(frozenset(), description="names of gates; empty: all")
    schedule: str = Field("", description='a name of [access.schedules], "" for always')
    methods: frozenset[Method] = Field(
        FACE_OR_CARD, description='"face", "card", "face+card", "permit", "pin"'
    )
    both: bool = Field(False, description="true: face and card together")

    def value(self) -> Allow:
        return Allow(**dict(self))


class PassageSettings(Section):
    """How long things are waited for, in seconds."""

    advanced: ClassVar[frozenset[str]] = frozenset(
        {
            "budget",
            "measure_again",
            "show_grant",
            "make_room",
            "same_person",
            "same_claim",
            "after_attack",
            "gone",
            "near",
        }
    )

    budget: float = Field(
        0.8,
        ge=0.1,
        le=10,
        description="a person is decided upon within this time of the first usable face",
    )
    measure_again: float = Field(
        2.0,
        ge=0,
        le=10,
        description="a temperature above the limit is measured once more, for no longer than this",
    )
    show_grant: float = Field(
        1.0,
        ge=0.1,
        le=10,
        description="how long the screen keeps a grant before the next person is served",
    )
    make_room: float = Field(
        0.15,
        ge=0.1,
        le=10,
        description="how long a grant stays large while a known person waits, and half of how long "
        "a refusal does; both stay readable beside the next answer. show_grant counts instead "
        "where a temperature can refuse: whoever was measured has to step aside",
    )
    same_person: float = Field(
        8.0,
        ge=0,
        le=120,
        description="the same person opens the door once in this time, unless nobody went through",
    )
    same_claim: float = Field(
        3.0,
        ge=0,
        le=60,
        description="a card still lying on the reader is not a second wish to pass",
    )
    after_attack: float = Field(
        60.0,
        ge=0,
        le=3600,
        description="after a presentation attack its person, and every face at its camera, need "
        "a card for this long; 0: never",
    )
    gone: float = Field(
        1.5, ge=0.2, le=10, description="a face out of view for longer than this has left"
    )
    near: float = Field(
        0.0,
        ge=0,
        le=500,
        description="faces with eyes closer together than this (pixels) start no passage; 0: all "
        "that are usable",
    )


class PinSettings(Section):
    """Guesses of a PIN are slowed down, then stopped."""

    advanced: ClassVar[frozenset[str]] = frozenset({"attempts", "window", "lock"})

    attempts: int = Field(
        5, ge=2, le=50, description="wrong PINs within `window` seconds that stop the keypad"
    )
    window: float = Field(
        300.0, ge=5, le=3600, description="seconds over which wrong PINs are counted"
    )
    lock: float = Field(
        300.0, ge=10, le=86400, description="how long the keypad is stopped, in seconds"
    )


class GuessingSettings(Section):
    """Unknown cards, wrong PINs of all keypads together, forged permits: a reader is slowed down
    and an alarm is raised.
    """

    advanced: ClassVar[frozenset[str]] = frozenset({"attempts", "window"})

    attempts: int = Field(
        10, ge=2, le=1000, description="wrong ones within `window` seconds that have this effect"
    )
    window: float = Field(
        300.0, ge=5, le=86400, description="seconds over which wrong ones are counted"
    )


class PermitSettings(Section):
    """Electronic permits; see docs/permits.md."""

    longest_days: int = Field(
        366, ge=1, le=3660, description="longest validity that staff may give, in days"
    )
    household_days: int = Field(
        3, ge=0, le=366, description="longest validity that a household may give, in days"
    )
    household_permits: int = Field(
        5,
        ge=0,
        le=1000,
        description="visitor permits of one household that may be valid at one time",
    )
    household_uses: int = Field(
        4, ge=1, le=1000, description="uses of each visitor permit of a household"
    )


class NotSeenSettings(Section):
    """Absence alerts, for people who opted in to them."""

    hours: float = Field(
        0.0,
        ge=0,
        le=720,
        description="hours without a face or card while the gate was working; 0 switches it off",
    )


class AccessSettings(Section):
    """Who may pass. See docs/access.md; without any [[access.allow]] residents, tenants, staff
    and carers pass everywhere at any time by face or card, and permits are accepted.

    Schedules, days and rules can be kept in the register as well (the page Times of the desk,
    ``gate rules``); under one name the register's counts.
    """

    advanced: ClassVar[frozenset[str]] = frozenset({"antipassback_hours", "emergency"})

    allow: tuple[AllowSettings, ...] = ()
    schedules: dict[str, str] = Field(
        default_factory=dict,
        description="Schedules by name, see docs/access.md. A day that is not named is closed, a "
        "holiday that is not named counts as its weekday, a window may pass midnight",
        examples=[{"office": "mon-fri 07:00-19:00; sat 08:00-12:00; holiday closed"}],
    )
    days: dict[date, str] = Field(
        default_factory=dict,
        description='Exceptions of the calendar: "holiday", or the weekday that the day counts as',
        examples=[{"2026-10-01": "holiday", "2026-10-10": "thu"}],
    )
    attack: Literal["deny", "ask"] = Field(
        "deny",
        description='a picture or screen held before the camera: "deny", or "ask" for a card',
    )
    face_alone_from_age: int = Field(
        18,
        ge=0,
        le=120,
        description="younger people show a card beside the face; children resemble each other too "
        "much",
    )
    lockdown_groups: frozenset[str] = Field(
        frozenset(), description="groups that pass even in a lock-down"
    )
    antipassback: Literal["off", "soft", "hard"] = Field(
        "off",
        description='passing twice in one direction: "off", "soft" (advised), "hard" (denied)',
    )
    antipassback_hours: float = Field(
        12.0, gt=0, le=720, description="hours after which a person's side of the gate is forgotten"
    )
    direction: Literal["none", "in", "out"] = Field(
        "none", description='which way this gate leads: "none", "in" or "out"'
    )
    hold_open: str = Field(
        "",
        description='when the door is held open by schedule: a name of [access.schedules], "" for '
        "never",
    )
    emergency: float = Field(
        600.0, ge=10, le=7200, description="seconds the door is held open for an ambulance crew"
    )
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
                raise ValueError(f"schedule {name}: {error.what}; {error.hint}") from None
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
