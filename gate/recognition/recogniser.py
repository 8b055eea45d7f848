"""Takes a frame and returns the sightings of everybody in it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gate.camera.source import Frame
from gate.errors import RecognitionError
from gate.recognition import evidence
from gate.recognition.detection.detector import Detector, nearest
from gate.recognition.detection.search import EARLY, SMALLEST_IMAGE, FaceSearch
from gate.recognition.encoders import Encoder
from gate.recognition.evidence import Gathered
from gate.recognition.face import (
    Candidate,
    Face,
    Image,
    Liveness,
    Quality,
    Sighting,
    Unusable,
    Vector,
    Verdict,
)
from gate.recognition.interfaces import Assess, Matching, Watch
from gate.recognition.matching.matcher import NOBODY
from gate.recognition.settings import RecognitionSettings
from gate.recognition.tracking import FORGET, Track, Tracker

_LOOK_ON = 2.0  # seconds from the first usable face during which a rejection may still be revised
FOLLOW_DECIDED = 0.15  # seconds between two looks where somebody is who is alone and decided
ASSESS_AGAIN = 0.5  # seconds after which a face that is not to be encoded is measured again
MAX_FACES = 4  # faces encoded in one frame at most, largest first
FNIR = 0.01  # share of residents mistaken for strangers at which a sequential test gives up
_NOTHING = Gathered()
_UNWATCHED = Liveness("off")


@dataclass(slots=True)
class _Subject:
    """What is remembered of one track between frames."""

    gathered: Gathered = _NOTHING
    verdict: Verdict = Verdict.UNUSABLE
    assessed: float | None = None  # when quality was measured
    quality: Quality | None = None
    unusable: Unusable | None = None
    encoded: float | None = None  # when
    first_usable: float | None = None
    best: Candidate | None = None
    second: Candidate | None = None
    evidence: float = 0.0
    threshold: float = 0.0
    fit: str = ""
    liveness: Liveness = _UNWATCHED
    judged: int = 0  # by which of the matchers assigned
    cut: bool = False  # out of sight for so long that only a new vector shows who it is


class Recogniser:
    """Everything between a frame and its sightings.

    ``process`` belongs to one thread. ``matcher`` may be assigned from any other: the next frame
    uses the new one, and what has been gathered is judged by it.
    """

    def __init__(
        self,
        detector: Detector,
        encoder: Encoder,
        matcher: Matching,
        settings: RecognitionSettings,
        *,
        assess: Assess,
        watch: Watch | None = None,
        keep_probes: bool = False,
    ) -> None:
        """Raises RecognitionError when the matcher is for another encoder.

        Args:
            assess: measures a face and says whether it can be used.
            watch: measures liveness; None: it is not measured.
            keep_probes: whether sightings carry what was gathered, for faces learnt from cards.
        """
        self._search = FaceSearch(detector, settings.search_busy)
        self._encoder = encoder
        self._settings = settings
        self._assess = assess
        self._watch = watch
        self._keep_probes = keep_probes
        self._numbers = itertools.count(1)
        self._trackers: dict[str, Tracker] = {}
        self._subjects: dict[int, _Subject] = {}
        self._assigned = 0  # matchers so far
        self.matcher = matcher

    @property
    def matcher(self) -> Matching:
        """The matcher in use; assigned as a whole, from any thread.

        Raises RecognitionError when one is assigned whose gallery is of another encoder.
        """
        return self._matcher

    @matcher.setter
    def matcher(self, matcher: Matching) -> None:
        if matcher.encoder != self._encoder.name:
            raise RecognitionError(
                f"the gallery was enrolled with {matcher.encoder}, the gate encodes with"
                f" {self._encoder.name}",
                hint="enrol people again with `gate enroll`, or set the encoder of the gallery",
            )
        self._matcher = matcher
        self._assigned += 1

    def process(self, frame: Frame, claimed: int | None = None) -> list[Sighting]:
        """Sightings of the faces of this frame, largest first.

        ``claimed``: the person whose card is being shown; faces in view are verified against them.
        Anything that is not an image (empty, tiny, not three channels of bytes) has no faces.
        """
        image = frame.image
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            return []
        if min(image.shape[:2]) < SMALLEST_IMAGE:
            return []
        tracker = self._trackers.setdefault(frame.camera, Tracker(self._numbers))
        if claimed is None and self._may_rest(frame, tracker):
            tracks = [self._assessed(image, track) for track in tracker.tracks]
            tracks.sort(key=lambda track: -track.face.area)
            return [self._sighting(frame, track) for track in tracks]
        tracks = tracker.update(nearest(self._find(frame, tracker)), frame.captured)
        known = {t.number for each in self._trackers.values() for t in each.tracks}
        self._subjects = {n: s for n, s in self._subjects.items() if n in known}
        for track in tracks:
            if track.gap > FORGET:
                self._subjects.setdefault(track.number, _Subject()).cut = True
        tracks = [self._assessed(image, track) for track in tracks]
        tracks.sort(key=lambda track: -track.face.area)
        tracks = self._encode(frame, tracker, tracks)
        self._judge_again(frame, tracks)
        for track in tracks:
            self._end_of_patience(track)
        sightings = [self._sighting(frame, track) for track in tracks]
        return sightings if claimed is None else self._verified(sightings, claimed)

    def _may_rest(self, frame: Frame, tracker: Tracker) -> bool:
        """Whether the only one in view is decided and was followed a moment ago.

        Where there are two they may change places, and every frame counts.
        """
        now = frame.captured
        if len(tracker.tracks) != 1 or not self._search.is_recent(frame):
            return False
        track = tracker.tracks[0]
        subject = self._subjects.get(track.number)
        if subject is None or subject.encoded is None or not self._is_settled(subject):
            return False
        if subject.judged != self._assigned:
            return False
        followed = 0 <= now - track.last_seen < FOLLOW_DECIDED - EARLY
        return followed and not self._is_time(track)

    def _assessed(self, image: Image, track: Track) -> Track:
        """The track with its face measured, or with what was measured a moment ago.

        Only a face that may be encoded now is measured again; for others the quality only decides
        what the screen shows.
        """
        subject = self._subjects.setdefault(track.number, _Subject())
        since = track.last_seen - subject.assessed if subject.assessed is not None else -1.0
        if not 0 <= since < ASSESS_AGAIN or (since > 0 and self._is_time(track)):
            face = self._assess(image, track.face)
            subject.assessed = track.last_seen
            subject.quality, subject.unusable = face.quality, face.unusable
            return replace(track, face=face)
        face = replace(track.face, quality=subject.quality, unusable=subject.unusable)
        return replace(track, face=face)

    def _find(self, frame: Frame, tracker: Tracker) -> list[Face]:
        newest = max((track.last_seen for track in tracker.tracks), default=0.0)
        seen = sum(track.last_seen == newest for track in tracker.tracks)
        return self._search.faces(frame, tracker.regions(frame.captured), seen)

    def _encode(self, frame: Frame, tracker: Tracker, tracks: Sequence[Track]) -> list[Track]:
        """Encode the faces that need it and judge again; a track may turn out to be a new one."""
        due = [track for track in tracks if self._is_due(track)][:MAX_FACES]
        if not due:
            return list(tracks)
        crops = self._encoder.crops(frame.image, [track.face for track in due])
        # brief: a second look at a moving face says more than further views of the first one
        vectors = self._encoder.encode(crops, brief=True)
        renewed = {
            track.number: self._gather(tracker, track, vector)
            for track, vector in zip(due, vectors, strict=True)
        }
        self._judge(frame, list(renewed.values()))
        return [renewed.get(track.number, track) for track in tracks]

    def _is_due(self, track: Track) -> bool:
        """Whether encoding this face can change anything."""
        return track.face.unusable is None and self._is_time(track)

    def _is_time(self, track: Track) -> bool:
        """Whether this face is to be encoded now, if it is usable."""
        subject = self._subjects.setdefault(track.number, _Subject())
        if subject.encoded is None or subject.cut or not track.sure or subject.gathered.strange:
            return True
        wait = self._settings.recheck if self._is_settled(subject) else self._settings.interval
        return not 0 <= track.last_seen - subject.encoded < wait - EARLY

    def _end_of_patience(self, track: Track) -> None:
        """Checked between two looks too: on a slow machine the next one may take long to come."""
        subject = self._subjects.get(track.number)
        if subject is None or subject.verdict is not Verdict.WAIT or subject.gathered.strange:
            return
        looked = subject.gathered.frames >= evidence.LOOKS and subject.first_usable is not None
        if looked and track.last_seen - (subject.first_usable or 0.0) >= self._settings.patience:
            subject.verdict = Verdict.DOUBTFUL if subject.evidence > 0 else Verdict.UNKNOWN

    def _is_settled(self, subject: _Subject) -> bool:
        """Whether the next look may wait: who was not recognised at once may come nearer."""
        if subject.verdict in (Verdict.DOUBTFUL, Verdict.UNKNOWN):
            looked = (subject.encoded or 0.0) - (subject.first_usable or 0.0)
            return looked >= _LOOK_ON or subject.evidence <= math.log(FNIR)
        return subject.verdict is not Verdict.WAIT

    def _gather(self, tracker: Tracker, track: Track, vector: Vector) -> Track:
        """Take the vector into the track's evidence, or begin again for somebody else."""
        subject = self._subjects[track.number]
        quality = track.face.quality
        overall = 1.0 if quality is None or quality.overall is None else quality.overall
        gathered = evidence.gather(subject.gathered, vector, self._encoder.similarity, overall)
        if gathered.strange >= evidence.STRANGE:
            del self._subjects[track.number]
            track = tracker.renew(track)
            subject = self._subjects[track.number] = _Subject()
            gathered = evidence.gather(Gathered(), vector, self._encoder.similarity, overall)
        subject.gathered = gathered
        subject.encoded = track.last_seen
        subject.cut = False
        if subject.first_usable is None:
            subject.first_usable = track.last_seen
        return track

    def _judge_again(self, frame: Frame, tracks: Sequence[Track]) -> None:
        """What was gathered counts by the present matcher: somebody's face may be gone from it."""
        held = [self._subjects[track.number] for track in tracks]
        stale = [s.gathered.frames > 0 and s.judged != self._assigned for s in held]
        if any(stale):
            self._judge(frame, [track for track, old in zip(tracks, stale, strict=True) if old])

    def _judge(self, frame: Frame, tracks: Sequence[Track]) -> None:
        assigned = self._assigned  # read first: one that is assigned meanwhile is used next time
        matcher = self._matcher  # one value for the whole frame, whoever swaps it meanwhile
        calibration = matcher.calibration
        probes = np.stack([self._subjects[track.number].gathered.probe for track in tracks])
        found = matcher.identify(probes, self._encoder.name)
        first = calibration.llr(found.score.astype(np.float64))
        second = calibration.llr(found.second_score.astype(np.float64))
        wished = evidence.SHARE * calibration.asked_of(matcher.people)
        needed = float(calibration.llr(calibration.threshold_at(wished)))
        terms = evidence.terms_for(needed, FNIR, self._settings.patience)
        for i, track in enumerate(tracks):
            subject = self._subjects[track.number]
            gathered = subject.gathered
            overall = evidence.effective(gathered, self._encoder.similarity)
            ratio = evidence.sharpened(float(first[i]), overall)
            known = subject.verdict is Verdict.KNOWN
            if self._watch is not None and evidence.asks_liveness(
                terms, ratio, gathered, subject.liveness, known=known
            ):
                subject.liveness = self._watch(frame, track)
            subject.evidence = evidence.joined(ratio, subject.liveness)
            subject.threshold = terms.accept
            subject.fit, subject.judged = matcher.version, assigned
            subject.best = _candidate(found.best[i], found.score[i])
            subject.second = _candidate(found.second[i], found.second_score[i])
            if gathered.strange:  # it may be somebody else: nothing is said until that is clear
                subject.verdict = Verdict.WAIT
                continue
            assert subject.first_usable is not None
            subject.verdict = evidence.judge(
                terms,
                subject.evidence,
                evidence.sharpened(float(second[i]), overall),
                gathered.frames,
                track.last_seen - subject.first_usable,
                subject.liveness,
            )

    def _verified(self, sightings: list[Sighting], claimed: int) -> list[Sighting]:
        """Each face beside the one person whose card was shown; once two frames agree on it."""
        held = [self._subjects[s.track].gathered for s in sightings]
        shown = [
            i
            for i, g in enumerate(held)
            if g.frames >= evidence.LOOKS
            and not g.strange
            and sightings[i].verdict is not Verdict.UNUSABLE
        ]
        if not shown:
            return sightings
        matcher = self._matcher
        probes = np.stack([held[i].probe for i in shown])
        try:
            scores = matcher.verify(probes, self._encoder.name, claimed)
        except RecognitionError:  # the holder has no face enrolled: the card must do
            return sightings
        least = matcher.calibration.verify_threshold
        after = list(sightings)
        for i, score in zip(shown, scores.tolist(), strict=True):
            after[i] = replace(after[i], claimed=claimed, claim_held=score >= least)
        return after

    def _sighting(self, frame: Frame, track: Track) -> Sighting:
        subject = self._subjects.setdefault(track.number, _Subject())
        verdict = subject.verdict
        unusable = track.face.unusable is not None
        # a face that could not be looked at for so long may be somebody else's by now
        stale = track.last_seen - (subject.encoded or 0.0) > self._settings.recheck + FORGET
        if subject.encoded is None or subject.cut or (unusable and stale):
            verdict = Verdict.UNUSABLE if unusable else Verdict.WAIT
        return Sighting(
            track=track.number,
            camera=frame.camera,
            first_seen=track.first_seen,
            last_seen=track.last_seen,
            frame=frame.number,
            face=track.face,
            frames=track.frames,
            used=subject.gathered.frames,
            verdict=verdict,
            best=subject.best,
            second=subject.second,
            evidence=subject.evidence,
            threshold=subject.threshold,
            guidance=track.face.unusable,
            liveness=subject.liveness,
            first_usable=subject.first_usable,
            encoder=self._encoder.name,
            fit=subject.fit,
            place=_place(frame.image, track.face),
            probe=subject.gathered.probe
            if self._keep_probes and subject.gathered.moments
            else None,
        )


def _place(image: Image, face: Face) -> tuple[float, float, float, float]:
    height, width = image.shape[:2]
    left, top, right, bottom = face.box
    return left / width, top / height, right / width, bottom / height


def _candidate(person: np.int64, score: np.float32) -> Candidate | None:
    return None if person == NOBODY else Candidate(int(person), float(score))
