"""Everybody in view: who is nearest, who has been served, who went through without a grant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from gate.access.person import Person
from gate.access.policy import holds
from gate.access.request import Sight
from gate.access.settings import PassageSettings
from gate.recognition.face import Sighting, Unusable, Verdict

Key = tuple[str, int]  # camera, track

# a face that has not been seen for so long (seconds) is not in front of the gate any more;
# shorter than ``PassageSettings.gone``, which forgives a few frames without detection
_JUST_NOW = 0.5
# A slow machine, or a busy one, learns of a face later than it was seen and sees it rarely. What it
# takes longer than usual (seconds) is not held against the face, up to the age at which a card
# opens nothing any more: whoever stood there may have left.
_USUAL = 0.25
_LATE = 2.0
# times the last gap between two looks for which somebody is held to be there still, and seconds at
# most
_LOOKS = 1.5
_RARELY = 5.0
# whoever was asked for their card looks at the reader, not at the camera, for so long (seconds)
_ASIDE = 2.0
# tracks are remembered for so long (seconds) to count who passed
_REMEMBERED = 60.0
# and so many of them at most: a display full of faces that come and go keeps no card waiting
_MOST = 500
# a face so many times larger than another of the same camera belongs to someone in front of them
_IN_FRONT = 1.3
# a person who was let in and did not walk is let in once more, not indefinitely
_OPENINGS = 2


@dataclass(frozen=True, slots=True)
class Track:
    """One face in view.

    Attributes:
        answered: the verdict it was served with; None while it has not been.
        openings: how often the door was released for it.
        again_from: from when on it may be served once more (monotonic seconds).
        asked: whose status was asked for before its turn.
        late: seconds which the newest sighting took longer than usual.
        gap: seconds between the last two sightings; of the first, since the look before it.
    """

    sighting: Sighting
    answered: Verdict | None = None
    openings: int = 0
    again_from: float | None = None
    asked: int | None = None
    late: float = 0.0
    gap: float = 0.0

    @property
    def key(self) -> Key:
        return self.sighting.camera, self.sighting.track

    @property
    def seen(self) -> float:
        """When, as if it had been learnt of as soon as usual; monotonic seconds."""
        return self.sighting.last_seen + self.late

    def has_left(self, now: float, gone: float) -> bool:
        """Whether it has been out of view for ``gone`` seconds, or longer where looks are rare."""
        return now - self.seen > max(gone, min(_LOOKS * self.gap, _RARELY))


@dataclass(frozen=True, slots=True)
class Scene:
    """All tracks of all cameras by their key.

    Attributes:
        looked: when the last frame came, with or without faces (monotonic seconds).
    """

    tracks: Mapping[Key, Track] = field(default_factory=dict)
    looked: float | None = None

    def seen(self, sightings: Collection[Sighting], now: float) -> Scene:
        """With the newest sightings of one frame; long gone tracks are forgotten."""
        tracks = {k: t for k, t in self.tracks.items() if now - t.seen < _REMEMBERED}
        since = now - self.looked if self.looked is not None else 0.0
        for sighting in sightings:
            key = sighting.camera, sighting.track
            old = tracks.get(key)
            gap = sighting.last_seen - old.sighting.last_seen if old else since
            late = min(max(0.0, now - sighting.last_seen - _USUAL), _LATE)
            tracks[key] = replace(old or Track(sighting), sighting=sighting, late=late, gap=gap)
        if len(tracks) > _MOST:
            newest = sorted(tracks, key=lambda key: tracks[key].seen)[-_MOST:]
            tracks = {key: tracks[key] for key in newest}
        return Scene(tracks, looked=now)

    def get(self, key: Key | None) -> Track | None:
        return self.tracks.get(key) if key else None

    def answered(self, key: Key | None, opened: bool, again_from: float | None = None) -> Scene:
        """With the track marked as served."""
        track = self.get(key)
        if track is None:
            return self
        done = replace(
            track,
            answered=track.sighting.verdict,
            openings=track.openings + opened,
            again_from=again_from,
        )
        return self._with(done)

    def asked(self, key: Key, person: int) -> Scene:
        """With the status of this track's person asked for."""
        return self._with(replace(self.tracks[key], asked=person))

    def belong_to(self, person: int, opened: bool) -> Scene:
        """With every face of a person who was let in by card marked as served."""
        scene = self
        for track in self.tracks.values():
            best = track.sighting.best
            theirs = best is not None and best.person == person
            if theirs and track.answered is None and track.sighting.verdict is Verdict.KNOWN:
                scene = scene.answered(track.key, opened)
        return scene

    def same_place(self, key: Key | None, now: float, again_from: float) -> Scene:
        """With the face that other cameras see in the place of this one marked as answered too.

        Cameras of one gate see the same people, so the second nearest of one is the second nearest
        of the other. Without a key it is the nearest of each whom nobody has let in: theirs who
        shows a card. Who is known by then is somebody, and is served; so is whoever is known later.
        """
        views: dict[str, list[Track]] = {}
        for track in self.tracks.values():
            if now - track.seen <= _JUST_NOW:
                views.setdefault(track.sighting.camera, []).append(track)
        rank = 0
        if key is not None:
            own = sorted(views.pop(key[0], []), key=_nearness, reverse=True)
            rank = next((n for n, track in enumerate(own) if track.key == key), len(self.tracks))
        scene = self
        for tracks in views.values():
            if key is None:
                tracks = [t for t in tracks if t.answered is not Verdict.KNOWN]
            for track in sorted(tracks, key=_nearness, reverse=True)[rank : rank + 1]:
                decided = track.sighting.verdict in (Verdict.KNOWN, Verdict.ATTACK)
                if track.answered is None and not decided:
                    scene = scene.answered(track.key, False, again_from)
        return scene

    def behind(self, key: Key | None, now: float) -> bool:
        """Whether someone else is nearer to the gate than this face, as its camera sees it."""
        own = self.get(key)
        return own is not None and any(
            track.key != own.key
            and track.sighting.camera == own.sighting.camera
            and now - track.seen <= _JUST_NOW
            and track.sighting.face.area >= _IN_FRONT * own.sighting.face.area
            for track in self.tracks.values()
        )

    def unused(self, key: Key | None, again_from: float, *, released: bool = True) -> Scene:
        """The door opened for this track and nobody went: it may be served once more.

        ``released``: False where the door refused; that is no opening.
        """
        track = self.get(key)
        if track is None or track.openings - (not released) >= _OPENINGS:
            return self
        openings = track.openings - (not released)
        return self._with(replace(track, openings=openings, again_from=again_from))

    def _with(self, track: Track) -> Scene:
        return replace(self, tracks={**self.tracks, track.key: track})


