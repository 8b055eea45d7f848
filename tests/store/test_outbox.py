"""What still has to be delivered: in order, once, bounded."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.events.event import Event
from gate.store.outbox import Outbox
from gate.store.store import Store
from tests.waiting import PATIENCE

GATE = "north"


@pytest.fixture
def outbox(store: Store) -> Outbox:
    for _ in range(5):
        made = Event.make(GATE, "passage.granted", datetime.now(UTC))
        store.writer.record(made).result(PATIENCE)
    return store.outbox


def sequences(outbox: Outbox, after: int = 0, limit: int = 100) -> list[int]:
    return [body["sequence"] for body in outbox.next(GATE, "mqtt", after, limit)]


def test_the_next_come_in_order_after_a_place_and_no_more_than_asked(outbox: Outbox) -> None:
    assert sequences(outbox) == [1, 2, 3, 4, 5]
    assert sequences(outbox, after=2) == [3, 4, 5]
    assert sequences(outbox, after=2, limit=2) == [3, 4]
    assert outbox.next("south", "mqtt") == []
    assert outbox.next(GATE, "webhook") == []


def test_what_was_delivered_is_gone_for_that_receiver(outbox: Outbox) -> None:
    outbox.delivered(GATE, "mqtt", [1, 3])
    outbox.delivered(GATE, "webhook", [2])
    assert sequences(outbox) == [2, 4, 5]
    assert outbox.waiting(GATE, "mqtt") == 3
    assert outbox.receivers(GATE) == {"mqtt": 3}
    assert outbox.receivers("south") == {}


def test_delivered_again_is_put_in_once(outbox: Outbox) -> None:
    outbox.delivered(GATE, "mqtt", [1, 2, 3])
    assert outbox.again(GATE, "mqtt", 2, 4) == 2
    assert outbox.again(GATE, "mqtt", 2, 4) == 0
    assert outbox.again(GATE, "mqtt", 90, 99) == 0
    assert sequences(outbox) == [2, 3, 4, 5]


def test_a_full_outbox_sheds_its_oldest_and_says_which(store: Store, outbox: Outbox) -> None:
    small = Outbox(store.database, capacity=3)
    with store.database.write() as session:
        dropped = small.shed(session, GATE, "mqtt")
    assert dropped is not None
    assert (dropped.first, dropped.last, dropped.count) == (1, 1, 1)
    assert sequences(small) == [2, 3, 4, 5]
    with store.database.write() as session:
        assert Outbox(store.database, capacity=4).shed(session, GATE, "mqtt") is None
        assert small.shed(session, GATE, "webhook") is None
