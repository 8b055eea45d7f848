"""A filter of events is a link, and every part of it can be taken away."""

from __future__ import annotations

from datetime import date

import pytest

from enroll.event_filter import GROUPS, WAYS, Filter, parts, type_in_words
from gate.access.decision import Method
from gate.events.types import TYPES
from gate.texts.catalogue import LANGUAGES

DAYS = {"since": date(2026, 3, 1), "until": date(2026, 3, 7)}


def test_a_filter_is_a_link_without_what_is_empty():
    chosen = Filter(gate="北 门", type="turned_away")
    assert chosen.link() == "/events?gate=%E5%8C%97+%E9%97%A8&type=turned_away"
    assert Filter().link() == "/events"


def test_a_link_can_change_a_part_and_add_where_the_page_begins():
    chosen = Filter(gate="north", reason="expired")
    assert chosen.link(reason="") == "/events?gate=north"
    assert chosen.link("/events.xlsx") == "/events.xlsx?gate=north&reason=expired"
    assert chosen.link(before="x/1").endswith("&before=x%2F1")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_is_said_in_words_with_the_link_without_it(language):
    chosen = Filter("2026-03-01", "", "north", "let_in", "expired", "card", "王", "")
    said = parts(chosen, language, "", DAYS)
    assert len(said) == 6
    text = " ".join(words for words, _ in said)
    assert "let_in" not in text
    assert "expired" not in text or language == "en"
    for (_, link), gone in zip(
        said, ("since", "gate", "type", "reason", "method", "who"), strict=True
    ):
        assert f"{gone}=" not in link
        assert link.count("=") == 5


def test_a_group_stands_for_its_types_and_a_type_for_itself():
    assert Filter(type="let_in").types == ("passage.granted",)
    assert Filter(type="door.forced").types == ("door.forced",)
    assert Filter().types == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_groups_hold_real_types_and_have_words(language):
    for name, types in GROUPS.items():
        assert types
        assert set(types) <= set(TYPES)
        assert type_in_words(name, language) != name
    assert set(WAYS) <= {method.value for method in Method}
