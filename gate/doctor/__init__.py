"""What ``gate doctor`` looks at, part by part: each fine, or with what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gate.camera.reach import REFUSED
from gate.config.settings import Settings
from gate.doctor.backups import backups
from gate.doctor.box import camera, clock, disk
from gate.doctor.certificates import certificates
from gate.doctor.devices import ports, readers, relay, thermometer
from gate.doctor.faces import liveness, models
from gate.doctor.finding import Finding, Level
from gate.doctor.hub import hub
from gate.doctor.network import broker, network_cameras, notify, webhook
from gate.doctor.register import calibration, database, gallery, key, outbox, rules
from gate.errors import GateError

__all__ = ["PARTS", "Finding", "Level", "examine"]

PARTS: dict[str, Callable[[Settings], Iterator[Finding]]] = {
    "clock": clock,
    "disk": disk,
    "camera": camera,
    "network cameras": network_cameras,
    "models": models,
    "liveness": liveness,
    "database": database,
    "key": key,
    "rules": rules,
    "gallery": gallery,
    "calibration": calibration,
    "ports": ports,
    "relay": relay,
    "reader": readers,
    "temperature": thermometer,
    "broker": broker,
    "webhook": webhook,
    "notify": notify,
    "certificate": certificates,
    "outbox": outbox,
    "hub": hub,
    "backup": backups,
}


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, part by part. A part that cannot be looked at is a finding too, but one reason
    for several (a database that is damaged) is said once. A camera that has refused its password is
    not asked with it any more."""
    said = set()
    for part, look in PARTS.items():
        try:
            for finding in look(settings):
                if finding.says.endswith(REFUSED):
                    settings = _without(settings, finding.part)
                yield finding
        except GateError as error:
            where = f" ({error.where})" if error.where else ""
            if (says := error.what + where) not in said:
                yield Finding(part, Level.BAD, says, error.hint)
            said.add(says)


def _without(settings: Settings, part: str) -> Settings:
    cameras = [camera for camera in settings.camera if f"camera {camera.name}" != part]
    return settings.model_copy(update={"camera": cameras})
