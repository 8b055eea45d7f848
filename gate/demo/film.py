"""A film of a run: the recordings with their faces, the evidence, the screen and the door in step.

What is shown is reduced and compressed while the run goes on, some 2 ms every other frame, and
drawn after it: the run is as fast as without a film.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

import cv2
from PIL import Image as Pillow

from gate.camera.source import Frame
from gate.clock import Clock
from gate.daemon.build import Core
from gate.demo.attempts import mark_of
from gate.demo.film_frame import HEIGHT, WIDTH, Still, draw
from gate.demo.report import Mark
from gate.door.state import Phase
from gate.errors import StoreError
from gate.passage import outputs
from gate.recognition.face import Image, Sighting
from gate.screen.message import Look, Message

STEP = 0.2  # seconds of the recording from one picture of the film to the next
AFTERWARDS = 2.4  # at most so many seconds of screen and door after the last frame
HOLD = 1.0  # seconds the last picture of a recording is shown
_IDLE = Message(Look.IDLE, "idle")


@dataclass(frozen=True, slots=True)
class _Seen:
    at: float  # monotonic seconds
    jpeg: bytes  # b"" where the film does not show this frame
    marks: tuple[Mark, ...]
    evidence: float | None
    threshold: float | None


@dataclass(frozen=True, slots=True)
class _Change:
    at: float
    message: Message
    phase: Phase


@dataclass(slots=True)
class _Scene:
    name: str
    seen: list[_Seen] = field(default_factory=list)
    changes: list[_Change] = field(default_factory=list)
    due: float = 0.0  # when the next frame is shown


class Film:
    """Gathers what a run shows, by ``watch`` and by listening to the loop, and plays it again."""

    def __init__(self, core: Core, clock: Clock) -> None:
        self._core = core
        self._clock = clock
        self._scenes: list[_Scene] = []
        self._message = _IDLE
        core.loop.listen(self._output)

    def begin(self, name: str) -> None:
        """What follows belongs to the recording ``name``."""
        self._scenes.append(_Scene(name))
        self._message = _IDLE
        self._note(self._clock.monotonic())

    def watch(self, frame: Frame, sightings: tuple[Sighting, ...]) -> None:
        """One frame, recognised and decided on."""
        scene = self._scenes[-1]
        shown = frame.captured + 1e-6 >= scene.due
        if shown:
            scene.due = frame.captured + STEP
        height, width = frame.image.shape[:2]
        names = {number: p.name for number, p in self._core.loop.context.people.items()}
        scale = (WIDTH / width, HEIGHT / height) * 2
        marks = []
        for sighting in sightings:
            mark = mark_of(sighting, names)
            a, b, c, d = (value * by for value, by in zip(mark.box, scale, strict=True))
            marks.append(replace(mark, box=(a, b, c, d)))
        nearest = max(sightings, key=lambda s: s.face.area, default=None)
        weighed = nearest is not None and nearest.used > 0 and nearest.best is not None
        scene.seen.append(
            _Seen(
                frame.captured,
                _reduced(frame.image) if shown else b"",
                tuple(marks),
                nearest.evidence if nearest and weighed else None,
                nearest.threshold if nearest and weighed else None,
            )
        )

    def stills(self) -> Iterator[tuple[Still, int]]:
        """Every picture of the film and how many milliseconds it is shown."""
        for scene in self._scenes:
            pictures = list(self._of(scene))
            for n, still in enumerate(pictures):
                last = n == len(pictures) - 1
                yield still, round(1000 * (HOLD if last else STEP))

    def _of(self, scene: _Scene) -> Iterator[Still]:
        if not scene.seen:
            return
        curve: list[float] = []
        newest = scene.seen[0]
        for seen in scene.seen:
            if seen.evidence is not None:
                curve.append(seen.evidence)
            if seen.jpeg:
                newest = seen
                yield self._still(scene, seen, seen.at, tuple(curve))
        ended = scene.seen[-1].at
        later = [c.at for c in scene.changes if c.at > ended and c.message.look is not Look.IDLE]
        # the door is unlocked for seconds in which nothing moves: the film does not wait for it
        until = min(max(later, default=ended) + 2 * STEP, ended + AFTERWARDS)
        for n in range(1, 1 + round((until - ended) / STEP) if later else 1):
            yield self._still(scene, newest, ended + n * STEP, tuple(curve))

    def _still(self, scene: _Scene, seen: _Seen, at: float, curve: tuple[float, ...]) -> Still:
        now = [c for c in scene.changes if c.at <= at + 1e-6][-1]
        return Still(
            title=scene.name,
            second=at - scene.seen[0].at,
            image=Pillow.open(BytesIO(seen.jpeg)).convert("RGB"),
            marks=seen.marks if at <= seen.at + 1e-6 else (),
            curve=curve,
            threshold=next((s.threshold for s in scene.seen if s.threshold), None),
            message=now.message,
            open=now.phase not in (Phase.LOCKED, Phase.FAULT),
            over=at > seen.at + 1e-6,
        )

    def _output(self, output: outputs.Output, now: float) -> None:
        if isinstance(output, outputs.Show):
            self._message = output.message
        if self._scenes:
            self._note(now)

    def _note(self, at: float) -> None:
        phase = self._core.loop.controller.state.phase
        self._scenes[-1].changes.append(_Change(at, self._message, phase))


def _reduced(image: Image) -> bytes:
    small = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    done, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert done
    return jpeg.tobytes()


def write_film(film: Film, path: Path, quality: int = 40) -> None:
    """An animated WebP that begins again at its end.

    Raises:
        StoreError: when it cannot be written, or nothing was recorded.
    """
    pictures, shown = [], []
    for still, milliseconds in film.stills():
        pictures.append(draw(still))
        shown.append(milliseconds)
    if not pictures:
        raise StoreError(
            "there is no film: no frame was played",
            where=str(path),
            hint="play at least one recording",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pictures[0].save(
            path,
            format="WEBP",
            save_all=True,
            append_images=pictures[1:],
            duration=shown,
            loop=0,
            quality=quality,
            method=4,
        )
    except (OSError, ValueError) as error:
        raise StoreError(
            f"the film cannot be written: {error}",
            where=str(path),
            hint="give a file in a folder with room",
        ) from error
