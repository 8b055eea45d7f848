"""Which cameras, readers, sensors and boards are out of order, and the events of that.

Faces that no camera could recognise, since all enrolled ones are of another encoder, are a fault
like a lost camera: residents need their cards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_VIEWS = {
    "covered": "camera.covered",
    "frozen": "camera.frozen",
    "moved": "camera.moved",
    "slow": "camera.slow",  # some of its pictures are left out
}


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """A camera, reader, sensor or board is lost or back."""

    # camera | view | reader | sensor | relay | door | controller | clock | gallery | store
    family: str
    name: str
    there: bool
    reason: str = ""


class DeviceFaults:
    """Changed by the main loop; ``now`` may be read by any thread.

    Attributes:
        now: ``family.name`` of what is out of order → the reason.
    """

    def __init__(self) -> None:
        self.now: Mapping[str, str] = MappingProxyType({})

    def changed(self, status: DeviceStatus) -> bool:
        """Take note of ``status``; False when it is nothing new."""
        key = f"{status.family}.{status.name}"
        if status.there == (key not in self.now):
            return False
        faults = {name: reason for name, reason in self.now.items() if name != key}
        if not status.there:
            faults[key] = status.reason
        self.now = MappingProxyType(faults)  # other threads hold on to what they have read
        return True

    @property
    def blind(self) -> bool:
        """Whether a camera or a reader is out of order, or no face can be recognised."""
        return bool(self._families() & {"camera", "reader", "gallery"}) or self._sightless

    def code(self, *, controller_decides: bool) -> str:
        """What the screen says: only what keeps people from passing as usual counts."""
        families = self._families()
        if families & {"door", "relay"} or ("controller" in families and controller_decides):
            return "door_fault"
        if "camera" in families or self._sightless:
            return "camera_fault"
        return "face_fault" if "gallery" in families else ""

    @property
    def note(self) -> str:
        """What the screen says in small to whoever looks after it; people pass as usual."""
        return "disk_fault" if "store" in self._families() else ""

    @property
    def _sightless(self) -> bool:
        """A camera that repeats one picture or sees nothing sees nobody, like one that is gone."""
        views = (key for key in self.now if key.startswith("view."))
        return any(key.endswith(("-frozen", "-covered")) for key in views)

    def _families(self) -> set[str]:
        return {key.split(".")[0] for key in self.now}


def event_of(status: DeviceStatus) -> tuple[str, dict[str, object]]:
    """Type and details of the event of a change."""
    if status.family == "view":  # a camera that delivers pictures, but not of what it should see
        camera, _, problem = status.name.rpartition("-")
        if status.there:
            return "camera.clear", {"camera": camera, "was": problem}
        return _VIEWS[problem], {"camera": camera, "cause": status.reason}
    if status.family == "gallery":
        return (
            ("gallery.usable", {})
            if status.there
            else (
                "gallery.foreign",
                {"cause": status.reason},
            )
        )
    if status.family == "store":  # for as long as this run lasts
        return "store.memory", {"cause": status.reason}
    change = "back" if status.there else "lost"
    if status.family == "camera":
        return f"camera.{change}", {"camera": status.name, "cause": status.reason}
    details = {"device": status.name, "cause": status.reason, "family": status.family}
    return f"device.{change}", {**details}