def next_to_serve(
    scene: Scene, recent: Mapping[int, float], now: float, settings: PassageSettings
) -> Track | None:
    """The nearest face that may still be served; usable ones come first."""
    return max(_waiting(scene, recent, now, settings), key=_nearness, default=None)


def to_verify(
    scene: Scene,
    recent: Mapping[int, float],
    now: float,
    settings: PassageSettings,
    holder: Person | None,
) -> Track | None:
    """The nearest face that a card may belong to.

    That of somebody who has been answered only where it may be the holder's: they were asked for
    the card, and show it now. While they look at the reader nobody behind them is taken for them.
    """
    waiting = _waiting(scene, recent, now, settings)
    aside = [t for t in scene.tracks.values() if holder and _looks_aside(t, holder, recent, now)]
    waiting = [t for t in waiting if _in_front_of_all(t, aside)]
    theirs = (
        t
        for t in scene.tracks.values()
        if holder is not None
        and _is_there(t, recent, now, settings)
        and holds(Sight.of(t.sighting), holder)
    )
    return max((*waiting, *theirs), key=_nearness, default=None)


def _looks_aside(track: Track, holder: Person, recent: Mapping[int, float], now: float) -> bool:
    """Whether it is the face of a holder who was recognised and asked for more a moment ago."""
    best = track.sighting.best
    theirs = best is not None and best.person == holder.id and holder.id not in recent
    return theirs and track.answered is Verdict.KNOWN and _JUST_NOW < now - track.seen <= _ASIDE


def _in_front_of_all(track: Track, others: Collection[Track]) -> bool:
    """Whether it is nearer than any of them, as the camera of all of them sees it."""
    s = track.sighting
    return all(
        s.camera == other.sighting.camera and s.face.area >= _IN_FRONT * other.sighting.face.area
        for other in others
    )


