"""The controller: the board's inputs in, the relay moved, the board's failures survived."""

from __future__ import annotations

import pytest

from gate.clock import ManualClock
from gate.door.controller import REFRESHES, DoorController
from gate.door.settings import DoorSettings
from gate.door.state import (
    DoorState,
    Fire,
    FireReset,
    Grant,
    HoldOpen,
    Lockdown,
    Normal,
    Phase,
)
from gate.relay.simulated import SimulatedRelay
from tests.door.wired import Gate


def test_every_channel_rests_before_anything_else() -> None:
    gate = Gate()
    assert [(c.channel, c.on) for c in gate.board.commands] == [(1, False), (2, False)]
    assert gate.controller.state.phase is Phase.LOCKED


def test_a_pulse_is_refreshed_and_ends_on_time() -> None:
    gate = Gate()
    gate.handle(Grant())
    for _ in range(29):
        gate.wait(0.1)
        assert gate.energised
    gate.wait(0.1)
    assert not gate.energised
    assert gate.events == ["door.unlocked", "door.locked"]
    # no single command lets the relay stay longer than the pulse
    assert max(c.at + c.hold for c in gate.board.commands) == pytest.approx(103.0)


def test_the_board_knows_the_end_even_if_the_loop_is_late() -> None:
    gate = Gate()
    gate.handle(Grant())
    gate.wait(2.9)
    gate.clock.advance(0.11)
    assert not gate.energised


def test_a_loop_that_is_late_tears_no_pulse() -> None:
    gate = Gate()
    gate.handle(Grant())
    for _ in range(3):
        gate.clock.advance(0.95)
        assert gate.energised
        gate.wait(0.01)
    assert [c.on for c in gate.board.commands[2:]] == [True] * 4


def test_the_board_learns_the_new_end_of_a_pulse_at_the_next_tick() -> None:
    gate = Gate()
    gate.handle(Grant())
    gate.wait(2)
    gate.handle(Grant())
    gate.wait(0.01)
    last = gate.board.commands[-1]
    assert last.at + last.hold == pytest.approx(105.0)


def test_a_loop_that_hangs_in_a_pulse_lets_the_relay_fall_at_its_end() -> None:
    gate = Gate()
    gate.handle(Grant())
    gate.wait(1)
    gate.clock.advance(1.99)
    assert gate.energised
    gate.clock.advance(0.02)
    assert not gate.energised


@pytest.mark.parametrize("given", [HoldOpen(1000.0), Fire(True)])
def test_a_loop_that_hangs_lets_a_standing_release_fall(given: HoldOpen | Fire) -> None:
    gate = Gate()
    gate.handle(given)
    gate.handle(Grant())
    gate.wait(3.1)
    assert gate.energised
    gate.clock.advance(0.51)
    assert not gate.energised


def test_an_order_that_is_late_on_its_way_ends_no_later() -> None:
    gate = Gate()
    gate.handle(Grant())
    gate.wait(2.9)
    computed = gate.clock.now
    gate.clock.advance(0.2)  # the loop was interrupted between reading the clock and the order
    gate.controller.tick(computed)
    assert gate.board.commands[-1].on
    assert not gate.energised


def test_contact_exit_and_tamper_come_from_the_board() -> None:
    gate = Gate()
    gate.board.wires["exit"] = True
    gate.wait(0.1)
    gate.board.wires["contact"] = True
    gate.wait(0.1)
    gate.board.wires["contact"] = False
    gate.board.wires["tamper"] = True
    gate.wait(0.1)
    assert gate.events == [
        "door.exit",
        "door.unlocked",
        "door.opened",
        "door.closed",
        "door.locked",
        "door.tamper",
    ]


def test_a_jammed_exit_button_opens_once() -> None:
    gate = Gate()
    gate.board.wires["exit"] = True
    gate.wait(10, 0.02)
    assert gate.events == ["door.exit", "door.unlocked", "door.locked"]


def test_contacts_that_bounce_count_once() -> None:
    gate = Gate()
    for _ in range(10):
        gate.board.wires["tamper"] = not gate.board.wires["tamper"]
        gate.wait(0.02)
    assert gate.events == []


def test_fire_by_wire_stays_until_reset_by_hand() -> None:
    gate = Gate()
    gate.board.wires["fire"] = True
    gate.wait(0.1)
    gate.board.wires["fire"] = False
    gate.wait(60, 0.1)
    assert gate.energised
    gate.handle(FireReset())
    assert not gate.energised
    assert gate.events == ["door.fire", "door.unlocked", "door.fire_reset", "door.locked"]


def test_fire_that_ends_while_the_board_is_away_can_be_reset() -> None:
    gate = Gate()
    gate.board.wires["fire"] = True
    gate.wait(0.1)
    gate.board.fault = "cable"
    gate.wait(0.1)
    gate.board.wires["fire"] = False
    gate.board.fault = ""
    gate.wait(0.1)
    gate.handle(FireReset())
    assert not gate.controller.state.fire


def test_a_board_that_fails_is_a_fault_and_comes_back() -> None:
    gate = Gate()
    gate.board.fault = "cable"
    gate.wait(1)
    gate.handle(Grant())
    assert gate.controller.state.phase is Phase.FAULT
    gate.board.fault = ""
    gate.wait(0.1)
    gate.handle(Grant())
    assert gate.energised
    assert gate.events == [
        "door.fault",
        "door.refused",
        "door.recovered",
        "door.unlocked",
    ]


def test_a_board_absent_at_start_is_a_fault_not_a_crash() -> None:
    board = SimulatedRelay(fault="no such port")
    controller = DoorController(board, DoorSettings())
    assert [e.type for e in controller.open(0)] == ["door.fault"]


