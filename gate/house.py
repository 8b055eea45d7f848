"""What the gate knows of the house, followed as the register changes."""

from __future__ import annotations

from gate.passage import House
from gate.settings import Settings
from gate.store.store import Store


def build_house(settings: Settings, store: Store) -> House:
    """Everybody and every rule as of now, one immutable value."""
    return House(
        people=store.people.register(),
        rules=settings.access.rules(),
        settings=settings.access.passage,
        gate=settings.name,
        inward=settings.access.inward,
        contact=settings.door.contact,
    )
