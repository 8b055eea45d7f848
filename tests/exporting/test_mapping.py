"""Mapping files: every mistake named, nothing that must not leave can be mapped."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.errors import ConfigurationError
from gate.exporting import schema
from gate.exporting.mapping import NEVER, SHIPPED, find, parse, read

HEAD = """
title = "x"
[purposes.safety]
title = "Safety"
[passage]
events = ["passage.granted"]
[passage.fields]
"""


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.toml")), ids=lambda file: file.stem)
def test_a_shipped_mapping_is_whole_and_its_schemas_too(file: Path) -> None:
    mapping = read(find(file.stem))
    assert schema.checks(mapping, file.parent)
    for record in mapping.records.values():
        for name, field in record.fields.items():
            if not field.personal:
                continue
            purpose = mapping.purposes[field.purpose]
            assert field.consent or purpose.basis, name
            assert purpose.title
            assert purpose.title_zh


def test_names_of_people_are_only_sent_with_consent_by_any_shipped_mapping() -> None:
    named = [
        (file.name, field)
        for file in SHIPPED.glob("*.toml")
        for record in read(file).records.values()
        for field in record.fields.values()
        if field.source in ("person.name", "person.phone", "person.number", "person.unit")
    ]
    assert named
    for name, field in named:
        assert field.consent == "export", name


@pytest.mark.parametrize("leaf", NEVER)
def test_pictures_templates_and_credentials_cannot_be_mapped(leaf: str) -> None:
    with pytest.raises(ConfigurationError, match="never leaves the gate"):
        parse(HEAD + f'x = {{ from = "person.{leaf}", purpose = "safety" }}')


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('x = { from = "person.name" }', "needs a purpose"),
        ('x = { from = "person.name", purpose = "other" }', "needs a purpose"),
        ('x = { from = "person.name", purpose = "safety", consent = "" }', "must name its basis"),
        ('x = { from = "temperature.raw" }', "needs a purpose"),
        ('x = { from = "nothing" }', 'there is no "nothing" here'),
        ('x = { from = "method", codes = "way" }', 'there is no table "way"'),
        ('x = { from = "time", value = 1 }', "exactly one"),
        ("x = {}", "exactly one"),
        ('x = { form = "time" }', "Extra inputs"),
        ('x = { from = "time" ', "not TOML"),
    ],
)
def test_a_mistake_is_named(line: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parse(HEAD + line, "my.toml")


def test_events_that_do_not_exist_and_empty_mappings() -> None:
    with pytest.raises(ConfigurationError, match="there is no event"):
        parse('title = "x"\n[passage]\nevents = ["passage.grant"]\nfields = {}')
    with pytest.raises(ConfigurationError, match="none of"):
        parse('title = "x"')
    with pytest.raises(ConfigurationError, match="names the types"):
        parse('title = "x"\n[passage]\nfields = {}')


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read(tmp_path / "none.toml")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read(find("none"))
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read(tmp_path / "x.toml")
