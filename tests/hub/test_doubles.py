"""A memory card that was copied: both boxes are heard, nothing is lost, and it is told."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gate.hub.doubles import doubled, followed
from gate.hub.overview import overview
from gate.store.store import Store
from gate.store.tables.base import now
from tests.hub.fleet import Box, Fleet, bodies, record, settings
from tests.waiting import wait_for

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def after(instances: str, every: timedelta = timedelta(seconds=10)) -> tuple[bool, dict[str, Any]]:
    """Beats of instances with names of one letter each, and whether these are two boxes."""
    known: dict[str, Any] = {}
    at = NOON
    for instance in instances:
        at += every
        known = followed(known, instance, at)
    return doubled(known, at), known


@pytest.mark.parametrize(
    ("instances", "expected"),
    [
        ("aaabbbcccddd", False),  # one box, started again and again
        ("aabab", False),  # the last beat before a start came late
        ("aababab", True),
        ("abcdeabc", True),
        ("    a  ", False),  # before boxes named their instance
    ],
)
def test_who_comes_back_again_and_again_is_a_second_box(instances: str, expected: bool) -> None:
    assert after(instances.replace(" ", ""))[0] is expected


def test_boxes_that_do_not_name_their_instance_are_not_judged() -> None:
    assert followed({}, "", NOON) == {"last": "", "before": [], "back": []}
    known = after("ababab")[1]
    assert followed(known, "", NOON) == known


def test_it_is_over_an_hour_after_one_of_them_was_switched_off() -> None:
    was, known = after("ababab")
    assert was
    assert not doubled(known, NOON + timedelta(hours=2))
    assert not after("ababab", timedelta(days=1))[0]


@pytest.mark.slow
def test_a_copied_card_is_told_and_loses_no_event(
    fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    box = fleet.box("north")
    record(box, 3)
    wait_for(lambda: len(bodies(fleet.store, "north")) == 3)
    box.stop()
    box.store.close()
    copied = box.data.with_name("copied")
    shutil.copytree(box.data, copied)
    box.store = Store.open(settings(), box.data)
    double = Box("north", copied, Store.open(settings(), copied))
    fleet.boxes.append(double)
    for each in (box, double):
        each.start(beat=0.05)
    # both give the same numbers to what they saw
    record(box, 4)
    record(double, 5)
    wait_for(lambda: len(bodies(fleet.store, "north")) == 12)
    mine = {body["id"] for each in (box, double) for body in bodies(each.store, "north")}
    assert {body["id"] for body in bodies(fleet.store, "north")} == mine
    wait_for(lambda: overview(fleet.store, now())[0].doubled)
    assert [line.message for line in caplog.records].count("hub.doubled") == 1