def known_and_waiting(
    scene: Scene, recent: Mapping[int, float], now: float, settings: PassageSettings
) -> Track | None:
    """The nearest of those who are known and may be served."""
    waiting = _waiting(scene, recent, now, settings)
    known = (t for t in waiting if t.sighting.verdict is Verdict.KNOWN)
    return max(known, key=_nearness, default=None)


def _waiting(
    scene: Scene, recent: Mapping[int, float], now: float, settings: PassageSettings
) -> list[Track]:
    return [t for t in scene.tracks.values() if _may_be_served(t, recent, now, settings)]


def known_in_view(scene: Scene, recent: Mapping[int, float], now: float) -> list[Track]:
    """Known people in view who have not been answered, for a door that is held open."""
    return [
        t
        for t in scene.tracks.values()
        if now - t.seen <= _JUST_NOW
        and t.answered is None
        and t.sighting.verdict is Verdict.KNOWN
        and not (t.sighting.best and t.sighting.best.person in recent)
    ]


def known_elsewhere(scene: Scene, key: Key | None, now: float) -> Key | None:
    """Where another camera knows already whom this face, not known itself, most resembles."""
    track = scene.get(key)
    if track is None or track.sighting.best is None:
        return None
    if track.sighting.verdict in (Verdict.KNOWN, Verdict.ATTACK):
        return None  # an attack that one camera sees stays one
    for other in scene.tracks.values():
        s = other.sighting
        theirs = s.best is not None and s.best.person == track.sighting.best.person
        fresh = other.answered is None and now - other.seen <= _JUST_NOW
        if theirs and fresh and s.verdict is Verdict.KNOWN and s.camera != track.sighting.camera:
            return other.key
    return None


def tailgaters(scene: Scene, granted: int, opened: float, closed: float) -> int:
    """How many more faces vanished while the door was open than had been granted; a hint only.

    Faces are counted that were followed over several frames, left the view between opening and
    closing and belong to nobody counted already; of several cameras the one that saw most counts,
    since they see the same people.
    """
    gone: dict[str, set[object]] = {}
    for track in scene.tracks.values():
        s = track.sighting
        if s.frames < 3 or _too_far(s) or not opened - _JUST_NOW <= s.last_seen < closed:
            continue
        if closed - s.last_seen > _JUST_NOW or closed - opened < 2 * _JUST_NOW:
            who = s.best.person if s.best and s.verdict is Verdict.KNOWN else track.key
            gone.setdefault(s.camera, set()).add(who)
    return max(0, max(map(len, gone.values()), default=0) - granted)


def _nearness(track: Track) -> tuple[bool, float]:
    s = track.sighting
    return s.verdict is not Verdict.UNUSABLE, s.face.area


def _too_far(sighting: Sighting) -> bool:
    return sighting.guidance is Unusable.TOO_FAR and sighting.verdict in (
        Verdict.WAIT,
        Verdict.UNUSABLE,
    )


def _is_there(
    track: Track, recent: Mapping[int, float], now: float, settings: PassageSettings
) -> bool:
    s = track.sighting
    if now - track.seen > _JUST_NOW or _too_far(s):
        return False
    size = s.face.quality.size if s.face.quality else None
    if size is not None and size < settings.near:
        return False
    # else walking through, or still standing there, and another camera not so sure
    return not (s.best and s.best.person in recent and s.verdict is not Verdict.ATTACK)


def _may_be_served(
    track: Track, recent: Mapping[int, float], now: float, settings: PassageSettings
) -> bool:
    s = track.sighting
    if not _is_there(track, recent, now, settings):
        return False
    if track.answered is None:
        return True
    if track.again_from is not None and now >= track.again_from:
        return True
    if s.verdict is Verdict.ATTACK:  # it was not seen to be one at first
        return track.answered not in (Verdict.KNOWN, Verdict.ATTACK)
    # not recognised at first, then nearer
    return s.verdict is Verdict.KNOWN and track.answered is not Verdict.KNOWN


PROBABLE = 0.4  # share of the evidence needed at which the entry status is asked for


def probable(sighting: Sighting) -> bool:
    """Whether the best candidate is likely enough to prepare for."""
    if sighting.best is None:
        return False
    if sighting.verdict is Verdict.KNOWN:
        return True
    enough = sighting.threshold * PROBABLE
    return sighting.verdict is Verdict.WAIT and 0 < enough <= sighting.evidence