def test_a_welded_relay_is_a_fault() -> None:
    gate = Gate()
    gate.board.stuck = frozenset({1})
    gate.handle(Grant())
    gate.wait(1.5)
    assert gate.controller.state.phase is Phase.FAULT


def test_fire_is_tried_again_when_the_board_comes_back() -> None:
    gate = Gate()
    gate.board.fault = "cable"
    gate.wait(0.1)
    gate.handle(Fire(True))
    gate.board.fault = ""
    gate.wait(0.3)
    assert gate.energised


def test_a_fire_that_stood_before_a_restart_still_stands() -> None:
    clock = ManualClock(5.0)
    board = SimulatedRelay(channels=1, clock=clock)
    controller = DoorController(board, DoorSettings(), start=DoorState(fire=True))
    controller.open(5.0)
    controller.tick(5.0)
    assert board.state(1)
    controller.handle(FireReset(), 5.1)
    assert not board.state(1)


def test_a_board_that_takes_seconds_to_open_in_fire_is_not_thought_to_disobey() -> None:
    """As a guard does on a slow box: the relay follows a moment after it was commanded."""
    clock = ManualClock(5.0)

    class Slow(SimulatedRelay):
        def open(self) -> None:
            super().open()
            clock.advance(2.0)

        def state(self, channel: int) -> bool | None:
            return super().state(channel) if clock.now > 7.0 else False

    board = Slow(channels=1, clock=clock, wires={"fire": True})
    controller = DoorController(board, DoorSettings(hold=5.0))
    events = controller.open(clock.now)
    for _ in range(3):
        events += controller.tick(clock.now)
        clock.advance(0.02)
    assert [event.type for event in events] == ["door.fire", "door.unlocked"]


@pytest.mark.parametrize("alive", [True, False])
def test_a_fail_safe_lock_is_held_only_while_the_loop_lives(alive: bool) -> None:
    gate = Gate(fail="safe")
    assert gate.energised
    if alive:
        gate.wait(5)
    else:
        gate.clock.advance(1)
    assert gate.energised == alive


def test_a_loop_as_late_as_a_hold_lasts_does_not_blame_the_board() -> None:
    gate = Gate(hold=0.5, confirm_within=0.5)
    gate.handle(HoldOpen(1000.0))
    gate.wait(0.5, 0.5)
    gate.wait(0.1)
    assert gate.events == ["door.hold", "door.unlocked"]
    assert gate.energised


def test_the_contact_is_read_afresh_when_the_board_is_back() -> None:
    gate = Gate()
    gate.board.fault = "cable"
    gate.wait(0.1)
    assert gate.controller.state.open is None
    gate.board.fault = ""
    gate.wait(0.01)
    assert gate.controller.state.open is False


def test_an_exit_button_opens_when_it_is_pressed_not_when_it_is_let_go_or_was_held_before() -> None:
    gate = Gate()
    gate.board.fault = "cable"
    gate.wait(0.1)
    gate.board.wires["exit"] = True
    gate.board.fault = ""
    gate.wait(0.1)
    gate.board.wires["exit"] = False
    gate.wait(0.1)
    assert gate.events == ["door.fault", "door.recovered"]


def test_a_board_that_fails_while_it_is_commanded_is_a_fault_at_once() -> None:
    gate = Gate()
    gate.board.fault = "cable"
    gate.handle(Grant())
    assert gate.events == ["door.fault", "door.unlocked"]
    assert gate.controller.state.phase is Phase.FAULT


def test_what_could_not_be_commanded_is_commanded_when_the_board_is_back() -> None:
    released = Gate()
    released.handle(HoldOpen(1000.0))
    released.board.fault = "cable"
    released.handle(Normal())
    never_answered = Gate()
    never_answered.board.fault = "cable"
    never_answered.handle(Grant())  # the board may have heard it all the same
    never_answered.handle(Lockdown())
    for gate in (released, never_answered):
        gate.board.commands.clear()
        gate.board.fault = ""
        gate.wait(1)
        assert [c.on for c in gate.board.commands] == [False]


def test_an_input_counts_when_it_has_been_stable_for_the_debounce_and_each_change_anew() -> None:
    gate = Gate(input_debounce=0.25)
    gate.board.wires["tamper"] = True
    gate.wait(0.125, 0.125)
    gate.wait(0.125, 0.125)
    assert gate.events == []
    gate.wait(0.125, 0.125)
    assert gate.events == ["door.tamper"]
    gate.board.wires["tamper"] = False
    gate.wait(0.125, 0.125)
    assert gate.events == ["door.tamper"]


def test_a_standing_release_is_commanded_again_some_times_in_a_hold_not_at_every_tick() -> None:
    gate = Gate(hold=REFRESHES / 4)
    gate.handle(HoldOpen(1000.0))
    gate.board.commands.clear()
    gate.wait(1, 0.0625)
    assert len(gate.board.commands) == 4


def test_closing_lets_the_relay_fall() -> None:
    gate = Gate()
    gate.handle(Grant())
    gate.controller.close()
    assert not gate.energised


def test_a_relay_that_does_not_follow_stays_a_fault_until_the_board_says_that_it_does() -> None:
    class Reporting(SimulatedRelay):
        says: bool | None = False

        def state(self, channel: int) -> bool | None:
            return self.says

    board = Reporting(channels=1)
    controller = DoorController(board, DoorSettings(confirm_within=0.5))
    controller.open(5.0)
    controller.tick(5.0)
    controller.handle(HoldOpen(1000.0), 5.0)
    phases = []
    for at, says in ((5.25, False), (5.5, False), (5.75, None), (6.0, True)):
        board.says = says
        controller.tick(at)
        phases.append(controller.state.phase)
    assert phases == [Phase.UNLOCKING, Phase.FAULT, Phase.FAULT, Phase.UNLOCKED]
