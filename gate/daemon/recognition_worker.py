"""The recognition thread: newest frame of each camera in, sightings and permits out."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from gate.access.permit_image import UNREADABLE, find_permit
from gate.camera.capture import Capture, StatusListener
from gate.camera.replay import Recording
from gate.camera.settings import CameraSettings
from gate.camera.source import EndOfRecording, Frame, FrameSource
from gate.camera.view import Problem, View, measure, step
from gate.config.settings import Settings
from gate.daemon.device_faults import DeviceStatus
from gate.daemon.items import Item
from gate.errors import CameraError, RecognitionError
from gate.passage import inputs
from gate.readers.claim import Claim, ClaimKind
from gate.recognition.face import Sighting
from gate.recognition.recogniser import Recogniser

log = logging.getLogger(__name__)

VIEW_EVERY = 0.5  # seconds between two looks at the view of a camera
PRESENT = 2.0  # seconds after which a picture is not shown any more as what is there
PERMIT_EVERY = 0.3  # seconds between two looks for a permit's code
PERMIT_AGAIN = 3.0  # seconds for which the same permit held up is one claim
_GREY = 60  # level of the picture in place of one that is not the present
FACES = 2.0  # seconds for which a face that was found shows that faces can be seen
UNREAD = 4  # consecutive unreadable codes after which the person is informed


class RecognitionWorker:
    """One thread calls ``run``; ``picture`` and ``close`` may be called by any."""

    def __init__(
        self, settings: Settings, post: Callable[[Item], None], ended: Callable[[], None]
    ) -> None:
        """``ended``: called when a recording used in place of a camera has ended."""
        self._post = post
        self._ended = ended
        self._sources = [
            make_source(camera, self._reported, self._speed) for camera in settings.camera
        ]
        # a recording used for trials may be one photograph
        recorded = (source.name for source in self._sources if isinstance(source, Recording))
        self._recorded = frozenset(recorded)
        self._stopping = threading.Event()
        self._newest: Frame | None = None
        self._looked = 0.0
        self._views: dict[str, View] = {}
        self._found: dict[str, float] = {}  # by camera, when it saw a face last
        self._permit: tuple[str | None, float] = (None, 0.0)
        self._unread: dict[str, int] = {}  # looks in a row, by camera
        self.watched: Callable[[tuple[Sighting, ...]], None] = lambda sightings: None

    def picture(self) -> bytes | None:
        """The newest frame as JPEG, for the screen of this box; grey once it is old."""
        frame = self._newest
        if frame is None:
            return None
        image = frame.image if self._present(frame) else np.full_like(frame.image, _GREY)
        ok, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])
        return data.tobytes() if ok else None

    def small_picture(self, width: int) -> bytes | None:
        """The newest frame as JPEG, at most ``width`` pixels wide, for the desk.

        None where there is none of the last ``PRESENT`` seconds.
        """
        frame = self._newest
        if frame is None or not self._present(frame):
            return None
        image, share = frame.image, width / frame.image.shape[1]
        if share < 1:
            image = np.asarray(
                cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8
            )
        ok, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 70])
        return data.tobytes() if ok else None

    def _present(self, frame: Frame) -> bool:
        """Whether ``frame`` is what the camera sees now; may be called by any thread."""
        return time.monotonic() - frame.captured <= PRESENT and not self._still(frame.camera)

    def _still(self, camera: str) -> bool:
        return camera not in self._recorded and self._views.get(camera, View()).still

    def run(
        self,
        recogniser: Recogniser,
        claim: Callable[[Claim], None],
        claimed: Callable[[], int | None],
    ) -> None:
        """Run until closed; no camera error ends it.

        ``claimed``: whose card is being shown at this moment.
        """
        try:
            for source in self._sources:
                source.open()
            patience = 0.2 / len(self._sources)
            while not self._stopping.is_set():
                for source in self._sources:
                    frame = self._read(source, patience)
                    if frame is not None:
                        self._look(frame, recogniser, claim, claimed())
        finally:
            for source in self._sources:
                source.close()

    def close(self) -> None:
        self._stopping.set()

    def _read(self, source: FrameSource, patience: float) -> Frame | None:
        try:
            return source.read(patience)
        except CameraError as error:
            log.warning("frame.damaged", extra={"cause": error.what, "where": error.where})
        except EndOfRecording:
            self._stopping.set()
            self._ended()
        return None

    def _look(
        self,
        frame: Frame,
        recogniser: Recogniser,
        claim: Callable[[Claim], None],
        claimed: int | None,
    ) -> None:
        self._newest = frame
        self._watch_view(frame)
        if self._still(frame.camera):  # a face in it may have gone long ago
            self._post(inputs.Seen(()))
            return
        try:
            sightings = tuple(recogniser.process(frame, claimed))
            self.watched(sightings)
            if any(sighting.last_seen >= frame.captured for sighting in sightings):
                self._found[frame.camera] = frame.captured
            self._post(inputs.Seen(sightings))
        except RecognitionError as error:
            log.warning("frame.unrecognised", extra={"cause": error.what})
        now = time.monotonic()
        if now - self._looked >= PERMIT_EVERY:
            self._looked = now
            text = find_permit(frame.image)
            unread = self._unread.get(frame.camera, 0) + 1 if text == UNREADABLE else 0
            self._unread[frame.camera] = unread
            if text is not None and unread in (0, UNREAD):
                shown, at = self._permit
                self._permit = (text, now)
                if text != shown or now - at > PERMIT_AGAIN:
                    claim(Claim(ClaimKind.PERMIT, text, frame.camera, frame.captured))

    def _watch_view(self, frame: Frame) -> None:
        """Report a camera that sees nothing, is frozen or turned away; twice a second is enough."""
        seen = self._views.get(frame.camera, View())
        if 0 <= frame.captured - seen.seen < VIEW_EVERY and not seen.repeats:
            return
        found = self._found.get(frame.camera)
        faces = found is not None and 0 <= frame.captured - found <= FACES
        figures = measure(frame.image)
        self._views[frame.camera], changes = step(seen, figures, frame.captured, faces=faces)
        for change in changes:
            if change.problem is Problem.FROZEN and frame.camera in self._recorded:
                continue  # a recording of one photograph
            name = f"{frame.camera}-{change.problem}"
            self._post(DeviceStatus("view", name, not change.begins, change.cause))

    def _reported(self, camera: str, there: bool, reason: str) -> None:
        self._post(DeviceStatus("camera", camera, there, reason))

    def _speed(self, camera: str, well: bool, reason: str) -> None:
        self._post(DeviceStatus("view", f"{camera}-slow", well, reason))


class Repeated(Recording):
    """A recording that begins again at its end: a camera does not end, and neither does a gate.

    One that was taken away is a camera that was unplugged: lost until it is there again.
    """

    def __init__(self, settings: CameraSettings, reported: StatusListener) -> None:
        super().__init__(
            Path(settings.source),
            name=settings.name,
            fps=settings.fps,
            paced=True,
            rotate=settings.rotate,
        )
        self._reported = reported
        self._lost = False

    def read(self, timeout: float) -> Frame | None:
        if not self._lost:
            try:
                return super().read(timeout)
            except EndOfRecording:
                log.debug("recording.again", extra={"camera": self.name})
                self.close()
        try:
            self.open()
        except CameraError as error:
            if not self._lost:
                self._reported(self.name, False, error.what)
            self._lost = True
            time.sleep(timeout)
            return None
        if self._lost:
            self._reported(self.name, True, "")
        self._lost = False
        return super().read(timeout)  # one without frames ends all the same


def make_source(
    settings: CameraSettings, reported: StatusListener, slow: StatusListener | None = None
) -> FrameSource:
    """A live camera, or for trials a recording at its own speed."""
    path = Path(settings.source)
    if path.is_dir() or path.is_file():
        return Repeated(settings, reported)
    return Capture(settings, reported, slow=slow)
