"""Claims wait in a bounded queue: a flood at one reader costs the others nothing."""

from __future__ import annotations

from gate.daemon.claim_queue import DEPTH, ClaimQueue
from gate.readers.claim import Claim, ClaimKind


def claim(reader: str, number: int) -> Claim:
    return Claim(ClaimKind.CARD, str(number), reader, float(number))


def taken(queue: ClaimQueue) -> list[tuple[str, str]]:
    found = []
    while (one := queue.get(0.0)) is not None:
        found.append((one.reader, one.value))
    return found


def test_the_newest_of_a_reader_comes_first() -> None:
    queue = ClaimQueue()
    for number in range(2):
        queue.put(claim("east", number))
    assert taken(queue) == [("east", "1"), ("east", "0")]


def test_a_flood_at_one_reader_displaces_only_its_own_claims() -> None:
    queue = ClaimQueue()
    queue.put(claim("west", 7))
    for number in range(10_000):
        queue.put(claim("east", number))
    assert ("west", "7") in taken(queue)[:2]
    assert queue.dropped() == {"east": 10_000 - DEPTH}
    assert queue.dropped() == {}


def test_readers_are_served_in_turn() -> None:
    queue = ClaimQueue()
    for number in range(3):
        queue.put(claim("east", number))
    queue.put(claim("west", 9))
    assert [reader for reader, _ in taken(queue)] == ["east", "west", "east", "east"]


def test_waking_returns_without_a_claim() -> None:
    queue = ClaimQueue()
    queue.wake()
    assert queue.get(30.0) is None
