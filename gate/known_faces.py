"""A program's own copy of the enrolled faces, kept in step with the register."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from gate.recognition.face import Template
from gate.recognition.gallery import Gallery
from gate.recognition.identify import Matcher, build_matcher
from gate.recognition.site import learn_site
from gate.store.store import Store


class KnownFaces:
    """``matcher()`` is always of the present register: changes are looked for at each call.

    Fit and calibration are learnt when the register is first read and again when it has outgrown
    them.
    """

    def __init__(self, store: Store, encoder: str, dimension: int, fpir: float = 0.01) -> None:
        self._store = store
        self._encoder = encoder
        self._dimension = dimension
        self._fpir = fpir
        self._lock = threading.Lock()
        self._generation = -1
        self._gallery: Gallery | None = None
        self._matcher: Matcher | None = None

    def matcher(self) -> Matcher:
        """Gallery, fit and calibration as of now. Raises StoreError."""
        with self._lock:
            if self._gallery is None or self._matcher is None:
                return self._load()
            generation, changed = self._store.changes.since(self._generation)
            if changed is None:
                return self._load()
            if not changed:
                return self._matcher
            for person in changed:
                self._gallery.remove(person)
            self._gallery.add(self._store.templates.of(changed, self._encoder))
            self._generation = generation
            return self._match(self._gallery)

    def _load(self) -> Matcher:
        loaded = self._store.templates.load(self._encoder)
        self._gallery = Gallery(self._encoder, self._dimension)
        self._gallery.add(
            Template(int(person), vector, self._encoder)
            for person, vector in zip(loaded.people, loaded.vectors, strict=True)
        )
        loaded.vectors.setflags(write=True)
        loaded.vectors.fill(0)
        self._generation = loaded.generation
        self._matcher = None
        return self._match(self._gallery)

    def _match(self, gallery: Gallery) -> Matcher:
        snapshot = gallery.snapshot()
        before = self._matcher
        if before is None or before.calibration.outgrown(len(snapshot.people)):
            made = datetime.now(UTC).isoformat(timespec="seconds")
            fit, calibration = learn_site(snapshot, made=made, fpir=self._fpir)
        else:
            fit, calibration = before.roster.fit, before.calibration
        self._matcher = build_matcher(snapshot, fit, calibration, before)
        return self._matcher
