"""A permit for one passage opens once: at a door that refuses, at two readers, at a controller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gate.access.permit_keys import KeyFolder, own_key, private_key
from gate.access.settings import PermitSettings
from gate.config.settings import build
from gate.daemon.credential_worker import CredentialWorker
from gate.daemon.device_faults import DeviceStatus
from gate.daemon.items import Item
from gate.daemon.journal import DURABLE_WITHIN
from gate.daemon.orders import Order
from gate.daemon.site_controller import ControllerAnswer
from gate.readers.claim import Claim, ClaimKind
from gate.screen.message import Look
from gate.services.permits import PermitBook
from gate.store.store import Store
from tests.daemon.loop_gate import Gate
from tests.daemon.test_event_loop_controller import with_controller

AGAIN = 9.0  # seconds after which the same person is let in again


class Gatehouse:
    """A main loop and the worker that looks up what is shown to it, in one thread."""

    def __init__(self, store: Store, data: Path) -> None:
        self.gate, self.store = Gate(), store
        self.posted: list[Item] = []
        clock = self.gate.clock
        settings = build({"data": str(data), "name": "north"})
        self.worker = CredentialWorker(
            settings, store, clock, self.posted.append, self.gate.recorder
        )
        self.worker._bounded = lambda work: work()  # type: ignore[assignment]
        self.gate.loop.listen(self.worker.heard)
        key = private_key(own_key(data))
        book = PermitBook(store, KeyFolder(data), PermitSettings())
        guest = store.people.create("客人", kind="visitor")
        begins = clock.utc() - timedelta(hours=1)
        until = clock.utc() + timedelta(hours=1)
        issued = book.issue(key, guest.id, begins, until, now=clock.utc(), uses=1)
        self.text, self.serial = issued.text, issued.permit.serial

    def show(
        self, reader: str = "east", kind: ClaimKind = ClaimKind.PERMIT, value: str = ""
    ) -> None:
        """The worker looks it up; the loop learns of it by ``deliver``."""
        claim = Claim(kind, value or self.text, reader, self.gate.clock.monotonic())
        self.worker._serve(claim)

    def deliver(self) -> None:
        for item in self.posted:
            self.gate.loop.handle(item)
        self.posted.clear()

    @property
    def used(self) -> int:
        """As the register has it once all that opened is counted."""
        self.worker._count()
        row = self.store.credentials.permit(self.serial)
        assert row is not None
        return row.uses

    @property
    def openings(self) -> int:
        return self.gate.journal.count("relay on")

    def begin(self) -> None:
        """Have the worker's own threads serve, as in the daemon; the door waits for the count."""
        del self.worker._bounded
        self.worker.open()
        self.gate.loop.releasing = lambda passage, seconds: self.worker.releasing(passage, 60.0)


@pytest.fixture
def house(store: Store, tmp_path: Path) -> Gatehouse:
    return Gatehouse(store, tmp_path)


@pytest.mark.parametrize("why", ["fault", "lockdown"])
def test_a_use_does_not_count_where_the_door_refuses(house: Gatehouse, why: str) -> None:
    with_controller(house.gate, "both")
    house.show()
    house.deliver()
    if why == "fault":
        house.gate.board.fault = "no answer"
        house.gate.wait(0.1)
    else:
        house.gate.loop.handle(Order("lockdown", "guard"))
    house.gate.loop.handle(ControllerAnswer(True))
    assert (house.openings, house.used) == (0, 0)
    house.gate.board.fault = ""
    house.gate.loop.handle(Order("normal", "guard"))
    house.gate.wait(AGAIN)
    house.show()
    house.deliver()
    house.gate.loop.handle(ControllerAnswer(True))
    assert (house.openings, house.used) == (1, 1)


def test_a_use_counts_once_the_door_is_released_whoever_goes_through(house: Gatehouse) -> None:
    house.show()
    house.deliver()
    assert (house.openings, house.used) == (1, 1)
    house.gate.wait(AGAIN)
    assert house.gate.event("passage.ended").details == {"passed": False}
    assert house.used == 1
    house.show()
    house.deliver()
    assert house.gate.event("passage.denied").reasons == ("permit_used_up",)
    assert (house.openings, house.used) == (1, 1)


