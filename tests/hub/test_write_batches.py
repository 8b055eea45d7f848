"""Many small writes in one transaction, and each hears what became of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from gate.errors import StoreError
from gate.hub.write_batches import WriteBatches

WHERE = "postgresql://hub/gate"


def test_what_comes_while_one_is_written_goes_together() -> None:
    written: list[list[int]] = []
    go_on = threading.Event()

    def write(items: Sequence[int]) -> list[int]:
        written.append(list(items))
        assert go_on.wait(60)
        return [10 * item for item in items]

    async def run() -> list[int]:
        batches = WriteBatches(write, WHERE)
        first = asyncio.create_task(batches.add(0))
        while not written:
            await asyncio.sleep(0.01)
        others = [asyncio.create_task(batches.add(n)) for n in range(1, 30)]
        await asyncio.sleep(0)
        go_on.set()
        return [await first, *[await other for other in others]]

    assert asyncio.run(run()) == [10 * n for n in range(30)]
    assert written == [[0], list(range(1, 30))]


def test_one_that_cannot_be_kept_does_not_spoil_the_others() -> None:
    def write(items: Sequence[str]) -> list[int]:
        return [int(item) for item in items]

    async def run() -> list[int | BaseException]:
        batches = WriteBatches(write, WHERE)
        return await asyncio.gather(*map(batches.add, ["1", "x", "3"]), return_exceptions=True)

    first, second, third = asyncio.run(run())
    assert (first, third) == (1, 3)
    assert isinstance(second, ValueError)


def test_without_the_database_nobody_is_tried_alone() -> None:
    tries: list[int] = []

    def write(items: Sequence[int]) -> list[int]:
        tries.append(len(items))
        raise StoreError("the database is away", where=WHERE, hint="start it")

    async def run() -> None:
        batches = WriteBatches(write, WHERE)
        found = await asyncio.gather(*map(batches.add, range(5)), return_exceptions=True)
        assert all(isinstance(each, StoreError) for each in found)
        tries.append(0)
        with pytest.raises(StoreError, match="away"):
            await batches.add(9)

    asyncio.run(run())
    assert tries == [5, 0, 1]


def test_whoever_goes_away_meanwhile_leaves_the_others_theirs() -> None:
    go_on = threading.Event()

    def write(items: Sequence[int]) -> list[int]:
        assert go_on.wait(60)
        return list(items)

    async def run() -> int:
        batches = WriteBatches(write, WHERE)
        gone, stays = (asyncio.create_task(batches.add(n)) for n in (1, 2))
        await asyncio.sleep(0)
        gone.cancel()
        go_on.set()
        return await stays

    assert asyncio.run(run()) == 2
