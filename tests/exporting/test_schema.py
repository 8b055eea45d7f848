"""Records against the receiver's JSON Schema and XSD."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.errors import ConfigurationError
from gate.exporting import schema
from gate.exporting.mapping import parse

JSON = """
title = "x"
[passage]
events = ["passage.granted"]
json_schema = "p.json"
[passage.fields]
n = { from = "sequence" }
"""
XML = """
title = "x"
[envelope]
format = "xml"
root = "rows"
record = "row"
xsd = "p.xsd"
[passage]
events = ["passage.granted"]
[passage.fields]
n = { from = "sequence" }
"""
XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="rows">
<xs:complexType><xs:sequence><xs:element name="row" maxOccurs="unbounded"><xs:complexType>
<xs:sequence><xs:element name="n"><xs:simpleType><xs:restriction base="xs:integer">
<xs:maxInclusive value="9"/></xs:restriction></xs:simpleType></xs:element></xs:sequence>
</xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>"""


def test_json_schema(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"properties": {"n": {"maximum": 9}}, "required": ["n"]}')
    check = schema.checks(parse(JSON), tmp_path)["passage"]
    assert check({"n": 9}) == ""
    assert check({"n": 10}) == "schema: n (maximum)"
    assert check({}) == "schema: record (required)"


@pytest.mark.slow
def test_xsd(tmp_path: Path) -> None:
    pytest.importorskip("xmlschema")
    (tmp_path / "p.xsd").write_text(XSD)
    check = schema.checks(parse(XML), tmp_path)["passage"]
    assert check({"n": 9}) == ""
    assert check({"n": 10}) == "schema: /rows/row/n"
    assert check({}).startswith("schema: ")


def test_what_is_wrong_never_names_a_value(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"properties": {"n": {"const": 1}}}')
    assert "王芳" not in schema.checks(parse(JSON), tmp_path)["passage"]({"n": "王芳"})


@pytest.mark.slow
@pytest.mark.parametrize(("text", "file"), [(JSON, "p.json"), (XML, "p.xsd")], ids=["json", "xsd"])
@pytest.mark.parametrize("content", [None, "", "{", '{"type": 7}', "<a/>"])
def test_a_schema_that_cannot_be_used(
    text: str, file: str, content: str | None, tmp_path: Path
) -> None:
    pytest.importorskip("xmlschema")
    if content is not None:
        (tmp_path / file).write_text(content)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        schema.checks(parse(text), tmp_path)
