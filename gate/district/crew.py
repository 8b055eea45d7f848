"""A process that runs many simulated boxes in one event loop, and obeys over a pipe."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from gate.district.box import SimulatedBox
from gate.integrations.settings import LogSettings
from gate.log import set_up

_LOOK = 0.05  # seconds between two looks at how far the boxes have come
# more threads than this only wait for the interpreter's lock: with 16, half of the processor's time
# went into passing it on
_THREADS = 4


def main(pipe: Connection, folder: Path, template: Path) -> None:
    """Until the pipe is closed. Each call is a method of ``Crew`` with its arguments; the answer is
    its result, or the text of what it raised."""
    log = (folder / f"boxes-{os.getpid()}.log").open("w")
    set_up(LogSettings(level="warning"), log)
    asyncio.run(_serve(pipe, Crew(folder, template)))


async def _serve(pipe: Connection, crew: Crew) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_THREADS))
    over = asyncio.Event()

    def listen() -> None:
        while True:
            try:
                method, arguments = pipe.recv()
            except (EOFError, OSError):
                loop.call_soon_threadsafe(over.set)
                return
            future = asyncio.run_coroutine_threadsafe(getattr(crew, method)(*arguments), loop)
            try:
                pipe.send((True, future.result()))
            except Exception as error:
                pipe.send((False, f"{method}: {type(error).__name__}: {error}"))

    threading.Thread(target=listen, daemon=True).start()
    tasks = [asyncio.create_task(crew.look()), asyncio.create_task(crew.write())]
    await over.wait()
    for task in tasks:
        task.cancel()
    await crew.close()


class Crew:
    """Every method is called by the process that simulates the district."""

    def __init__(self, folder: Path, template: Path) -> None:
        self._folder, self._template = folder, template
        self._boxes: dict[str, SimulatedBox] = {}
        self._rate = 0.0

    async def add(self, gate: str, url: str, code: str, folder: str, beat: float) -> None:
        """A new box pairs; ``start`` has it load. ``beat``: seconds between two of its beats."""
        place = self._folder / folder
        made = await asyncio.to_thread(SimulatedBox, gate, place, self._template, beat)
        await asyncio.to_thread(made.join, url, code)
        self._boxes[gate] = made

    async def start(self, gates: list[str]) -> None:
        """They load everything, and run."""
        for gate in gates:
            self._boxes[gate].start()
            await asyncio.sleep(0)  # others may ask for something meanwhile

    async def set_wires(self, gates: list[str], state: dict[str, bool]) -> None:
        for gate in gates:
            for name, value in state.items():
                setattr(self._boxes[gate].wire, name, value)

    async def jump(self, gates: list[str], seconds: float) -> None:
        """Set wall clocks wrong by so much."""
        for gate in gates:
            box = self._boxes[gate]
            box.clock.offset = type(box.clock.offset)(seconds=seconds)

    async def restart(self, gates: list[str]) -> float:
        """One after another; the longest time one took to end and begin, in seconds."""
        longest = 0.0
        for gate in gates:
            began = time.monotonic()
            await self._boxes[gate].restart()
            longest = max(longest, time.monotonic() - began)
        return longest

    async def keep_backups(self, gates: list[str]) -> None:
        for gate in gates:
            await asyncio.to_thread(self._boxes[gate].keep_backup)

    async def restore(self, gates: list[str]) -> None:
        for gate in gates:
            await self._boxes[gate].restore()

    async def drop(self, gate: str) -> None:
        """The box is taken away; its files stay."""
        await self._boxes.pop(gate).close()

    async def events_per_second(self, rate: float) -> None:
        """Of all boxes together."""
        self._rate = rate

    async def backlog(self, gates: list[str], count: int) -> None:
        for gate in gates:
            await asyncio.to_thread(self._boxes[gate].backlog, count)

    async def waiting(self) -> int:
        """Events that are not at the hub yet; those not written yet are among them."""
        boxes = list(self._boxes.values())
        return sum([await asyncio.to_thread(box.waiting) for box in boxes])

    async def numbers(self) -> dict[str, int]:
        return {gate: box.number for gate, box in self._boxes.items()}

    async def shut_out(self) -> list[str]:
        return [gate for gate, box in self._boxes.items() if box.shut_out]

    async def applied(self) -> dict[str, list[tuple[int, float]]]:
        return {gate: list(box.applied) for gate, box in self._boxes.items()}

    async def obeyed(self, by: str) -> dict[str, float]:
        """The boxes that had the order of this name, and when each had it first."""
        return {
            gate: min(times)
            for gate, box in self._boxes.items()
            if (times := [at for order, at in box.obeyed if order == by])
        }

    async def close(self) -> None:
        for box in list(self._boxes.values()):
            await box.close()
        self._boxes.clear()

    async def look(self) -> None:
        while True:
            now = time.monotonic()
            for box in list(self._boxes.values()):
                box.look(now)
            await asyncio.sleep(_LOOK)

    async def write(self) -> None:
        """Events of passages at the chosen rate, each of another box."""
        turn = 0
        while True:
            rate, boxes = self._rate, list(self._boxes.values())
            if not rate or not boxes:
                await asyncio.sleep(0.1)
                continue
            turn += 1
            boxes[turn % len(boxes)].event()
            await asyncio.sleep(1 / rate)


class CrewProcess:
    """The other end of the pipe; one caller at a time."""

    def __init__(self, context: Any, folder: Path, template: Path) -> None:
        self._pipe, theirs = context.Pipe()
        self._lock = threading.Lock()
        self.process = context.Process(target=main, args=(theirs, folder, template), daemon=True)
        self.process.start()
        theirs.close()

    def call(self, method: str, *arguments: Any) -> Any:
        """Raises RuntimeError with what the crew raised."""
        with self._lock:
            self._pipe.send((method, arguments))
            done, answer = self._pipe.recv()
        if not done:
            raise RuntimeError(answer)
        return answer

    def close(self) -> None:
        self._pipe.close()
        self.process.join(60)
        if self.process.is_alive():
            self.process.kill()
