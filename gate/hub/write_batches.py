"""Small writes of many requests in one transaction: a commit costs the same for one and for fifty.

After an order to all gates every box reports at one moment that it has obeyed, and a beat comes
from each every ten seconds. One transaction for each of them is what a hub is busy with first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from anyio.to_thread import run_sync

from gate.errors import StoreError

Item = TypeVar("Item")
Result = TypeVar("Result")
_MOST = 500  # items in one transaction


class WriteBatches(Generic[Item, Result]):
    """Belongs to the server's event loop.

    Args:
        write: keeps some items, in the order they came, in one transaction, and returns what
            became of each; runs in a thread.
        where: of the database: its own trouble concerns all items and is not asked about twice.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Sequence[Result]], where: str) -> None:
        self._write, self._where = write, where
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """What became of it, once it is kept. Raises what ``write`` raises for it."""
        kept: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, kept))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return await kept

    async def _run(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            error = await self._keep(some)
            if error is None:
                continue
            if len(some) == 1 or (isinstance(error, StoreError) and error.where == self._where):
                for _, kept in some:
                    _fail(kept, error)
                continue
            for each in some:  # one of them is at fault, and only that one has to hear of it
                alone = await self._keep([each])
                if alone is not None:
                    _fail(each[1], alone)

    async def _keep(
        self, entries: Sequence[tuple[Item, asyncio.Future[Result]]]
    ) -> Exception | None:
        try:
            results = await run_sync(self._write, [item for item, _ in entries])
        except Exception as error:
            return error
        for (_, kept), result in zip(entries, results, strict=True):
            if not kept.done():  # whoever asked may have gone
                kept.set_result(result)
        return None


def _fail(kept: asyncio.Future[Result], error: Exception) -> None:
    if not kept.done():
        kept.set_exception(error)
