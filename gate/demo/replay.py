"""The daemon's own core over a recording in place of a camera, step by step.

The clock is the recording's: what is decided depends on the frames alone, however fast or slow
the machine is. What the machine needed is measured beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from pathlib import Path

from gate.access.decision import Outcome
from gate.access.person import Method
from gate.access.request import Credential
from gate.camera.replay import Recording
from gate.camera.settings import Turn
from gate.camera.source import EndOfRecording, Frame
from gate.clock import ManualClock
from gate.daemon.build import Core
from gate.door.state import Phase
from gate.errors import CameraError
from gate.passage import inputs, outputs
from gate.recognition.face import Image, Sighting

TICK = 0.05  # seconds of the recording between two ticks of the loop
CARD = 1.0  # seconds somebody needs to show the card they are asked for
BETWEEN = 15.0  # idle seconds after a recording: the screen is free, the door locked


@dataclass(frozen=True, slots=True)
class Moment:
    """One decision, and the frame it was made on.

    Attributes:
        second: of the recording.
        wall: seconds the machine took from the frame to the end of its handling: recognised,
            decided, written down, relay moved.
        frames: the sightings of the deciding frame.
    """

    recording: str
    second: float
    decided: outputs.Decided
    wall: float
    door: Phase
    image: Image | None
    sightings: tuple[Sighting, ...]


@dataclass(slots=True)
class Played:
    """What a recording came to."""

    recording: str
    frames: int = 0
    damaged: list[CameraError] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    # the frame in which the largest face was, for recordings in which nothing was decided
    largest: tuple[Image, tuple[Sighting, ...], float] | None = None


class Replay:
    """Plays recordings one after the other through one core. Not safe for threads."""

    def __init__(
        self,
        core: Core,
        clock: ManualClock,
        *,
        paced: bool = False,
        watch: Callable[[Frame, tuple[Sighting, ...]], None] | None = None,
    ) -> None:
        self._core = core
        self._clock = clock
        self._paced = paced
        self._watch = watch
        self._reported: list[outputs.Output] = []
        self._cards: dict[str, int] = {}  # name → the store's number
        self._asked: tuple[float, int] | None = None  # when the card is shown, and whose
        core.loop.listen(lambda output, now: self._reported.append(output))

    def play(
        self, path: Path, fps: float = 10.0, *, cards: Set[str] = frozenset(), rotate: Turn = 0
    ) -> Played:
        """One recording, then a while of nobody. Raises CameraError when it cannot be opened.

        Args:
            cards: the names of those in it who have their card with them, and show it once when a
                face most like theirs is asked for one.
            rotate: degrees clockwise by which its frames are turned.
        """
        played = Played(path.stem)
        people = self._core.loop.context.people
        self._cards = {p.name: number for number, p in people.items() if p.name in cards}
        self._asked = None
        begin = self._clock.monotonic()
        recording = Recording(path, fps=fps, start=begin, paced=False, rotate=rotate)
        recording.open()
        started = time.monotonic()
        try:
            while True:
                try:
                    frame = recording.read(0.0)
                except EndOfRecording:
                    break
                except CameraError as error:
                    played.damaged.append(error)
                    continue
                assert frame is not None
                if self._paced:
                    time.sleep(max(0.0, frame.captured - begin - (time.monotonic() - started)))
                self._pass_time(frame.captured)
                self._frame(frame, played, begin)
        finally:
            recording.close()
        self._pass_time(self._clock.monotonic() + CARD)  # what was seen last is decided
        self._collect(played, None, (), begin, 0.0)
        if self._asked is not None:
            self._pass_time(self._asked[0])
            self._show_card()
        self._pass_time(self._clock.monotonic() + BETWEEN)
        self._collect(played, None, (), begin, 0.0)
        return played

    def _frame(self, frame: Frame, played: Played, begin: float) -> None:
        if self._asked is not None and frame.captured >= self._asked[0]:
            self._show_card()
        self._collect(played, None, (), begin, 0.0)
        taken = time.perf_counter()
        sightings = tuple(self._core.recogniser.process(frame))
        self._core.loop.handle(inputs.Seen(sightings))
        wall = time.perf_counter() - taken
        played.frames += 1
        self._collect(played, frame, sightings, begin, wall)
        if self._watch is not None:
            self._watch(frame, sightings)
        area = max((sighting.face.area for sighting in sightings), default=0.0)
        if sightings and (played.largest is None or area > played.largest[2]):
            played.largest = (frame.image, sightings, area)

    def _show_card(self) -> None:
        assert self._asked is not None
        person = self._core.loop.context.people[self._asked[1]]
        self._asked = None
        now = self._clock.monotonic()
        self._core.loop.handle(inputs.Shown(Method.CARD, person, Credential(), now))

    def _look_for_card(self, decided: outputs.Decided) -> None:
        sight = decided.decision.request.sight
        if decided.decision.outcome is not Outcome.ASK or sight is None or sight.best is None:
            return
        person = self._core.loop.context.people.get(sight.best)
        if person is not None and person.name in self._cards:
            del self._cards[person.name]
            self._asked = (self._clock.monotonic() + CARD, person.id)

    def _collect(
        self,
        played: Played,
        frame: Frame | None,
        sightings: tuple[Sighting, ...],
        begin: float,
        wall: float,
    ) -> None:
        for output in self._reported:
            if isinstance(output, outputs.Decided):
                self._look_for_card(output)
                played.moments.append(
                    Moment(
                        played.recording,
                        self._clock.monotonic() - begin,
                        output,
                        wall,
                        self._core.loop.controller.state.phase,
                        frame.image if frame else None,
                        sightings,
                    )
                )
        self._reported.clear()

    def _pass_time(self, until: float) -> None:
        while self._clock.monotonic() + TICK < until:
            self._clock.advance(TICK)
            self._core.loop.tick()
        self._clock.advance(max(0.0, until - self._clock.monotonic()))
        self._core.loop.tick()
