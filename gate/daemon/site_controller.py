"""What the site's own controller is asked before somebody passes, and what follows from it.

One card at a time: OSDP's answers name no card, so an answer belongs to the only one that is being
asked about, and for a moment after it, or after none came, further answers count for nothing.
Belongs to the main loop's thread; the answers reach it through the loop's queue.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from gate.access.decision import Person
from gate.readers.out.settings import ReaderOutSettings
from gate.screen.message import Look, Message

Said = Literal["waiting", "sent", "granted", "refused", "silent", "unasked"]

# seconds somebody the gate lets in may wait for others to be asked about: later they are gone
WAITS = 10.0
SETTLE = 0.4  # seconds after an answer in which the controller still speaks of the same card
_KEPT = 20  # passages whose answers the screen may still need


@dataclass(frozen=True, slots=True)
class ControllerAnswer:
    """The controller said yes or no; an item of the main loop."""

    yes: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody the gate lets in.

    Attributes:
        at: since when the answer is waited for, monotonic seconds.
        still: whether the gate would let them in now.
    """

    passage: str
    number: int | None
    ref: str | None
    at: float
    still: Callable[[], bool] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question.

    Attributes:
        opens: whether the gate's own door opens now, if its rules still say so.
        over: whether nobody will pass through the gate's own door.
        said: "sent" where no answer can come: the controller does what it does. "unasked" where
            it was their turn and the gate does not let them in any more.
        cause: why there was no answer: "number", "silent", "time"; "" otherwise.
    """

    asked: Asked
    said: Said
    opens: bool
    over: bool
    cause: str = ""

    @property
    def event(self) -> str:
        """The type of the event of an answer, or of none in time; "" where nothing was said."""
        said = self.said in ("granted", "refused", "silent")
        return f"controller.{self.said}" if said else ""


class SiteController:
    """``present`` sends a card of this number: "" when it is on its way, else why not."""

    def __init__(
        self,
        settings: ReaderOutSettings,
        present: Callable[[int], str],
    ) -> None:
        self._settings = settings
        self._present = present
        self._queue: list[Asked] = []
        self._asking: tuple[Asked, float] | None = None  # and since when
        self._quiet = float("-inf")  # until then nothing is asked and no answer counts
        self._said: dict[str, Said] = {}

    @property
    def decides(self) -> bool:
        """Whether it has a say; else it is only informed."""
        return self._settings.decides != "gate"

    def expect(self, passage: str) -> None:
        """It will be asked about this passage: until it answers the screen shows no grant."""
        if self.decides:
            self._note(passage, "waiting")

    def ask(
        self,
        passage: str,
        person: Person | None,
        now: float,
        still: Callable[[], bool] = lambda: True,
    ) -> list[Outcome]:
        """Somebody the gate lets in. What follows at once; the rest comes by ``tick``.

        ``still``: whether the gate would let them in now; asked again when their turn comes.
        """
        ref = person.ref if person else None
        asked = Asked(passage, self._number(person), ref, now, still)
        if self._settings.decides == "gate":
            if asked.number is not None:
                self._present(asked.number)
            return [Outcome(asked, "granted", True, False)]
        self._note(passage, "waiting")
        if not self._settings.answers:
            return [self._sent(asked)]
        self._queue.append(asked)
        return self.tick(now)

    def answered(self, answer: ControllerAnswer, now: float) -> list[Outcome]:
        """An answer. Unasked ones, and those of a card before, count for nothing."""
        if self._asking is None or now < self._quiet:
            return []
        asked, _ = self._asking
        self._asking, self._quiet = None, now + SETTLE
        return [self._ended(asked, "granted" if answer.yes else "refused")]

    def tick(self, now: float) -> list[Outcome]:
        """Present the next card, give up one that is not answered."""
        outcomes = []
        if self._asking is not None and now - self._asking[1] >= self._settings.within:
            asked, _ = self._asking
            # a late answer to it must not open for the next
            self._asking, self._quiet = None, now + self._settings.within
            outcomes.append(self._ended(asked, "silent", "time"))
        while self._asking is None and self._queue and now >= self._quiet:
            asked = self._queue.pop(0)
            if now - asked.at > WAITS:
                outcomes.append(self._ended(asked, "silent", "time"))
                continue
            if not asked.still():
                outcomes.append(Outcome(asked, "unasked", opens=True, over=False))
                continue
            outcome = self._sent(asked)
            if outcome.said == "sent":
                self._asking = (asked, now)
            else:
                outcomes.append(outcome)
        return outcomes

    def shown(self, message: Message) -> Message:
        """What the screen shows instead of the gate's own answer, as far as the controller's is."""
        message = replace(message, earlier=tuple(self.shown(each) for each in message.earlier))
        said = self._said.get(message.passage, "granted")
        if message.look is not Look.GRANT or said == "granted":
            return message
        message = replace(message, name="", advice=(), items=())
        if said in ("waiting", "sent"):
            return replace(message, look=Look.WAIT, code="one_moment")
        return replace(message, look=Look.DENY, code=f"controller_{said}")

    def _sent(self, asked: Asked) -> Outcome:
        """Present a card: "sent", or why it is over at once."""
        problem = "number" if asked.number is None else self._present(asked.number)
        if problem:
            return self._ended(asked, "refused" if problem == "number" else "silent", problem)
        return self._ended(asked, "sent")

    def _ended(self, asked: Asked, said: Said, cause: str = "") -> Outcome:
        self._note(asked.passage, said)
        opens = said == "granted" and self._settings.decides == "both"
        return Outcome(asked, said, opens, not opens, cause)

    def _note(self, passage: str, said: Said) -> None:
        self._said[passage] = said
        while len(self._said) > _KEPT:
            del self._said[next(iter(self._said))]

    def _number(self, person: Person | None) -> int | None:
        if person is None:
            return None
        if self._settings.number == "id":
            return person.id + self._settings.offset
        text = person.number
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
