"""One record as the receiver wants it, and what was withheld. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gate.exporting import mapping as m
from gate.exporting.settings import Kind


@dataclass(frozen=True, slots=True)
class Source:
    """What a record is made of.

    Attributes:
        kind: passage, person or device.
        values: by the names of ``mapping.EVENT_SOURCES`` and its neighbours; absent when unknown.
        agreed: purposes of consent to which the person's newest answer is "agreed".
        position: the event's sequence, or the number of the person.
        epoch: the series of the sequence; 0 for people.
    """

    kind: Kind
    values: Mapping[str, Any]
    agreed: frozenset[str] = frozenset()
    position: int = 0
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Rendered:
    """A record to send.

    Attributes:
        data: nested as the dots in the names of fields say; JSON values only.
        sent: names of the personal fields in it.
        withheld: personal fields left out, and why: "purpose" or "consent".
        refused: why the record cannot be sent at all; "" when it can.
    """

    source: Source
    data: dict[str, Any]
    sent: tuple[str, ...] = ()
    withheld: dict[str, str] = field(default_factory=dict)
    refused: str = ""

    @property
    def must_stay(self) -> bool:
        """Whether it is refused because a required field may not leave, not for a mistake."""
        return self.refused.startswith("withheld")


def render(
    mapping: m.Mapping,
    source: Source,
    *,
    purposes: Collection[str] = (),
    site: Mapping[str, str] | None = None,
) -> Rendered:
    """``source`` in the receiver's format.

    Args:
        purposes: those switched on for this receiver.
        site: values of the installation, for fields ``from = "site.…"``.
    """
    record = mapping.records[source.kind]
    data: dict[str, Any] = {}
    sent: list[str] = []
    withheld: dict[str, str] = {}
    refused = ""
    for name, spec in record.fields.items():
        why = _withheld(spec, source, purposes)
        if why and _known(spec, source) is not None:
            withheld[name] = why
        value = None if why else _value(mapping, spec, source, site or {})
        if value is None and spec.default is not None:
            value = spec.default
        if value is None:
            if spec.required and not refused:
                refused = f"withheld: {name} ({why})" if why else f"no value: {name}"
            continue
        if spec.personal and not why:
            sent.append(name)
        _put(data, name.split("."), value)
    return Rendered(source, data, tuple(sent), withheld, refused)


def _withheld(spec: m.FieldMap, source: Source, purposes: Collection[str]) -> str:
    if not spec.personal:
        return ""
    if spec.purpose not in purposes:
        return "purpose"
    return "consent" if spec.consent and spec.consent not in source.agreed else ""


def _known(spec: m.FieldMap, source: Source) -> Any:
    return source.values.get(spec.source)


def _value(mapping: m.Mapping, spec: m.FieldMap, source: Source, site: Mapping[str, str]) -> Any:
    if spec.value is not None:
        return spec.value
    if spec.source.startswith("site."):
        return site.get(spec.source.removeprefix("site."))
    value = source.values.get(spec.source)
    if spec.codes:
        table = mapping.codes[spec.codes]
        key = "" if value is None else _key(value)
        return table.get(key, table.get("*"))
    if isinstance(value, datetime):
        return written(value, spec.time or mapping.time.format, mapping.time.zone)
    if isinstance(value, date):
        form = spec.time if "%" in spec.time else "%Y-%m-%d"
        return value.strftime(form)
    if isinstance(value, (set, frozenset, tuple, list)):
        return sorted(str(each) for each in value)
    return value


def _key(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def written(time: datetime, form: str, zone: str = "") -> str | int:
    """A time as ``[time] format`` says: iso, iso-local, unix, unix-ms, or as for strftime."""
    at = time.astimezone(ZoneInfo(zone) if zone else UTC)
    match form:
        case "unix":
            return int(at.timestamp())
        case "unix-ms":
            return round(at.timestamp() * 1000)
        case "iso":
            return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case "iso-local":
            return at.replace(tzinfo=None).isoformat(timespec="seconds")
        case _:
            return at.strftime(form)


def _put(data: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        data = data.setdefault(part, {})
    data[path[-1]] = value
