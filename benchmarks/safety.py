"""How long until the door is safe when something breaks.

    python -m benchmarks.safety [REPEATS] [DRIVER …]

A small daemon (door controller and relay guard, nothing else) keeps a lock released; then it is
stopped, killed or made to hang, or its board loses cable or power. The time is taken at the
board: from the fault until the relay drops. Then the same in the middle of a granted pulse, where
the time is taken from the pulse's end. Prints the tables of docs/safety.md.
"""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gate.clock import SystemClock
from gate.door.controller import DoorController
from gate.door.settings import DoorSettings
from gate.door.state import Grant, HoldOpen
from gate.relay.guard_client import GuardedRelay
from gate.relay.settings import LcusSettings, RelaySettings
from gate.simulators.board import Board
from gate.simulators.lcus_board import LcusBoard
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.numato_board import NumatoBoard
from gate.simulators.port import SimulatedPort

TOO_LONG = 3.0  # seconds; what has not fallen by then does not fall
PULSE = 2.0  # seconds; the blow falls after the first 0.7 of them


def daemon(settings: str, guard: str, pulse: str) -> None:
    """The process that is broken: holds the lock released until something happens to it.

    ``pulse``: seconds of one granted pulse instead; 0 for none.
    """
    clock = SystemClock()
    relay = GuardedRelay(RelaySettings.model_validate_json(settings), clock, json.loads(guard))
    controller = DoorController(relay, DoorSettings(unlock=float(pulse) or 3.0))
    # a call into C that keeps the interpreter's lock for hours: no other thread runs
    signal.signal(signal.SIGUSR1, lambda *_: re.match(r"(a+)+$", "a" * 60 + "b"))
    controller.open(clock.monotonic())
    begin = clock.monotonic()
    controller.handle(Grant() if float(pulse) else HoldOpen(begin + 600), begin)
    print(relay.pid, begin + float(pulse), flush=True)
    while True:
        controller.tick(clock.monotonic())
        time.sleep(0.02)


def gpio_guard(log: str, descriptor: str) -> None:
    """A guard over gpiozero's mock pins that writes each change of pin 17 to a file."""
    from gpiozero import Device  # type: ignore[import-untyped]
    from gpiozero.pins.mock import MockFactory, MockPin  # type: ignore[import-untyped]

    from gate.relay import guard_process as guard

    class Logged(MockPin):  # type: ignore[misc]
        def _change_state(self, value: bool) -> bool:
            changed: bool = super()._change_state(value)
            if changed:
                with Path(log).open("a") as file:
                    file.write(f"{time.monotonic()} {int(value)}\n")
            return changed

        def output_with_state(self, state: bool) -> None:
            super().output_with_state(state)
            with Path(log).open("a") as file:
                file.write(f"{time.monotonic()} {int(state)}\n")

    Device.pin_factory = MockFactory(pin_class=Logged)
    guard.main(int(descriptor))


Moves = Callable[[], list[tuple[float, bool]]]
"""Each move of the relay so far: monotonic seconds, whether energised."""


class Rig:
    """One board, one daemon. ``begin``: of the fault; ``end``: of the pulse; monotonic seconds."""

    def __init__(self, process: subprocess.Popen[str], guard: int, end: float, moves: Moves):
        self.process = process
        self.guard = guard
        self.begin = 0.0
        self.end = end
        self.moves = moves
        self.port: SimulatedPort | None = None
        self.board: Board | None = None

    def until(self, energised: bool, begin: float) -> float:
        """Seconds from ``begin`` to the relay's first move to ``energised``; inf for too long.

        Args:
            energised: The move to wait for.
            begin: Monotonic seconds, taken before the fault: a guard may have acted before the
                process that caused it goes on.
        """
        self.begin = begin
        while time.monotonic() - begin < TOO_LONG:
            for at, on in self.moves():
                if at >= begin and on == energised:
                    return at - begin
            time.sleep(0.005)
        return float("inf")

    def wait_until_energised(self) -> None:
        """Until the last move of the relay is to energised.

        Raises:
            RuntimeError: After half a minute.
        """
        end = time.monotonic() + 30.0
        while not (moves := self.moves()) or not moves[-1][1]:
            if time.monotonic() > end:
                raise RuntimeError(f"the relay was not energised: {moves}")
            time.sleep(0.005)


