"""Faces learnt from cards: which face was before the camera when a card let somebody in.

What was seen in the last seconds is held in memory, and only where learning is switched on. The
rules and the register are asked in a thread of its own: nothing at the gate waits for it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gate.access.decision import Method, Outcome
from gate.clock import Clock
from gate.daemon.build import Core
from gate.daemon.journal import Recorder
from gate.daemon.periodic import Periodic
from gate.passage import outputs
from gate.recognition.face import Sighting, Verdict
from gate.recognition.learning.choice import AFTER, BEFORE, face_at
from gate.services.card_learning import CardLearning, Passed

HOUR = 3600.0  # seconds between two deletions of looks whose time is over
SETTLE = 5.0  # seconds between two looks for what staff confirmed
SEEN = 1000  # sightings held at most
_CARDS = (Method.CARD, Method.FACE_AND_CARD)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A card that let somebody in. ``at``: monotonic; ``when``: aware."""

    passage: str
    person: int
    at: float
    when: datetime


class LearningWorker(Periodic):
    """``saw`` is called by the recognition thread, ``heard`` by the main loop."""

    name = "learning"

    def __init__(self, core: Core, clock: Clock, recorder: Recorder) -> None:
        super().__init__()
        settings = core.settings
        self.enabled = settings.learning.enabled
        self._core = core
        self._clock = clock
        self._seen: deque[Sighting] = deque(maxlen=SEEN)
        self._lock = threading.Lock()  # of ``_seen``
        self._shown: deque[_Shown] = deque()
        self._informed: deque[int] = deque()
        self._learning = CardLearning(
            core.store,
            settings.name,
            settings.learning,
            core.encoder.similarity,
            core.known.matcher,
            recorder.record,
            settings.zone,
        )
        self._tidied: float | None = None
        self._settled: float | None = None

    def saw(self, sightings: Sequence[Sighting]) -> None:
        """What one frame showed."""
        if self.enabled:
            with self._lock:
                self._seen.extend(sightings)

    def heard(self, output: outputs.Output, now: float) -> None:
        """What the loop decided, at ``now`` (monotonic seconds)."""
        if not self.enabled or not isinstance(output, outputs.Decided):
            return
        decision = output.decision
        person = decision.person
        if person is None or decision.outcome is not Outcome.GRANT:
            return
        if person.id in self._core.loop.context.notices:
            self._informed.append(person.id)
        credential = decision.request.credential
        duress = credential is not None and credential.duress
        # somebody under duress is not alone, even where one face is seen
        if decision.method in _CARDS and decision.rule == "grant" and not duress:
            self._shown.append(_Shown(output.passage, person.id, now, self._clock.utc()))

    def look(self) -> None:
        now = self._clock.monotonic()
        while self._informed:
            self._core.store.looks.mark_informed(self._informed[0], self._clock.utc())
            self._informed.popleft()
        while self._shown and now - self._shown[0].at > AFTER:
            self._settle(self._shown[0])
            self._shown.popleft()
        with self._lock:
            while self._seen and now - self._seen[0].last_seen > 2 * (BEFORE + AFTER):
                self._seen.popleft()
        if self.enabled and (self._settled is None or now - self._settled > SETTLE):
            self._settled = now
            self._learning.settle(self._clock.utc())
        if self._tidied is None or now - self._tidied > HOUR:
            self._tidied = now
            self._learning.tidy(self._clock.utc())

    def _settle(self, shown: _Shown) -> None:
        continues = self._core.encoder.similarity.continues
        with self._lock:
            seen = tuple(self._seen)
        face = face_at(seen, shown.at, continues)
        if face is None or face.probe is None or face.encoder != self._core.encoder.name:
            return
        quality = face.face.quality
        best = face.best.person if face.best and face.verdict is Verdict.KNOWN else None
        self._learning.passed(
            Passed(
                shown.passage,
                shown.person,
                face.probe,
                best == shown.person,
                shown.when,
                1.0 if quality is None or quality.overall is None else quality.overall,
            )
        )
