"""What a receiver would get now, and what it has got: for the desk and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.exporting import sources
from gate.exporting.feed import Feed
from gate.exporting.ledger import State, key_of
from gate.exporting.mapping import FieldMap
from gate.exporting.render import Rendered
from gate.exporting.settings import ExportSettings, Kind
from gate.store.exports import target_of
from gate.store.store import Store


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field of a mapping, and whether it is switched on for this receiver."""

    kind: Kind
    name: str
    source: str
    purpose: str
    purpose_title: dict[str, str]  # by language
    consent: str
    on: bool
    personal: bool


@dataclass(frozen=True, slots=True)
class ExportView:
    """One export as the desk shows it."""

    name: str
    enabled: bool
    where: str
    title: str
    state: State
    waiting: int
    people: int
    fields: tuple[FieldView, ...]

    @property
    def personal(self) -> tuple[FieldView, ...]:
        return tuple(field for field in self.fields if field.personal)


def view(settings: ExportSettings, gate: str, store: Store) -> ExportView:
    """Raises ConfigurationError: the mapping cannot be used."""
    feed = Feed(settings, gate, store)
    mapping = feed.mapping
    fields = [
        _field_view(settings, feed, kind, name, spec)
        for kind, record in mapping.records.items()
        if kind in feed.kinds
        for name, spec in record.fields.items()
    ]
    return ExportView(
        name=settings.name,
        enabled=settings.enabled,
        where=settings.place,
        title=mapping.title,
        state=State.read(store.key_values.get(key_of(gate, settings.receiver))),
        waiting=store.outbox.waiting(gate, settings.receiver),
        people=store.exports.count(target_of(gate, settings.receiver)),
        fields=tuple(fields),
    )


def examples(settings: ExportSettings, gate: str, store: Store, now: datetime) -> list[Rendered]:
    """The newest record of each kind, rendered and checked; a kind without any is left out."""
    feed = Feed(settings, gate, store)
    found = []
    for kind, record in feed.mapping.records.items():
        if kind not in feed.kinds:
            continue
        if kind == "person":
            for row in store.people.find(limit=1):
                known = store.exports.by_ids([row.id])[row.id]
                source = sources.of_person(row.id, known.values, known.agreed, gate=gate, at=now)
                found.append(feed.record(source))
            continue
        for event in store.events.search(gate=gate, types=record.events, limit=1):
            refs = {event.person} if event.person else set()
            who = store.exports.by_refs(refs).get(event.person or "")
            values, agreed = (who.values, who.agreed) if who else (None, frozenset[str]())
            found.append(feed.record(sources.of_event(kind, event.body, values, agreed)))
    return found


def _field_view(
    settings: ExportSettings, feed: Feed, kind: Kind, name: str, spec: FieldMap
) -> FieldView:
    purpose = feed.mapping.purposes.get(spec.purpose)
    title = {"en": purpose.title, "zh": purpose.title_zh or purpose.title} if purpose else {}
    return FieldView(
        kind=kind,
        name=name,
        source=spec.source or repr(spec.value),
        purpose=spec.purpose,
        purpose_title=title,
        consent=spec.consent if spec.personal else "",
        on=not spec.personal or spec.purpose in settings.purposes,
        personal=spec.personal,
    )
