"""Records against the receiver's own JSON Schema or XSD, before they leave."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError

from gate.errors import ConfigurationError
from gate.exporting.formats import write
from gate.exporting.mapping import Mapping
from gate.exporting.settings import Kind

# what is wrong with a record, without its values: they may be personal; "" when it fits
Check = Callable[[dict[str, Any]], str]


def checks(mapping: Mapping, folder: Path) -> dict[Kind, Check]:
    """A check for each kind of record; ``folder`` is that of the mapping file.

    Raises ConfigurationError: a schema that is missing or wrong, or xmlschema not installed.
    """
    made: dict[Kind, Check] = {}
    for kind, record in mapping.records.items():
        if record.json_schema:
            made[kind] = _json_check(folder / record.json_schema)
        elif mapping.envelope.xsd:
            made[kind] = _xsd_check(mapping, kind, folder / mapping.envelope.xsd)
        else:
            made[kind] = lambda row: ""
    return made


def _json_check(file: Path) -> Check:
    try:
        schema = json.loads(file.read_text("utf-8"))
        Draft202012Validator.check_schema(schema)
    except (OSError, ValueError, SchemaError) as error:
        raise ConfigurationError(
            f"the receiver's JSON Schema cannot be used: {type(error).__name__}",
            where=str(file),
            hint="put the file beside the mapping, and check that it is a JSON Schema",
        ) from None
    validator = Draft202012Validator(schema, format_checker=FormatChecker())

    def check(row: dict[str, Any]) -> str:
        error = next(iter(validator.iter_errors(row)), None)
        if error is None:
            return ""
        where = ".".join(str(part) for part in error.absolute_path) or "record"
        return f"schema: {where} ({error.validator})"

    return check


def _xsd_check(mapping: Mapping, kind: Kind, file: Path) -> Check:
    try:
        import xmlschema
    except ImportError:
        raise ConfigurationError(
            "an XSD needs the package xmlschema",
            where=str(file),
            hint='pip install "access-gate[export]"',
        ) from None
    try:
        schema = xmlschema.XMLSchema(str(file), allow="local", defuse="always")
    except (OSError, xmlschema.XMLSchemaException, ValueError) as error:
        raise ConfigurationError(
            f"the receiver's XSD cannot be used: {type(error).__name__}",
            where=str(file),
            hint="put the file beside the mapping, and check that it is an XML schema",
        ) from None

    def check(row: dict[str, Any]) -> str:
        text = write(mapping.envelope, mapping.records[kind], [row]).decode()
        error = next(iter(schema.iter_errors(text)), None)
        return "" if error is None else f"schema: {error.path or 'record'}"

    return check
