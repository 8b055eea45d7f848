"""What is done once for a register, by one process: learning for each gate, moving a roll-out on,
and tidying."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime

from gate.errors import GateError
from gate.fleet.scope import Scope, people_in, placed
from gate.hub.boxes import Boxes
from gate.hub.rollouts import Rollouts
from gate.recognition.face import Template
from gate.recognition.matching.gallery import Gallery
from gate.recognition.matching.site_calibration import learn_site, pack
from gate.services.gallery_sync import KIND, version_of, wished_in
from gate.store.store import Store

log = logging.getLogger(__name__)

_EVERY = 60.0  # seconds
_LOOK = 5.0  # seconds between two looks at a roll-out
_TIDY = 3600.0
_GROWN = 0.1  # a scope is learnt again when it has grown or shrunk by more


class Worker:
    """``run`` blocks; whatever fails is tried again a minute later."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._boxes = Boxes(store)
        self._rollouts = Rollouts(store)

    def run(self, stopping: threading.Event) -> None:
        tidied = 0.0
        while True:
            try:
                self.learn()
                while self._store.templates.seal_again() and not stopping.is_set():
                    pass  # people who were there before keys of their own were
                tidied += _EVERY
                if tidied >= _TIDY:
                    tidied = 0.0
                    self._store.tidy()
            except GateError as error:
                log.warning("hub.worker", extra={"cause": error.what, "where": error.where})
            if self._follow(stopping, time.monotonic() + _EVERY):
                return

    def _follow(self, stopping: threading.Event, end: float) -> bool:
        """Move a roll-out on until ``end`` (monotonic). Whether the worker was ended meanwhile."""
        while time.monotonic() < end:
            if stopping.wait(_LOOK):
                return True
            try:
                self._rollouts.step()
            except GateError as error:
                log.warning("hub.worker", extra={"cause": error.what, "where": error.where})
        return False

    def learn(self) -> list[str]:
        """Whitening and calibration of each gate that has a scope of its own and has outgrown its
        last. The gates learnt for; boxes get them by the feed."""
        scopes = {gate.name: Scope.of(gate) for gate in self._boxes.gates()}
        # the calibration of the whole register is its own
        scoped = {name: scope for name, scope in scopes.items() if not scope.everybody}
        if not scoped:
            return []
        register, encoders = placed(self._store), self._store.templates.count()
        done = []
        for name, scope in scoped.items():
            people = people_in(register, scope)
            done += [name for each in encoders if self._learn(f"{KIND}:{name}", each, people)]
        return done

    def _learn(self, kind: str, encoder: str, people: list[int]) -> bool:
        used = self._store.calibrations.active(kind, encoder)
        before = int(used.figures.get("people", 0)) if used else 0
        templates = self._store.templates.of(people, encoder)
        count = len({template.person for template in templates})
        if count < 2 or (before and abs(count - before) <= _GROWN * before):
            return False
        snapshot = _gallery(encoder, templates).snapshot()
        fpir, fmr = wished_in(used or self._store.calibrations.active(KIND, encoder))
        made = datetime.now(UTC).isoformat(timespec="seconds")
        fit, calibration = learn_site(snapshot, made=made, fpir=fpir, fmr=fmr)
        figures = {"people": count, "fpir": fpir, "fmr": fmr, "threshold": calibration.threshold}
        self._store.calibrations.add(
            kind, encoder, version_of(fit, calibration), pack(fit, calibration), figures
        )
        log.info("hub.learnt", extra={"kind": kind, "people": count})
        return True


def _gallery(encoder: str, templates: list[Template]) -> Gallery:
    gallery = Gallery(encoder, len(templates[0].vector))
    gallery.add(templates)
    return gallery