@contextmanager
def running(settings: RelaySettings, guard: list[str], pulse: float, moves: Moves) -> Iterator[Rig]:
    command = [sys.executable, "-m", "benchmarks.safety", "--daemon"]
    process = subprocess.Popen(
        [*command, settings.model_dump_json(), json.dumps(guard), str(pulse)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    pid, end = process.stdout.readline().split()
    rig = Rig(process, int(pid), float(end), moves)
    try:
        rig.wait_until_energised()
        time.sleep(0.7)
        if not pulse:
            rig.wait_until_energised()  # a daemon that was held up rests the relay for a moment
        yield rig
    finally:
        for each in (process.pid, rig.guard):
            with_kill(each)
        process.wait()
        process.stdout.close()


def with_kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


DEVICES: dict[str, Callable[[], LcusBoard | ModbusBoard | NumatoBoard]] = {
    "modbus": ModbusBoard,
    "lcus": LcusBoard,
    "lcus-cc": lambda: LcusBoard(variant="AA"),  # the look-alike with a pulse of one second
    "numato": NumatoBoard,
}
GUARD = [sys.executable, "-m", "gate.relay.guard_process"]


def settings_for(driver: str, port: str) -> RelaySettings:
    if driver == "lcus-cc":
        return RelaySettings(driver="lcus", port=port, lcus=LcusSettings(variant="AA"))
    return RelaySettings(driver=driver, port=port)


@contextmanager
def rig_for(driver: str, pulse: float = 0.0) -> Iterator[Rig]:
    if driver == "gpio":
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "pin"
            log.write_text("0 0\n")
            guard = [sys.executable, "-m", "benchmarks.safety", "--gpio-guard", str(log)]

            def logged() -> list[tuple[float, bool]]:
                lines = [line.split() for line in log.read_text().splitlines()]
                return [(float(at), on == "1") for at, on in lines]

            with running(RelaySettings(driver="gpio"), guard, pulse, logged) as rig:
                yield rig
        return
    device = DEVICES[driver]()
    with SimulatedPort(device) as port:
        settings = settings_for(driver, port.path)
        history = device.board.history
        with running(settings, GUARD, pulse, lambda: [(at, on) for at, _, on in history]) as rig:
            rig.port, rig.board = port, device.board
            yield rig


def stopped(rig: Rig) -> float:
    begin = time.monotonic()
    os.kill(rig.process.pid, signal.SIGSTOP)
    return rig.until(False, begin)


def killed(rig: Rig) -> float:
    begin = time.monotonic()
    os.kill(rig.process.pid, signal.SIGKILL)
    return rig.until(False, begin)


def hung(rig: Rig) -> float:
    begin = time.monotonic()
    os.kill(rig.process.pid, signal.SIGUSR1)
    return rig.until(False, begin)


def guard_killed(rig: Rig) -> float:
    """The daemon lives and starts another guard, which rests the relay first."""
    begin = time.monotonic()
    os.kill(rig.guard, signal.SIGKILL)
    return rig.until(False, begin)


def both_killed(rig: Rig) -> float:
    begin = time.monotonic()
    os.kill(rig.guard, signal.SIGKILL)
    os.kill(rig.process.pid, signal.SIGKILL)
    return rig.until(False, begin)


def cable_pulled(rig: Rig) -> float:
    if rig.port is None:
        return float("nan")
    begin = time.monotonic()
    rig.port.unplug()
    return rig.until(False, begin)


def cable_back(rig: Rig) -> float:
    """Pulled for two seconds; from plugging in to the guard's first word, which is to rest."""
    if rig.port is None:
        return float("nan")
    pulled = time.monotonic()
    rig.port.unplug()
    if rig.until(False, pulled) < TOO_LONG:
        return 0.0  # the board had rested by itself
    back = time.monotonic()
    rig.port.plug()
    return rig.until(False, back)


def power_back(rig: Rig) -> float:
    """The board was without power; until it follows commands again (the lock is released)."""
    if rig.board is None:
        return float("nan")
    begin = time.monotonic()
    rig.board.power_cycle(begin)
    return rig.until(True, begin)


def after_the_end(blow: Callable[[Rig], float], rig: Rig) -> float:
    """Seconds from the end of the pulse to the relay's fall; below zero when it fell before."""
    seconds = blow(rig)
    return rig.begin + seconds - rig.end


CASES = (stopped, killed, hung, guard_killed, both_killed, cable_pulled, cable_back, power_back)
IN_PULSE = (stopped, killed, hung, both_killed, cable_pulled)


def cell(seconds: list[float]) -> str:
    if any(s != s for s in seconds):
        return "–"
    if max(seconds) == float("inf"):
        return "stays"
    return f"{statistics.median(seconds):.2f} / {max(seconds):.2f}"


DRIVERS = (*DEVICES, "gpio")
NAMES: dict[Callable[[Rig], float], str] = {
    stopped: "SIGSTOP",
    killed: "SIGKILL",
    hung: "hang",
    guard_killed: "guard killed",
    both_killed: "both killed",
    cable_pulled: "cable pulled",
    cable_back: "cable back",
    power_back: "power back",
}


def table(
    cases: tuple[Callable[[Rig], float], ...], repeats: int, pulse: float, drivers: Sequence[str]
) -> None:
    names = " | ".join(NAMES[case] for case in cases)
    print(f"| driver | {names} |\n" + "|---" * (len(cases) + 1) + "|", flush=True)
    for driver in drivers:
        cells = []
        for case in cases:
            seconds = []
            for _ in range(repeats):
                with rig_for(driver, pulse) as rig:
                    seconds.append(after_the_end(case, rig) if pulse else case(rig))
            cells.append(cell(seconds))
        print(f"| {driver} | " + " | ".join(cells) + " |", flush=True)


def main(repeats: int, drivers: Sequence[str]) -> None:
    table(CASES, repeats, 0.0, drivers)
    print(f"\nseconds, median / longest of {repeats}; in a pulse of {PULSE:g} s, after its end:\n")
    table(IN_PULSE, repeats, PULSE, drivers)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--daemon"]:
        daemon(*sys.argv[2:5])
    elif sys.argv[1:2] == ["--gpio-guard"]:
        gpio_guard(*sys.argv[2:4])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, sys.argv[2:] or DRIVERS)
