"""The next records for a receiver: events from the outbox, people from the register."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gate.exporting import mapping as m
from gate.exporting import schema, sources
from gate.exporting.formats import CONTENT_TYPES, SUFFIXES, write
from gate.exporting.ledger import Pending, State
from gate.exporting.render import Rendered, Source, render
from gate.exporting.settings import ExportSettings, Kind
from gate.exporting.target import Batch
from gate.store.exports import Known, Sent, target_of
from gate.store.store import Store

_WINDOW = 500  # events looked at for one batch


@dataclass(slots=True)
class Events:
    """A run of the outbox: what is sent as one batch, and what is passed over.

    Attributes:
        kind: of ``records``; None when nothing of the run is for this receiver.
        records: to send, in order.
        skipped: sequences the receiver does not want or may not have.
        withheld: records that may not be sent at all; counted, then passed over.
        wrong: the first record that cannot be sent as it is; the run ends before it.
        whole: another kind or epoch follows, so no record can join this run any more.
    """

    kind: Kind | None = None
    records: list[Rendered] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    withheld: list[Rendered] = field(default_factory=list)
    wrong: Rendered | None = None
    whole: bool = False

    @property
    def done(self) -> list[int]:
        return sorted([*self.skipped, *(r.source.position for r in self.records)])


@dataclass(frozen=True, slots=True)
class People:
    """Some people: what is sent, and what to keep of it."""

    records: list[Rendered]
    sent: list[Sent]
    gone: list[int]


class Feed:
    """Reads only. Raises ConfigurationError: mapping or schema unusable."""

    def __init__(self, settings: ExportSettings, gate: str, store: Store) -> None:
        file = m.find(settings.mapping)
        self.mapping = m.read(file)
        self.kinds = frozenset(self.mapping.records) & settings.kinds
        self._settings = settings
        self._gate = gate
        self._store = store
        self._checks = schema.checks(self.mapping, file.parent)
        # by which people have to be compared again when a switch was changed
        self.digest = _digest(
            [
                self.mapping.model_dump(mode="json", by_alias=True),
                sorted(settings.purposes),
                sorted(settings.kinds),
                sorted(settings.values.items()),
            ]
        )

    @property
    def size(self) -> int:
        """Records in one batch at most."""
        envelope = self.mapping.envelope
        single = envelope.format == "json" and not envelope.member
        return 1 if single else self._settings.batch

    def events(
        self, size: int, pending: Pending | None = None, without: Collection[int] = ()
    ) -> Events:
        """The next run of at most ``size`` records, or the one that is ``pending``."""
        after = pending.first - 1 if pending else 0
        bodies = self._store.outbox.next(
            self._gate, self._settings.receiver, after=after, limit=max(_WINDOW, size)
        )
        if pending:
            bodies = [body for body in bodies if body["sequence"] <= pending.last]
            size = len(bodies)
        people = self._store.exports.by_refs(
            {str(body["person"]) for body in bodies if body.get("person")}
        )
        run, epoch = Events(), -1
        for body in bodies:
            sequence = int(body["sequence"])
            if sequence in without:
                continue
            kind = sources.kind_of(self.mapping, body["type"])
            if kind is None or kind not in self.kinds:
                run.skipped.append(sequence)
                continue
            known = people.get(str(body.get("person")))
            record = self.record(
                sources.of_event(
                    kind,
                    body,
                    known.values if known else None,
                    known.agreed if known else frozenset(),
                )
            )
            if record.must_stay:
                run.skipped.append(sequence)
                run.withheld.append(record)
                continue
            if run.kind is not None and (kind != run.kind or record.source.epoch != epoch):
                run.whole = True
                break
            if record.refused:
                run.wrong = record
                break
            run.kind, epoch = kind, record.source.epoch
            run.records.append(record)
            if len(run.records) >= size:
                break
        return run

    def people(self, state: State, size: int, now: datetime) -> Iterator[People]:
        """Everybody whose record the receiver does not have as it is now, in portions."""
        _, changed = self._changes(state)
        target = target_of(self._gate, self._settings.receiver)
        ids = self._store.exports.everybody(target) if changed is None else sorted(changed)
        for at in range(0, len(ids), size):
            some = ids[at : at + size]
            here = self._store.exports.by_ids(some)
            there = self._store.exports.sent(target, some)
            portion = People([], [], [])
            for number in some:
                self._person(portion, number, here.get(number), there.get(number), now)
            if portion.records:
                yield portion

    def generation(self, state: State) -> int:
        """Of the register as it is now."""
        return self._changes(state)[0]

    def _changes(self, state: State) -> tuple[int, frozenset[int] | None]:
        if state.mapping != self.digest or state.generation < 0:
            return self._store.changes.generation(), None
        return self._store.changes.since(state.generation)

    def _person(
        self, portion: People, number: int, known: Known | None, sent: Sent | None, now: datetime
    ) -> None:
        record = self.mapping.records["person"]
        if known is not None and (not record.kinds or known.values["kind"] in record.kinds):
            source = sources.of_person(number, known.values, known.agreed, gate=self._gate, at=now)
            rendered = self.record(source)
            digest = _digest(_without_time(rendered.data, record))
            if not rendered.refused:
                if sent is None or sent.digest != digest:
                    portion.records.append(rendered)
                    ref = str(known.values["ref"])
                    portion.sent.append(Sent(number, ref, digest, rendered.sent))
                return
            if not rendered.must_stay:
                portion.records.append(rendered)
                return
        if sent is not None:  # deleted, or no longer to be sent
            portion.records.append(self._deletion(number, sent.ref, now))
            portion.gone.append(number)

    def _deletion(self, number: int, ref: str, now: datetime) -> Rendered:
        fields = self.mapping.records["person"].fields.values()
        source = sources.of_person(
            number,
            {"ref": ref},
            frozenset(spec.consent for spec in fields),
            gate=self._gate,
            at=now,
            action="delete",
        )
        site = self._settings.values
        rendered = render(self.mapping, source, purposes=self.mapping.purposes, site=site)
        return Rendered(source, rendered.data, rendered.sent)

    def record(self, source: Source) -> Rendered:
        """Rendered with the switches of this receiver, and checked against its schema."""
        settings = self._settings
        record = render(self.mapping, source, purposes=settings.purposes, site=settings.values)
        if record.refused:
            return record
        wrong = self._checks[source.kind](record.data)
        return replace(record, refused=wrong)

    def batch(self, kind: Kind, records: list[Rendered], generation: int = 0) -> Batch:
        """Records of one kind as they are sent."""
        spec = self.mapping.records[kind]
        envelope = self.mapping.envelope
        body = write(envelope, spec, [record.data for record in records])
        positions = tuple(record.source.position for record in records)
        epoch = records[0].source.epoch
        suffix = SUFFIXES[envelope.format]
        if kind == "person":
            span = f"g{generation:010d}-{positions[0]:08d}-{positions[-1]:08d}"
            key = hashlib.sha256(body).hexdigest()[:32]
        else:
            span = f"{epoch}-{positions[0]:012d}-{positions[-1]:012d}"
            text = f"{self._gate}|{self._settings.name}|{kind}|{span}"
            key = hashlib.sha256(text.encode()).hexdigest()[:32]
        return Batch(
            kind=kind,
            key=key,
            name=f"{spec.table or kind}-{self._gate}-{span}.{suffix}",
            body=body,
            content_type=CONTENT_TYPES[envelope.format],
            path=spec.path,
            positions=positions,
            epoch=epoch,
        )


def _without_time(data: dict[str, Any], record: m.RecordMap) -> dict[str, Any]:
    """Without the fields that say when it was sent, for they differ every time."""
    moving = [name for name, spec in record.fields.items() if spec.source == "time"]
    copy: dict[str, Any] = json.loads(json.dumps(data))
    for name in moving:
        *path, leaf = name.split(".")
        inner = copy
        for part in path:
            inner = inner.get(part, {})
        inner.pop(leaf, None)
    return copy


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
