"""The bytes of requests and files, read back by other programs' readers."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.exporting.formats import write
from gate.exporting.mapping import Envelope, FieldMap, RecordMap

FIELDS = {
    name: FieldMap.model_validate({"value": 1}) for name in ("name", "door.code", "tags", "ok")
}
RECORD = RecordMap(fields=FIELDS)
ROW: dict[str, Any] = {"name": '王 "芳"\n, x', "door": {"code": 7}, "tags": ["a", "b"], "ok": True}


def test_json_in_an_envelope_and_alone() -> None:
    envelope = Envelope(constants={"version": 1}, member="data")
    assert json.loads(write(envelope, RECORD, [ROW, ROW])) == {"version": 1, "data": [ROW, ROW]}
    assert json.loads(write(Envelope(member=""), RECORD, [ROW])) == ROW


def test_json_lines() -> None:
    lines = write(Envelope(format="json-lines"), RECORD, [ROW, {}]).split(b"\n")
    assert [json.loads(line) for line in lines[:-1]] == [ROW, {}]
    assert lines[-1] == b""


def test_csv_by_columns_with_a_mark_for_spreadsheets() -> None:
    body = write(Envelope(format="csv", bom=True), RECORD, [ROW, {}])
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    assert rows == [
        ["name", "door.code", "tags", "ok"],
        ['王 "芳"\n, x', "7", "a;b", "true"],
        ["", "", "", ""],
    ]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_a_name_is_no_formula_in_the_receivers_spreadsheet(name: str) -> None:
    body = write(Envelope(format="csv"), RECORD, [{"name": name}]).decode()
    assert list(csv.reader(io.StringIO(body, newline="")))[1][0] == f"'{name}"


def test_xml_with_elements_for_members_and_repeated_ones_for_lists() -> None:
    envelope = Envelope(format="xml", root="rows", record="row")
    root = ElementTree.fromstring(write(envelope, RECORD, [ROW]))
    assert root.tag == "rows"
    assert root.findtext("row/name") == ROW["name"]
    assert root.findtext("row/door/code") == "7"
    assert [tag.text for tag in root.findall("row/tags")] == ["a", "b"]


@pytest.mark.slow
@given(st.text())
def test_any_name_is_valid_in_every_format(name: str) -> None:
    name = name.encode("utf-8", "ignore").decode()  # no lone surrogates: the database has none
    for form in ("json", "json-lines", "csv", "xml"):
        body = write(Envelope.model_validate({"format": form}), RECORD, [{"name": name}])
        if form == "xml":
            ElementTree.fromstring(body)
        else:
            body.decode()
