"""A program's own copy of the enrolled faces, kept in step with the register."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime

import numpy as np

from gate.errors import RecognitionError
from gate.recognition.face import Vector
from gate.recognition.matching.calibration import Calibration
from gate.recognition.matching.gallery import Gallery, Snapshot
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.matching.site_calibration import FMR, FPIR, learn_matcher, pack, unpack
from gate.recognition.matching.whitening import Whitening
from gate.store.database_errors import ConflictError
from gate.store.store import Store
from gate.store.tables import CalibrationRow

log = logging.getLogger(__name__)

KIND = "site"  # of fits with their calibrations in the store
Rates = tuple[float, float]  # target FPIR and FMR
QUICK = 300  # people up to whom learning takes no time worth mentioning


class KnownFaces:
    """``matcher()`` is always of the present register: changes are looked for at each call.

    Fit and calibration come from the store (``gate calibrate``); where there are none they are
    learnt when the register is first read, and stored. Once the register has outgrown them they
    are learnt again for the same target rates: at once while that is quick, else by ``relearn``.
    Any thread may call; one at a time is served.
    """

    def __init__(self, store: Store, encoder: str, dimension: int) -> None:
        self._store = store
        self._encoder = encoder
        self._dimension = dimension
        self._lock = threading.Lock()
        self._generation = -1
        self._version = ""  # of fit and calibration in use
        self._gallery: Gallery | None = None
        self._matcher: Matcher | None = None

    @property
    def enrolled(self) -> int:
        """People in the current matcher; never blocks."""
        matcher = self._matcher
        return matcher.people if matcher else 0

    @property
    def generation(self) -> int:
        """Of the register, as the current matcher has it; never blocks."""
        return self._generation

    @property
    def current(self) -> Matcher | None:
        """The matcher made last; never blocks."""
        return self._matcher

    def matcher(self) -> Matcher:
        """Gallery, fit and calibration as of now. Raises StoreError."""
        with self._lock:
            if self._gallery is None or self._matcher is None:
                return self._load()
            generation, changed = self._store.changes.since(self._generation)
            if changed is None:
                return self._load()
            if changed:
                changed = self._take_in(changed)
            self._generation = generation
            stored = self._stored()
            if changed or stored is not None:
                fit, calibration = stored or (
                    self._matcher.centroids.fit,
                    self._matcher.calibration,
                )
                snapshot = self._gallery.snapshot()
                people = len(snapshot.people)
                if people <= QUICK and calibration.outgrown(people):
                    self._matcher = self._learn(snapshot, wished(calibration))
                else:
                    self._matcher = build_matcher(
                        snapshot, fit, calibration, self._matcher, changed
                    )
            return self._matcher

    def _take_in(self, changed: frozenset[int]) -> frozenset[int]:
        """Read the templates of those who changed; returns whose face did, not only their name."""
        assert self._gallery is not None
        now = self._gallery.snapshot()
        fresh = self._store.templates.of(changed, self._encoder)
        rows: dict[int, list[Vector]] = {person: [] for person in changed}
        for template in fresh:
            rows[template.person].append(template.vector)
        other = frozenset(
            person for person, vectors in rows.items() if not _same(now.rows_of(person), vectors)
        )
        if other:
            self._gallery.replace(other, [t for t in fresh if t.person in other])
        return other

    def relearn(self) -> bool:
        """Learn whitening and calibration again if the register has outgrown them; seconds of work.

        Returns whether it did: ``matcher()`` gives the new one.
        """
        with self._lock:
            now, version = self._matcher, self._version
        if now is None or not now.calibration.outgrown(now.people):
            return False
        learnt = _learnt(now.centroids.gallery, wished(now.calibration))
        fit, calibration = learnt.centroids.fit, learnt.calibration
        with self._lock:
            # what staff put into use in those seconds counts: ``matcher`` takes it up
            if self._put(fit, calibration, version) and self._gallery is not None:
                # only who changed meanwhile is compared again while everybody else waits
                snapshot = self._gallery.snapshot()
                self._matcher = build_matcher(snapshot, fit, calibration, learnt)
        return True

    def _load(self) -> Matcher:
        self._fill()
        assert self._gallery is not None
        self._version = ""
        snapshot = self._gallery.snapshot()
        stored = self._stored()
        if stored is None:
            row = self._store.calibrations.active(KIND, self._encoder)
            self._matcher = self._learn(snapshot, wished_in(row))
        elif stored[1].outgrown(len(snapshot.people)):
            self._matcher = self._learn(snapshot, wished(stored[1]))
        else:
            self._matcher = build_matcher(snapshot, *stored)
        return self._matcher

    def _fill(self) -> None:
        """The gallery as it is in the store; what was read is gone again before anything else."""
        loaded = self._store.templates.load(self._encoder)
        self._gallery = Gallery(self._encoder, self._dimension)
        self._gallery.fill(loaded.people, loaded.vectors)
        loaded.vectors.setflags(write=True)
        loaded.vectors.fill(0)
        self._generation = loaded.generation

    def _stored(self) -> tuple[Whitening, Calibration] | None:
        """What another program put into use since the last look; None if unreadable."""
        row = self._store.calibrations.active(KIND, self._encoder)
        if row is None or row.version == self._version:
            return None
        self._version = row.version
        try:
            return unpack(row.body)
        except RecognitionError as error:
            log.error("calibration.unreadable", extra={"cause": error.what})
            return None

    def _learn(self, snapshot: Snapshot, rates: Rates) -> Matcher:
        learnt = _learnt(snapshot, rates)
        if self._put(learnt.centroids.fit, learnt.calibration, self._version):
            return learnt
        stored = self._stored()
        return build_matcher(snapshot, *stored) if stored else learnt

    def _put(self, fit: Whitening, calibration: Calibration, after: str) -> bool:
        """Put it into use in place of ``after``; False when that is no longer the one in use.

        Desk and gate may learn the same from the same register in the same second.
        """
        try:
            put_in_use(self._store, fit, calibration, after=after)
        except ConflictError:
            return False
        self._version = version_of(fit, calibration)
        return True


def _same(rows: Vector, vectors: list[Vector]) -> bool:
    return len(rows) == len(vectors) and all(map(np.array_equal, rows, vectors))


def _learnt(snapshot: Snapshot, rates: Rates) -> Matcher:
    made = datetime.now(UTC).isoformat(timespec="seconds")
    return learn_matcher(snapshot, made=made, fpir=rates[0], fmr=rates[1])


def wished(calibration: Calibration) -> Rates:
    return calibration.fpir, calibration.fmr


def wished_in(row: CalibrationRow | None) -> Rates:
    """The target rates of a stored calibration that itself cannot be read."""
    figures = row.figures if row else {}
    return float(figures.get("fpir", FPIR)), float(figures.get("fmr", FMR))


def version_of(fit: Whitening, calibration: Calibration) -> str:
    return f"{fit.version}/{calibration.version}@{calibration.made}"


def put_in_use(
    store: Store, fit: Whitening, calibration: Calibration, *, after: str | None = None
) -> None:
    """Store both; every program of the site follows.

    Raises StoreError; ConflictError when ``after`` is given and not the version in use.
    """
    wanted = ("people", "fpir", "fmr", "threshold")
    store.calibrations.add(
        KIND,
        calibration.encoder,
        version_of(fit, calibration),
        pack(fit, calibration),
        {name: getattr(calibration, name) for name in wanted},
        after=after,
    )
