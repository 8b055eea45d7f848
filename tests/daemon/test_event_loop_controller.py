"""The main loop where the site's controller has a say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.daemon.device_faults import DeviceStatus
from gate.daemon.orders import Order
from gate.daemon.site_controller import ControllerAnswer, SiteController
from gate.readers.out.settings import ReaderOutSettings
from gate.screen.message import Look
from tests.daemon.loop_gate import GUEST, LI, Gate


@pytest.fixture
def gate() -> Gate:
    return Gate()


def with_controller(gate: Gate, decides: str) -> list[int]:
    """Give the gate a controller of the site; the numbers it is sent."""
    sent: list[int] = []

    def present(number: int) -> str:
        sent.append(number)
        return ""

    settings = ReaderOutSettings.model_validate({"decides": decides, "number": "id"})
    gate.loop.site = SiteController(settings, present)
    return sent


def test_both_must_agree_before_the_relay_moves(gate: Gate) -> None:
    sent = with_controller(gate, "both")
    gate.card(LI)
    assert sent == [1]
    assert not gate.open
    assert gate.screen.message is not None
    assert gate.screen.message.look is Look.WAIT
    gate.wait(0.5)
    gate.loop.handle(ControllerAnswer(True))
    assert gate.open
    assert gate.screen.message.look is Look.GRANT
    assert gate.types[:3] == ["passage.granted", "controller.granted", "door.unlocked"]


@pytest.mark.parametrize(
    ("said", "type"), [(False, "controller.refused"), (None, "controller.silent")]
)
def test_a_controller_that_refuses_or_is_silent_keeps_the_door_shut(
    gate: Gate, said: bool | None, type: str
) -> None:
    with_controller(gate, "both")
    gate.card(LI)
    if said is not None:
        gate.loop.handle(ControllerAnswer(said))
    gate.wait(3.2)
    assert "relay on" not in gate.journal
    assert gate.types[:3] == ["passage.granted", type, "passage.ended"]
    assert gate.event(type).person == LI.ref
    assert gate.event("passage.ended").details == {"passed": False}


@pytest.mark.parametrize(
    ("said", "look", "code"),
    [
        (True, Look.GRANT, "welcome"),
        (False, Look.DENY, "controller_refused"),
        (None, Look.DENY, "controller_silent"),
    ],
)
def test_one_moment_is_shown_until_the_answer_is_there_and_then_the_answer(
    gate: Gate, said: bool | None, look: Look, code: str
) -> None:
    with_controller(gate, "both")
    gate.card(LI)
    gate.wait(2.9)
    assert gate.screen.message is not None
    assert gate.screen.message.code == "one_moment"
    if said is not None:
        gate.loop.handle(ControllerAnswer(said))
    gate.wait(0.2)
    assert (gate.screen.message.look, gate.screen.message.code) == (look, code)
    gate.wait(1.6)
    assert gate.screen.message.code == code
    gate.wait(0.4)
    assert gate.screen.message.look is Look.IDLE


def test_where_the_controller_decides_the_gates_own_door_is_off(gate: Gate) -> None:
    sent = with_controller(gate, "controller")
    gate.card(LI)
    gate.loop.handle(ControllerAnswer(True))
    gate.wait(1.0)
    assert sent == [1]
    assert gate.screen.message is not None
    assert gate.screen.message.look is Look.GRANT
    assert "relay on" not in gate.journal
    gate.card(GUEST)  # whom the gate refuses the controller is not asked about
    assert sent == [1]


def test_fire_opens_whatever_the_controller_says(gate: Gate) -> None:
    with_controller(gate, "controller")
    gate.wire("fire", True)
    assert gate.open


def test_a_lost_controller_is_on_the_screen_only_where_it_has_a_say(gate: Gate) -> None:
    for decides, look in (("gate", Look.IDLE), ("both", Look.FAULT)):
        with_controller(gate, decides)
        gate.loop.handle(DeviceStatus("controller", "controller", False, "silent"))
        assert gate.screen.message is None or gate.screen.message.look is look
        gate.loop.handle(DeviceStatus("controller", "controller", True))
    assert gate.types.count("device.lost") == 2


def test_a_lock_down_counts_for_whoever_still_waits_for_the_controller(gate: Gate) -> None:
    with_controller(gate, "both")
    gate.card(LI)
    gate.loop.handle(Order("lockdown", "guard"))
    gate.loop.handle(ControllerAnswer(True))
    gate.wait(1.0)
    assert "relay on" not in gate.journal
    assert gate.event("passage.denied").rule == "lockdown"
    assert gate.event("passage.denied").passage == gate.event("passage.granted").passage


def test_a_group_that_may_pass_a_lock_down_passes_with_the_controllers_yes(gate: Gate) -> None:
    with_controller(gate, "both")
    medic = replace(LI, groups=frozenset({"medics"}))
    rules = replace(gate.loop.context.rules, lockdown_groups=frozenset({"medics"}))
    gate.loop.handle(replace(gate.loop.context, people={medic.id: medic}, rules=rules))
    gate.loop.handle(Order("lockdown", "guard"))
    gate.card(medic)
    gate.loop.handle(ControllerAnswer(True))
    assert gate.open
