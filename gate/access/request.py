"""A request for access: one person's wish to pass, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from gate.access.person import Kind, Method, Person
from gate.access.schedule import Schedule
from gate.recognition.face import Liveness, Sighting, Verdict
from gate.sensors.reading import Reading


class Mode(StrEnum):
    """What the door is ordered to do as a whole."""

    NORMAL = "normal"
    LOCKDOWN = "lockdown"
    HELD_OPEN = "held_open"  # by staff or by the schedule staff made
    EMERGENCY = "emergency"  # held open for an ambulance crew
    FIRE = "fire"  # released by the fire input


class Weight(StrEnum):
    """What a finding does to the decision."""

    RECORD = "record"  # in the event, nothing more
    SHOW = "show"  # on the screen as well
    ADVISE = "advise"  # granted with advice
    REQUIRE = "require"  # refused unless good
    REFER = "refer"  # staff decide unless good


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked into besides who it is: the temperature, a health code.

    Attributes:
        topic: "temperature", or the name of the status item.
        good: True or False; None when nothing is known.
        weight: what a finding that is not good does.
        reason: the code shown and recorded when it is not good.
        value: what was found, for the screen and the record ("37.6", "2 days").
    """

    topic: str
    good: bool | None
    weight: Weight = Weight.SHOW
    reason: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """The figures of a sighting the rules look at."""

    verdict: Verdict
    best: int | None = None  # person
    second: int | None = None
    score: float | None = None
    second_score: float | None = None
    evidence: float = 0.0
    threshold: float = 0.0
    liveness: Liveness = field(default_factory=lambda: Liveness("off"))
    guidance: str = ""
    encoder: str = ""
    fit: str = ""
    claimed: int | None = None  # whose card the face was verified against
    claim_held: bool = False

    @classmethod
    def of(cls, sighting: Sighting) -> Sight:
        """The figures of ``sighting``, without its picture coordinates."""
        best, second = sighting.best, sighting.second
        return cls(
            verdict=sighting.verdict,
            best=best.person if best else None,
            second=second.person if second else None,
            score=best.score if best else None,
            second_score=second.score if second else None,
            evidence=sighting.evidence,
            threshold=sighting.threshold,
            liveness=sighting.liveness,
            guidance=sighting.guidance.value if sighting.guidance else "",
            encoder=sighting.encoder,
            fit=sighting.fit,
            claimed=sighting.claimed,
            claim_held=sighting.claim_held,
        )


@dataclass(frozen=True, slots=True)
class Credential:
    """What became of a card, permit or PIN once it was looked up.

    Attributes:
        problem: the reason code why it does not count ("card_unknown", "permit_expired", …),
            empty when it is good.
        duress: it opens, and staff are alerted silently.
        serial: the store's number or the permit's serial; never the card's own number.
    """

    problem: str = ""
    duress: bool = False
    serial: str = ""


class Presence(StrEnum):
    """On which side of the gates a person was last seen."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Request:
    """One wish to pass.

    Attributes:
        method: how the person made themselves known.
        person: who it is taken to be; None when nobody is.
        when: local time of the gate, aware.
        gate: the gate's name.
        mode: what the door is ordered to do.
        sight: what the camera saw, if it saw something.
        credential: what was shown, if something was.
        findings: temperature and entry status, judged.
        reading: the temperature as it was measured, kept for the record.
        presence: where the person is, for anti-passback.
        inward: True when this gate leads in, False out, None when it has no direction.
        order: the staff account that ordered an opening (method ``staff``).
        clock_trusted: False when the wall clock cannot be right: nobody knows then whether a
            validity is over.
        wary: a presentation attack was seen a moment ago, of this person or at this camera.
    """

    method: Method
    person: Person | None
    when: datetime
    gate: str = "main"
    mode: Mode = Mode.NORMAL
    sight: Sight | None = None
    credential: Credential | None = None
    findings: tuple[Finding, ...] = ()
    reading: Reading | None = None
    presence: Presence = Presence.UNSURE
    inward: bool | None = None
    order: str = ""
    clock_trusted: bool = True
    wary: bool = False


FACE_OR_CARD = frozenset({Method.FACE, Method.CARD, Method.FACE_AND_CARD})


@dataclass(frozen=True, slots=True)
class Allow:
    """Who may pass where, when and how. Empty sets mean everybody, everywhere.

    Attributes:
        kinds, groups: the person's kind is among ``kinds`` and they belong to one of ``groups``.
        gates: names of gates.
        schedule: the name of a schedule, "" for always.
        methods: what is accepted.
        both: face and card are asked for together.
    """

    name: str
    kinds: frozenset[Kind] = frozenset()
    groups: frozenset[str] = frozenset()
    gates: frozenset[str] = frozenset()
    schedule: str = ""
    methods: frozenset[Method] = FACE_OR_CARD
    both: bool = False


HOUSE_RULES = (
    Allow("household", kinds=frozenset({Kind.RESIDENT, Kind.TENANT})),
    Allow("staff", kinds=frozenset({Kind.STAFF, Kind.CARER})),
    Allow("permit", methods=frozenset({Method.PERMIT})),
)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of the house: configuration and database in one immutable value.

    Attributes:
        allow: at least one must fit.
        schedules: by name.
        days: holidays and make-up working days, see ``access/schedule.py``.
        attack: what a picture held before the camera gets: "deny" or "ask".
        face_alone_from_age: younger people are asked for a card in addition to the face.
        lockdown_groups: who may pass during a lock-down.
        antipassback: "off", "soft" (advice and event) or "hard" (refused).
        liveness_required: a face alone opens only when it was found to be live; where nothing
            installed can tell, a card is asked for.
    """

    allow: tuple[Allow, ...] = HOUSE_RULES
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    days: Mapping[date, str] = field(default_factory=dict)
    attack: str = "deny"
    face_alone_from_age: int = 18
    lockdown_groups: frozenset[str] = frozenset()
    antipassback: str = "off"
    liveness_required: bool = False
