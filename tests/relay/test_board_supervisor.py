"""The supervisor: commands expire, lost ones are repeated, a failed board is reopened."""

from __future__ import annotations

import pytest

from gate.clock import ManualClock
from gate.relay.board_supervisor import ATTEMPTS, BoardSupervisor
from gate.relay.settings import RelaySettings
from gate.relay.simulated import SimulatedRelay


class Board(SimulatedRelay):
    """Takes ``slow`` seconds to connect."""

    slow = 0.0

    def open(self) -> None:
        super().open()
        assert isinstance(self.clock, ManualClock)
        self.clock.advance(self.slow)


class Rig:
    def __init__(self) -> None:
        self.clock = ManualClock(50.0)
        self.board = Board(channels=1, clock=self.clock)
        self.supervisor = BoardSupervisor(self.board, RelaySettings(), self.clock, retry=(0.2, 1.0))
        self.supervisor.run(self.clock.now)

    def order(self, on: bool, hold: float = 0.5, late: float = 0.0) -> None:
        self.supervisor.command(1, on, hold, self.clock.now - late)

    def wait(self, seconds: float) -> None:
        """Come back exactly when the supervisor asks to."""
        end = self.clock.now + seconds
        at_once = 0
        while True:
            back = self.supervisor.run(self.clock.now)
            if back >= end:
                break
            at_once = at_once + 1 if back <= self.clock.now else 0
            assert at_once < ATTEMPTS, "the guard would spin"
            self.clock.advance(max(0.0, back - self.clock.now))
        self.clock.advance(max(0.0, end - self.clock.now))
        self.supervisor.run(self.clock.now)

    @property
    def on(self) -> bool | None:
        return self.board.state(1)


def test_it_rests_the_board_before_it_reports() -> None:
    rig = Rig()
    assert [c.on for c in rig.board.commands] == [False]
    assert rig.supervisor.report is not None
    assert rig.supervisor.report.state == {1: False}


def test_an_order_lasts_its_hold_and_no_longer() -> None:
    rig = Rig()
    rig.order(True, 0.5)
    rig.wait(0.49)
    assert rig.on
    rig.wait(0.02)
    assert not rig.on
    assert not rig.board.commands[-1].on


def test_an_order_that_is_too_old_has_no_effect() -> None:
    rig = Rig()
    rig.order(True, 0.5, late=0.6)
    rig.wait(0.1)
    assert not any(c.on for c in rig.board.commands)


def test_the_resting_state_is_repeated() -> None:
    rig = Rig()
    before = len(rig.board.commands)
    rig.wait(5)
    repeats = rig.board.commands[before:]
    assert 4 <= len(repeats) <= 6
    assert not any(c.on for c in repeats)


def test_a_board_that_lost_its_power_is_reported_again() -> None:
    rig = Rig()
    rig.order(True, 2.0)
    rig.wait(0.1)
    rig.board.close()  # the board forgets
    assert not rig.on
    rig.wait(0.25)
    assert rig.on


def test_a_fault_is_reported_after_some_attempts_and_waits_grow() -> None:
    rig = Rig()
    rig.board.fault = "cable"
    rig.wait(0.1)
    assert rig.supervisor.report is not None
    assert rig.supervisor.report.fault is not None
    assert rig.supervisor.report.fault[0] == "cable"
    tries = []
    back = rig.supervisor.run(rig.clock.now)
    for _ in range(5):
        tries.append(back - rig.clock.now)
        rig.clock.advance(back - rig.clock.now)
        back = rig.supervisor.run(rig.clock.now)
    assert tries[-1] == 1.0
    rig.board.fault = ""
    rig.wait(1.1)
    assert rig.supervisor.report.fault is None


def test_a_board_that_comes_back_rests_first() -> None:
    rig = Rig()
    rig.order(True, 60)
    rig.wait(0.1)
    rig.board.fault = "cable"
    rig.wait(0.1)
    rig.order(False)
    before = len(rig.board.commands)
    rig.board.fault = ""
    rig.wait(2)
    assert len(rig.board.commands) > before
    assert not any(c.on for c in rig.board.commands[before:])


def test_an_order_that_runs_out_while_connecting_has_no_effect() -> None:
    rig = Rig()
    rig.board.fault = "cable"
    rig.wait(0.1)
    rig.board.fault = ""
    rig.clock.advance(2)
    rig.order(True, 0.3)
    rig.board.slow = 0.4
    rig.supervisor.run(rig.clock.now)
    assert not any(c.on for c in rig.board.commands)


@pytest.mark.parametrize(("hold", "timeout"), [(0.2, 0.2), (0.5, 1.0), (0.5, 0.2)])
def test_the_inputs_are_read_while_an_order_is_refreshed_again_and_again(
    hold: float, timeout: float
) -> None:
    clock = ManualClock(50.0)
    board = Board(channels=1, clock=clock, wires={"fire": False})
    supervisor = BoardSupervisor(board, RelaySettings(timeout=timeout), clock)
    supervisor.run(clock.now)
    for n in range(400):
        if n % 3 == 0:
            supervisor.command(1, True, hold, clock.now)
        board.wires["fire"] = n > 200
        clock.advance(0.02)
        supervisor.run(clock.now)
    assert supervisor.report is not None
    assert supervisor.report.inputs == {"fire": True}


