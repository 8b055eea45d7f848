"""What the gate knows of the house: everybody and every rule, as one immutable value."""

from __future__ import annotations

from gate.access.entry_status import judge
from gate.access.temperature import temperature_finding
from gate.passage import House
from gate.settings import Settings
from gate.store.store import Store


def build_house(settings: Settings, store: Store) -> House:
    """The register as of now, with the rules of the configuration. Raises StoreError."""
    return House(
        people=store.people.register(),
        rules=settings.access.rules(),
        settings=settings.access.passage,
        gate=settings.name,
        inward=settings.access.inward,
        names=settings.screen.names,
        temperature=settings.temperature.policy != "off",
        status=settings.status.enabled,
        no_temperature=temperature_finding(None, settings.temperature, 0.0),
        no_status=judge(None, settings.status) if settings.status.enabled else (),
        contact=settings.door.contact,
    )
