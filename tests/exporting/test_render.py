"""Switches of purpose and consent, code tables, times, nesting."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gate.exporting.mapping import parse
from gate.exporting.render import Source, render, written

NOON = datetime(2026, 6, 1, 4, 0, 0, 123000, tzinfo=UTC)
TEXT = """
title = "x"
[time]
format = "%Y%m%d%H%M%S"
zone = "Asia/Shanghai"
[purposes.safety]
title = "Safety"
[purposes.law]
title = "Law"
basis = "article 1"
[codes.way]
face = 1
"*" = 9
[passage]
events = ["passage.granted"]
[passage.fields]
when = { from = "time" }
stamp = { from = "time", time = "unix-ms" }
way = { from = "method", codes = "way" }
"door.code" = { from = "site.door", required = true }
"door.kind" = { value = "gate" }
name = { from = "person.name", purpose = "safety" }
ref = { from = "person.ref", purpose = "law", consent = "" }
born = { from = "person.birth_date", purpose = "safety", consent = "face" }
heat = { from = "temperature.estimated", purpose = "safety" }
"""
MAPPING = parse(TEXT)
SITE = {"door": "D1"}


def source(*agreed: str, **more: object) -> Source:
    values = {
        "time": NOON,
        "method": "face",
        "person.name": "王芳",
        "person.ref": "ab" * 16,
        "person.birth_date": date(1950, 2, 3),
        "temperature.estimated": 36.5,
    }
    return Source("passage", values | more, frozenset(agreed), 7)


def test_names_codes_times_and_nesting() -> None:
    made = render(MAPPING, source(), site=SITE)
    assert made.data == {
        "when": "20260601120000",
        "stamp": 1780286400123,
        "way": 1,
        "door": {"code": "D1", "kind": "gate"},
    }
    assert render(MAPPING, source(method="pin"), site=SITE).data["way"] == 9


@pytest.mark.parametrize(
    ("purposes", "agreed", "sent"),
    [
        ((), ("export", "face"), set()),
        (("safety",), (), set()),
        (("law",), (), {"ref"}),
        (("safety",), ("export",), {"name", "heat"}),
        (("safety",), ("face",), {"born"}),
        (("safety", "law"), ("export", "face"), {"name", "ref", "born", "heat"}),
    ],
)
def test_a_field_of_a_person_leaves_only_for_a_purpose_and_with_consent(
    purposes: tuple[str, ...], agreed: tuple[str, ...], sent: set[str]
) -> None:
    made = render(MAPPING, source(*agreed), purposes=purposes, site=SITE)
    assert set(made.sent) == sent
    personal = {"name", "ref", "born", "heat"}
    assert set(made.data) & personal == sent
    assert set(made.withheld) == personal - sent
    assert not made.refused


def test_why_a_field_is_withheld() -> None:
    made = render(MAPPING, source("face"), purposes=("safety",), site=SITE)
    assert made.withheld == {"name": "consent", "ref": "purpose", "heat": "consent"}


def test_a_required_field_that_is_missing_or_withheld_keeps_the_record_back() -> None:
    assert render(MAPPING, source()).refused == "no value: door.code"
    needed = parse(
        TEXT.replace('purpose = "safety" }\nref', 'purpose = "safety", required = true }\nref')
    )
    made = render(needed, source(), purposes=("safety",), site=SITE)
    assert made.refused == "withheld: name (consent)"


@pytest.mark.parametrize(
    ("form", "zone", "text"),
    [
        ("iso", "", "2026-06-01T04:00:00.123Z"),
        ("iso", "Asia/Shanghai", "2026-06-01T12:00:00.123+08:00"),
        ("iso-local", "Asia/Shanghai", "2026-06-01T12:00:00"),
        ("unix", "", 1780286400),
        ("%d.%m.%Y", "", "01.06.2026"),
    ],
)
def test_times(form: str, zone: str, text: object) -> None:
    assert written(NOON, form, zone) == text
