"""Records as the bytes of one request or file: JSON, JSON lines, CSV, XML. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from gate.exporting.mapping import Envelope, RecordMap

CONTENT_TYPES = {
    "json": "application/json",
    "json-lines": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "xml": "application/xml",
}
SUFFIXES = {"json": "json", "json-lines": "jsonl", "csv": "csv", "xml": "xml"}
# a cell that begins so is a formula to a spreadsheet
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(envelope: Envelope, record: RecordMap, rows: Sequence[dict[str, Any]]) -> bytes:
    """``rows`` in the receiver's format."""
    match envelope.format:
        case "json" if not envelope.member:
            assert len(rows) == 1, "a body without a list holds one record"
            return _json({**envelope.constants, **rows[0]})
        case "json":
            return _json({**envelope.constants, envelope.member: list(rows)})
        case "json-lines":
            return b"".join(_json(row) + b"\n" for row in rows)
        case "csv":
            return _csv(list(record.fields), rows, bom=envelope.bom)
        case "xml":
            return _xml(envelope, rows)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def flat(data: Any, path: str) -> Any:
    """The value at a dotted path; None when there is none."""
    for part in path.split("."):
        if not isinstance(data, dict) or part not in data:
            return None
        data = data[part]
    return data


def _csv(columns: list[str], rows: Sequence[dict[str, Any]], *, bom: bool) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(flat(row, column)) for column in columns])
    return out.getvalue().encode("utf-8-sig" if bom else "utf-8")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(str(each) for each in value)
    text = str(value)
    # a name typed by somebody must not run in the receiver's spreadsheet
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _xml(envelope: Envelope, rows: Sequence[dict[str, Any]]) -> bytes:
    root = ElementTree.Element(envelope.root)
    for name, value in envelope.constants.items():
        _element(root, name, value)
    for row in rows:
        _element(root, envelope.record, row)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _element(parent: ElementTree.Element, name: str, value: Any) -> None:
    if isinstance(value, list):
        for each in value:
            _element(parent, name, each)
        return
    element = ElementTree.SubElement(parent, name)
    if isinstance(value, dict):
        for key, inner in value.items():
            _element(element, key, inner)
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    else:
        # characters that XML 1.0 cannot hold, e.g. a typed control character
        element.text = "".join(c for c in str(value) if c >= " " or c in "\t\n")
