"""The daemon's own core over a recording in place of a camera, step by step.

The clock is the recording's: what is decided depends on the frames alone, however fast or slow
the machine is. What the machine needed is measured beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gate.camera.replay import Recording
from gate.camera.source import EndOfRecording, Frame
from gate.clock import ManualClock
from gate.daemon.build import Core
from gate.door.state import Phase
from gate.errors import CameraError
from gate.passage import inputs, outputs
from gate.recognition.face import Image, Sighting

TICK = 0.05  # seconds of the recording between two ticks of the loop
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
        core.loop.listen(lambda output, now: self._reported.append(output))

    def play(self, path: Path, fps: float = 10.0) -> Played:
        """One recording, then a while of nobody. Raises CameraError when it cannot be opened."""
        played = Played(path.stem)
        begin = self._clock.monotonic()
        recording = Recording(path, fps=fps, start=begin, paced=False)
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
        self._pass_time(self._clock.monotonic() + BETWEEN)
        self._collect(played, None, (), begin, 0.0)
        return played

    def _frame(self, frame: Frame, played: Played, begin: float) -> None:
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