class Watched(Board):
    """Counts what is done with it; where ``silent`` it does not report its channels."""

    silent = False

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(channels=1, clock=clock)
        self.opened = self.closed = self.read = 0

    def open(self) -> None:
        self.opened += 1
        super().open()

    def close(self) -> None:
        self.closed += 1
        super().close()

    def state(self, channel: int) -> bool | None:
        self.read += 1
        return None if self.silent else super().state(channel)


class Exact:
    """A supervisor at a time of multiples of 1/16 s, so that every limit is met exactly."""

    def __init__(self) -> None:
        self.clock = ManualClock(64.0)
        self.board = Watched(self.clock)
        settings = RelaySettings(timeout=0.25, poll=0.125)
        self.supervisor = BoardSupervisor(self.board, settings, self.clock, retry=(0.5, 2.0))
        self.run()

    def run(self, after: float = 0.0) -> float:
        self.clock.advance(after)
        return self.supervisor.run(self.clock.now)

    def on(self, hold: float) -> None:
        self.supervisor.command(1, True, hold, self.clock.now)
        self.run()

    def broken(self) -> None:
        """The board fails until it is given up."""
        self.board.fault = "cable"
        for _ in range(ATTEMPTS):
            self.run()


class TestLimits:
    def test_an_order_ends_at_its_very_end_and_rest_has_no_hold(self) -> None:
        rig = Exact()
        rig.on(0.5)
        rig.run(0.4375)
        assert rig.board.commands[-1].on
        rig.run(0.0625)
        assert (rig.board.commands[-1].on, rig.board.commands[-1].hold) == (False, 0.0)

    def test_an_order_that_is_taken_back_rests_without_a_hold(self) -> None:
        rig = Exact()
        rig.on(60.0)
        rig.supervisor.command(1, False, 0.0, rig.clock.now)
        rig.run()
        assert (rig.board.commands[-1].on, rig.board.commands[-1].hold) == (False, 0.0)

    def test_the_system_clock_counts_where_no_other_is_given(self) -> None:
        supervisor = BoardSupervisor(SimulatedRelay(channels=1), RelaySettings())
        supervisor.run(0.0)
        assert supervisor.report is not None
        assert supervisor.report.fault is None

    def test_an_order_for_a_channel_that_is_not_there_does_not_make_the_guard_spin(self) -> None:
        rig = Exact()
        rig.supervisor.command(9, True, 60.0, rig.clock.now)
        assert rig.run() > rig.clock.now

    def test_the_board_is_read_at_the_pace_that_is_set(self) -> None:
        rig = Exact()
        assert rig.board.read == 1
        assert rig.run(0.0625) == rig.clock.now + 0.0625
        assert rig.board.read == 1
        rig.run(0.0625)
        assert rig.board.read == 2

    @pytest.mark.parametrize(
        ("left", "read"),
        [(0.0625, False), (0.1875, False), (0.25, True), (0.5, True)],
    )
    def test_it_is_not_read_when_a_relay_is_about_to_fall(self, left: float, read: bool) -> None:
        rig = Exact()
        rig.on(left + 0.125)
        before = rig.board.read
        rig.run(0.125)
        assert (rig.board.read > before) is read

    def test_it_is_read_at_the_moment_of_the_fall(self) -> None:
        rig = Exact()
        rig.on(0.125)
        before = rig.board.read
        rig.run(0.125)
        assert rig.board.read > before

    def test_it_is_read_after_the_time_limit_though_a_relay_is_about_to_fall(self) -> None:
        rig = Exact()
        for _ in range(3):
            rig.on(0.125)
            rig.run(0.0625)
        rig.on(0.125)
        assert rig.board.read == 1
        rig.run(0.0625)
        assert rig.board.read == 2

    def test_what_was_commanded_counts_where_the_board_does_not_report(self) -> None:
        for silent, expected in ((True, True), (False, False)):
            rig = Exact()
            rig.board.silent = silent
            rig.board.stuck = frozenset({1})
            rig.on(60.0)
            rig.run(0.125)
            assert rig.supervisor.report is not None
            assert rig.supervisor.report.state == {1: expected}

    def test_a_single_failure_is_repeated_and_not_reported(self) -> None:
        rig = Exact()
        rig.board.fault = "cable"
        for _ in range(ATTEMPTS - 1):
            rig.clock.advance(0.125)
            assert rig.run() == rig.clock.now
        assert rig.supervisor.report is not None
        assert rig.supervisor.report.fault is None
        rig.board.fault = ""
        rig.run()
        rig.board.fault = "cable"
        rig.run(0.125)
        assert rig.supervisor.report.fault is None, "what failed before an answer does not count"

    def test_a_board_that_is_given_up_is_closed_and_opened_again_after_the_wait(self) -> None:
        rig = Exact()
        rig.clock.advance(0.125)
        rig.broken()
        assert rig.supervisor.report is not None
        assert rig.supervisor.report.fault is not None
        assert rig.board.closed == 1
        opened = rig.board.opened
        assert rig.run(0.4375) == rig.clock.now + 0.0625
        assert rig.board.opened == opened
        rig.run(0.0625)
        assert rig.board.opened == opened + 1

    def test_resting_closes_the_board(self) -> None:
        rig = Exact()
        rig.supervisor.rest()
        assert rig.board.closed == 1