@pytest.mark.parametrize("same_claim", [3.0, 0.0])
def test_two_readers_that_see_a_permit_in_one_moment_open_once(
    house: Gatehouse, same_claim: float
) -> None:
    loop = house.gate.loop
    settings = loop.context.settings.model_copy(update={"same_claim": same_claim})
    loop.handle(replace(loop.context, settings=settings))
    house.show("east")
    house.show("west")
    house.deliver()
    assert (house.openings, house.used) == (1, 1)


def test_nobody_else_has_a_use_for_which_the_controller_is_being_asked(house: Gatehouse) -> None:
    with_controller(house.gate, "both")
    house.show("east")
    house.deliver()
    house.gate.clock.advance(1.0)
    house.show("west")
    (shown,) = house.posted
    assert shown.credential.problem == "permit_used_up"  # type: ignore[union-attr]
    house.posted.clear()
    house.gate.loop.handle(ControllerAnswer(False))
    house.gate.wait(AGAIN)
    house.show("west")
    house.deliver()
    house.gate.loop.handle(ControllerAnswer(True))
    assert (house.openings, house.used) == (1, 1)


def test_a_use_that_is_not_in_the_register_yet_keeps_no_card_out(house: Gatehouse) -> None:
    resident = house.store.people.create("Li")
    house.store.credentials.add(resident.id, "card", "aa")
    house.show()
    house.deliver()
    assert house.openings == 1
    house.show(kind=ClaimKind.CARD, value="aa")  # before the worker has come to count
    (shown,) = house.posted
    assert shown.credential.problem == ""  # type: ignore[union-attr]
    assert not [item for item in house.posted if isinstance(item, DeviceStatus)]
    assert house.used == 1


@pytest.fixture
def running(house: Gatehouse) -> Iterator[Gatehouse]:
    house.show()  # looked up, and not delivered yet
    house.begin()
    yield house
    house.worker.close()


def test_a_use_is_in_the_register_before_the_door_is_released(running: Gatehouse) -> None:
    """A power cut in between costs a use; the other way round it gave one away."""
    uses = []

    class Heard(list[str]):
        def append(self, thing: str) -> None:
            super().append(thing)
            if thing == "relay on":
                row = running.store.credentials.permit(running.serial)
                uses.append(row and row.uses)

    running.gate.board.journal = running.gate.journal = Heard()
    running.deliver()
    assert uses == [1]
    assert (running.openings, running.used) == (1, 1)


def test_who_comes_second_of_two_gates_that_look_a_permit_up_in_one_moment_stays_outside(
    running: Gatehouse,
) -> None:
    assert running.store.credentials.use_permit(running.serial)  # by the other gate
    running.deliver()
    gate = running.gate
    assert (running.openings, running.used) == (0, 1)
    refused = gate.event("door.refused")
    assert refused.details == {"asked": "grant", "reason": "permit"}
    assert gate.event("passage.ended").details == {"passed": False}
    assert refused.passage == gate.event("passage.granted").passage
    assert gate.screen.message is not None
    assert gate.screen.message.look is Look.IDLE


def test_a_door_that_refuses_costs_no_use(running: Gatehouse) -> None:
    running.gate.board.fault = "no answer"
    running.gate.wait(0.1)
    running.deliver()
    assert (running.openings, running.used) == (0, 0)


def test_a_register_that_is_slow_keeps_nobody_out_and_counts_later(house: Gatehouse) -> None:
    """Event and count together have the time for which a lock is held without the main loop."""
    asked: list[float] = []

    def releasing(passage: str, seconds: float) -> bool:
        asked.append(seconds)
        return house.worker.releasing(passage, 0.0)  # nobody counts yet

    house.gate.loop.releasing = releasing
    house.show()
    house.gate.recorder.disk = "full"
    house.gate.recorder.while_waiting = lambda: house.gate.clock.advance(0.2)
    house.deliver()
    assert asked == [pytest.approx(DURABLE_WITHIN - 0.2)]
    assert (house.openings, house.used) == (1, 1)
