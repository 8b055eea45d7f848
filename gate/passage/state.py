"""What is known about one gate at one moment; all times in monotonic seconds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gate.access.decision import Decision, Method, Outcome, Person
from gate.access.request import Credential, Finding, Mode, Presence, Rules, Sight, Weight
from gate.access.settings import PassageSettings
from gate.passage.scene import Key, Scene
from gate.screen.message import Message
from gate.screen.names import Form
from gate.sensors.reading import Reading

_NO_TEMPERATURE = Finding("temperature", None, Weight.SHOW, "temperature_unknown")


@dataclass(frozen=True, slots=True)
class Context:
    """What a step may look up; replaced as a whole when people, rules or settings change.

    Attributes:
        temperature, status: whether they are waited for.
        no_temperature, no_status: the finding that counts when none arrived in time.
        tells_apart: whether the thermometer can measure somebody behind somebody nearer.
        contact: whether a contact reports that the door was opened.
        grace: seconds after locking in which an opening still belongs to the grant.
        presence: on which side people were last seen, for anti-passback.
        notices: person → code of what the screen has to say to them once.
    """

    people: Mapping[int, Person]
    rules: Rules = field(default_factory=Rules)
    settings: PassageSettings = field(default_factory=PassageSettings)
    gate: str = "main"
    inward: bool | None = None
    names: Form = "masked"
    temperature: bool = False
    status: bool = False
    no_temperature: Finding = _NO_TEMPERATURE
    no_status: tuple[Finding, ...] = ()
    tells_apart: bool = False
    contact: bool = False
    grace: float = 0.0
    presence: Mapping[int, Presence] = field(default_factory=dict)
    notices: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Now:
    """The time in both kinds, and where the ids of new passages come from."""

    at: float
    when: datetime  # local, aware
    new_id: Callable[[], str]
    trusted: bool = True  # False: the wall clock cannot be right


@dataclass(frozen=True, slots=True)
class Passage:
    """The passage being served.

    Attributes:
        began: first usable face, or the showing of the card.
        served: since when it has been its turn.
        key: the face it belongs to, if any.
        sight: what was last seen of it.
        ready: since when only temperature or status is missing.
        asked: the person whose status was asked for.
        until: when ``status`` is too old, monotonic seconds.
        renewing: it has been asked for again.
        behind: whether somebody is nearer, whom the thermometer would measure instead.
        again: until when a second temperature is waited for.
        decided: when the decision was made.
    """

    id: str
    began: float
    served: float
    method: Method = Method.FACE
    key: Key | None = None
    sight: Sight | None = None
    person: Person | None = None
    credential: Credential | None = None
    ready: float | None = None
    asked: int | None = None
    status: tuple[Finding, ...] | None = None
    until: float = math.inf
    renewing: bool = False
    temperature: Finding | None = None
    reading: Reading | None = None
    behind: bool = False
    again: float | None = None
    high: Finding | None = None  # the first of two temperatures
    decision: Decision | None = None
    findings: tuple[Finding, ...] = ()  # those the decision was made from
    decided: float = 0.0


@dataclass(frozen=True, slots=True)
class Passing:
    """A granted passage whose door has not closed yet.

    ``asked``: the site's controller has not answered yet, so the door is not released for it.
    ``over``: the door has locked unopened, but up to then (monotonic seconds) an opening counts.
    """

    granted: Passage
    asked: bool = False
    over: float | None = None

    @property
    def id(self) -> str:
        return self.granted.id

    @property
    def key(self) -> Key | None:
        return self.granted.key


@dataclass(frozen=True, slots=True)
class Lane:
    """All that is going on at one gate.

    Attributes:
        serving: the passage on the screen, decided or not.
        earlier: answers that have made room for another and are still shown beside it; the one
            decided first comes first.
        passing: granted, the lock still released or the door open; oldest first.
        recent: person → when they were last granted.
        until: when an ordered mode ends, local.
        fault: what is out of order, a reason code.
        note: what is out of order and keeps nobody from passing, a reason code.
        opened: since when the door is open.
        message: what the screen shows.
        wary: persons and cameras of presentation attacks → until when they need a card.
        attacks: when the attacks of this series were seen.
        doubts: person → when a face like theirs was not held to be live.
    """

    serving: Passage | None = None
    earlier: tuple[Passage, ...] = ()
    passing: tuple[Passing, ...] = ()
    recent: Mapping[int, float] = field(default_factory=dict)
    scene: Scene = field(default_factory=Scene)
    mode: Mode = Mode.NORMAL
    until: datetime | None = None
    fault: str = ""
    note: str = ""
    opened: float | None = None
    message: Message | None = None
    wary: Mapping[int | str, float] = field(default_factory=dict)
    attacks: tuple[float, ...] = ()
    doubts: Mapping[int, tuple[float, ...]] = field(default_factory=dict)


# seconds
TEMPERATURE_WAIT = 0.3  # how long a decision waits for a temperature
STATUS_WAIT = 0.32  # and for the entry status
SHOW_DENY = 4.0  # how long a refusal stays on the screen
ASK_WAIT = 12.0  # how long a card is waited for when a face alone is not enough
_AT_ONCE = (Method.CARD, Method.PERMIT, Method.PIN)


def ends(passage: Passage, settings: PassageSettings) -> float:
    """When its answer leaves the screen if nobody else comes, monotonic seconds."""
    decision = passage.decision
    assert decision is not None
    return passage.decided + _shown_for(decision, settings)


def _shown_for(decision: Decision, settings: PassageSettings) -> float:
    if decision.outcome is Outcome.GRANT:
        return SHOW_DENY if len(decision.reasons) > 1 else 2 * settings.show_grant
    return ASK_WAIT if decision.outcome is Outcome.ASK else SHOW_DENY


def makes_room(decision: Decision, settings: PassageSettings) -> float:
    """How many seconds the answer stays large when somebody known comes next.

    A refusal stays twice as long as a welcome; an advice is too long for the small letters beside
    the next answer.
    """
    granted = decision.outcome is Outcome.GRANT
    if granted and len(decision.reasons) > 1:
        return settings.show_grant
    return min(settings.make_room if granted else 2 * settings.make_room, settings.show_grant)


def missing(passage: Passage, context: Context) -> tuple[bool, bool]:
    """Whether temperature and status are still waited for.

    An inconclusive reading, of somebody not near enough yet, counts as missing. Behind somebody
    nearer there will be none before they have gone: where it could not refuse anybody, the queue
    does not wait for that.
    """
    said = passage.temperature is not None and passage.temperature.good is not None
    vain = passage.behind and not context.tells_apart and not _decides(context.no_temperature)
    return (
        context.temperature and not said and not vain,
        context.status and passage.status is None,
    )


def deadline(passage: Passage, context: Context) -> float | None:
    """When it is decided with what there is, monotonic seconds; None while nobody is known."""
    if passage.again is not None:
        return passage.again
    if passage.ready is None:
        return None
    settings = context.settings
    no_temperature, no_status = missing(passage, context)
    wait = max(
        TEMPERATURE_WAIT if no_temperature else 0.0,
        STATUS_WAIT if no_status else 0.0,
    )
    needed = (no_temperature and _decides(context.no_temperature)) or (
        no_status and any(_decides(f) for f in context.no_status)
    )
    # whoever shows a card waits from that moment; a face is looked at first anyway
    since = passage.began if passage.method in _AT_ONCE else passage.ready
    if needed:  # without it they would be refused: worth the whole wait
        return since + wait
    return min(since + wait, max(passage.served + settings.budget, passage.ready + 0.1))


def _decides(finding: Finding) -> bool:
    return finding.weight in (Weight.REQUIRE, Weight.REFER)
