"""From what a sensor saw during a passage to one Reading. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median_high

from gate.sensors.mcu90640 import HOTTEST, hottest
from gate.sensors.reading import Reading, Validity
from gate.sensors.sample import Sample
from gate.sensors.settings import NAME, PLAUSIBLE, TemperatureSettings
from gate.sensors.view import Region


def estimate(raw: float, ambient: float | None, settings: TemperatureSettings) -> float:
    """Body temperature from surface and ambient temperature, all in °C.

    The stated compensation is linear: ``raw + offset + slope × (reference − ambient)``. Without
    an ambient temperature its part is left out. Nothing is clipped, rounded or drawn to a norm.
    """
    room = 0.0 if ambient is None else settings.slope * (settings.reference - ambient)
    return raw + settings.offset + room


def reading_of(
    samples: Sequence[Sample],
    since: float,
    now: float,
    settings: TemperatureSettings,
    region: Region | None = None,
) -> Reading:
    """The median over a passage that began at ``since`` (monotonic seconds).

    The median is taken of the raw values and of the ambient values; of an even number the upper
    one, which is a value that was measured. ``region``: where the face is in a thermal image.
    """
    ours = [sample for sample in samples if sample.measured >= since]
    if not ours:
        kind = Validity.STALE if samples else Validity.ABSENT
        return Reading(None, None, None, now, NAME, kind, 0)
    raw = median_high(_surface(sample, settings, region) for sample in ours)
    rooms = [sample.ambient for sample in ours if sample.ambient is not None]
    ambient = median_high(rooms) if rooms else None
    estimated = estimate(raw, ambient, settings)
    measured = ours[-1].measured
    if now - measured > settings.max_age:
        validity = Validity.STALE
    elif len(ours) < settings.samples:
        validity = Validity.ABSENT
    elif not PLAUSIBLE[0] <= estimated <= PLAUSIBLE[1]:
        validity = Validity.IMPLAUSIBLE
    else:
        validity = Validity.VALID
    return Reading(raw, ambient, estimated, measured, NAME, validity, len(ours))


def _surface(sample: Sample, settings: TemperatureSettings, region: Region | None) -> float:
    if sample.image is None or region is None:
        return sample.raw
    return hottest(sample.image, HOTTEST, region)
