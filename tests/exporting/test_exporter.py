"""Chaos: whatever the receiver does, every record arrives once and in order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from gate.clock import ManualClock, SystemClock
from gate.events.event import Event
from gate.exporting.exporter import MOST_REFUSED, Exporter
from gate.exporting.ledger import State, key_of
from gate.exporting.settings import ExportSettings
from gate.exporting.target import DeliveryError, RefusedError
from gate.store.store import Store
from tests.exporting.receiving import RECEIVER, Host, Platform, eventually
from tests.waiting import PATIENCE

SILENT = ("kept, then silent", "drips")  # what only a time-out ends
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
Make = Callable[..., ExportSettings]
MOODS = [
    *("503", "busy", "redirect", "kept, then 500", "kept, then silent", "kept, then cut"),
    *("drips", "endless", "half", "says more", "says nothing", "says less", "not JSON"),
]


def passages(store: Store, count: int, type: str = "passage.granted") -> None:
    store.events.append(
        [
            Event.make("north", type, NOON + timedelta(seconds=i), method="face", decision="grant")
            for i in range(count)
        ]
    )


def exporter(store: Store, settings: ExportSettings) -> Exporter:
    return Exporter(settings, "north", store, SystemClock())


def time_out(mood: str) -> float:
    """Seconds for an answer: many, except where none comes."""
    return 1.0 if mood in SILENT else PATIENCE


def drive(exporter: Exporter, steps: int = 200) -> None:
    """Step until nothing is left, through every failure."""

    async def run() -> None:
        for _ in range(steps):
            try:
                if not await exporter.step():
                    return
            except DeliveryError as error:
                exporter.fault = error
        raise AssertionError(f"no end after {steps} steps: {exporter.fault}")

    asyncio.run(run())


@pytest.mark.slow
@pytest.mark.parametrize("mood", MOODS)
def test_a_receiver_that_does_this_has_every_passage_once_and_in_order(
    mood: str, store: Store, platform: Platform, host: Host, settings_for: Make
) -> None:
    passages(store, 20)
    platform.moods = ["", mood, mood]
    drive(exporter(store, settings_for(timeout=time_out(mood))))
    assert platform.sequences == list(range(1, 21))
    assert len({r["id"] for r in platform.kept}) == 20
    assert store.outbox.waiting("north", RECEIVER) == 0


@pytest.mark.slow
@pytest.mark.parametrize("mood", ["kept, then 500", "kept, then silent", "kept, then cut"])
def test_a_receiver_that_can_be_asked_is_sent_nothing_twice(
    mood: str, store: Store, platform: Platform, host: Host, settings_for: Make
) -> None:
    platform.dedupes = False
    passages(store, 20)
    platform.moods = ["", mood, "", mood]
    drive(exporter(store, settings_for(timeout=time_out(mood))))
    assert platform.sequences == list(range(1, 21))


@pytest.mark.slow
@pytest.mark.parametrize("mood", ["kept, then 500", "kept, then silent", "kept, then cut"])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_lost_answer_is_still_asked_about_after_the_receiver_was_away(
    restarted: bool,
    mood: str,
    store: Store,
    platform: Platform,
    host: Host,
    settings_for: Make,
) -> None:
    platform.dedupes = False
    passages(store, 9)
    platform.moods = [mood]
    made = exporter(store, settings_for(batch=3, timeout=time_out(mood)))
    with pytest.raises(DeliveryError):
        asyncio.run(made.step())
    host.down()
    if restarted:
        made = exporter(store, settings_for(batch=3, timeout=time_out(mood)))
    for _ in range(2):
        with pytest.raises(DeliveryError):
            asyncio.run(made.step())
    host.up()
    drive(made)
    assert platform.sequences == list(range(1, 10))


@pytest.mark.slow
def test_a_receiver_that_cannot_be_asked_knows_a_repeated_request_by_its_key(
    store: Store, platform: Platform, host: Host, settings_for: Make
) -> None:
    platform.resumes = False
    passages(store, 9)
    platform.moods = ["kept, then 500"]
    made = exporter(store, settings_for())
    with pytest.raises(DeliveryError, match="answers 500"):
        asyncio.run(made.step())
    passages(store, 5)  # more came meanwhile; the batch stays what it was
    drive(exporter(store, settings_for()))
    first, second = platform.requests[:2]
    assert first["headers"]["Idempotency-Key"] == second["headers"]["Idempotency-Key"]
    assert first["body"] == second["body"]
    keys = [r["headers"]["Idempotency-Key"] for r in platform.requests[1:]]
    assert len(set(keys)) == len(keys)
    assert platform.sequences == list(range(1, 15))


@pytest.mark.slow
def test_random_chaos_with_restarts_of_both_sides(
    store: Store, platform: Platform, host: Host, settings_for: Make
) -> None:
    draw = random.Random(20)
    for round in range(12):
        passages(store, draw.randint(1, 30))
        if draw.random() < 0.5:
            passages(store, 2, "door.opened")  # nothing for this receiver
        platform.moods = draw.choices(["", *MOODS], k=draw.randint(0, 6))
        made = exporter(store, settings_for(batch=draw.randint(1, 20), timeout=0.5))
        made.start()
        if draw.random() < 0.5:
            host.down()
            passages(store, draw.randint(1, 10))
            host.up()
        if draw.random() < 0.5 and round < 11:
            made.stop()  # in the middle of whatever it does
            continue
        eventually(lambda: store.outbox.waiting("north", RECEIVER) == 0, 90)
        made.stop()
    wanted = sorted(
        row.sequence for row in store.events.search(types=["passage.granted"], limit=1000)
    )
    assert platform.sequences == wanted
    assert len({r["id"] for r in platform.kept}) == len(wanted)


@pytest.mark.slow
def test_the_receiver_down_and_back(
    store: Store, platform: Platform, host: Host, settings_for: Make
) -> None:
    host.down()
    reported: list[Event] = []
    clock = ManualClock()
    made = Exporter(settings_for(), "north", store, clock, reported.append)
    made.start()
    passages(store, 20)
    eventually(lambda: made.fault is not None)
    assert made.fault is not None
    assert "cannot be reached" in made.fault.what
    assert not reported
    clock.advance(61)
    eventually(lambda: reported)
    host.up()
    eventually(lambda: store.outbox.waiting("north", RECEIVER) == 0)
    eventually(lambda: len(reported) == 2)
    made.stop()
    assert [event.type for event in reported] == ["export.lost", "export.back"]
    assert made.fault is None
    assert platform.sequences == list(range(1, 21))


@pytest.mark.slow
def test_back_pressure_is_obeyed(
    store: Store, platform: Platform, host: Host, settings_for: Make
) -> None:
    passages(store, 3)
    platform.moods = ["busy"]
    with pytest.raises(DeliveryError) as raised:
        asyncio.run(exporter(store, settings_for()).step())
    assert raised.value.wait == 1.0
    assert raised.value.certain


@pytest.mark.slow
def test_one_refused_record_is_set_aside_once_a_later_one_is_taken(
    store: Store, platform: Platform, host: Host, settings_for: Make
) -> None:
    passages(store, 20)
    platform.poison = {5, 17}
    drive(exporter(store, settings_for()))
    assert platform.sequences == [n for n in range(1, 21) if n not in platform.poison]
    lines = [line for line in store.audit.lines() if line.action == "platform.refused"]
    assert sorted(line.details["position"] for line in lines) == [5, 17]
    assert store.outbox.waiting("north", RECEIVER) == 0


@pytest.mark.slow
def test_a_receiver_that_refuses_everything_loses_nothing(
    store: Store, platform: Platform, host: Host, settings_for: Make
) -> None:
    passages(store, 20)
    platform.poison = set(range(1, 21))
    made = exporter(store, settings_for())

    async def run() -> None:
        for _ in range(50):
            await made.step()

    with pytest.raises(RefusedError):
        asyncio.run(run())
    assert store.outbox.waiting("north", RECEIVER) == 20
    assert not [line for line in store.audit.lines() if line.action == "platform.refused"]
    platform.poison = set()
    drive(made)
    assert platform.sequences == list(range(1, 21))
    assert MOST_REFUSED == 3


@pytest.mark.slow
def test_an_old_copy_of_the_box_is_noticed_by_what_the_receiver_has(
    store: Store, platform: Platform, host: Host, settings_for: Make
) -> None:
    passages(store, 3)
    platform.keep([{"id": "x", "epoch": 2**40, "sequence": 7}])
    platform.moods = ["503"]
    made = exporter(store, settings_for())
    with pytest.raises(DeliveryError, match="503"):
        asyncio.run(made.step())
    with pytest.raises(DeliveryError, match="never sent"):
        asyncio.run(made.step())


@pytest.mark.slow
def test_events_asked_for_again_are_sent_again(
    store: Store, platform: Platform, host: Host, settings_for: Make
) -> None:
    passages(store, 10)
    made = exporter(store, settings_for())
    drive(made)
    platform.kept = platform.kept[:3] + platform.kept[6:]  # the platform lost some
    assert store.outbox.again("north", RECEIVER, 4, 6) == 3
    platform.moods = ["503"]
    drive(made)
    assert sorted(platform.sequences) == list(range(1, 11))


@pytest.mark.slow
def test_records_of_kinds_that_alternate_do_not_wait_one_by_one(
    store: Store, platform: Platform, host: Host, settings_for: Make
) -> None:
    for count, type in ((2, "passage.granted"), (1, "device.lost"), (2, "passage.granted")):
        passages(store, count, type)
    clock = ManualClock()
    made = Exporter(settings_for(every=60), "north", store, clock)
    drive(made)
    # the last two may get company; nothing can join those before them
    assert platform.sequences == [1, 2, 3]
    clock.advance(61)
    drive(made)
    assert platform.sequences == [1, 2, 3, 4, 5]


@pytest.mark.slow
def test_records_are_collected_as_long_as_asked(
    store: Store, platform: Platform, host: Host, settings_for: Make
) -> None:
    clock = ManualClock()
    made = Exporter(settings_for(every=60), "north", store, clock)
    passages(store, 2)
    assert asyncio.run(made.step())  # the first at once
    passages(store, 2)
    assert not asyncio.run(made.step())
    passages(store, 5)
    clock.advance(1)
    assert asyncio.run(made.step())  # a full batch does not wait
    assert platform.sequences == list(range(1, 10))
    passages(store, 1)
    assert not asyncio.run(made.step())
    clock.advance(60)
    assert asyncio.run(made.step())


@pytest.mark.slow
def test_what_left_is_in_the_audit_by_the_hour(
    store: Store, platform: Platform, host: Host, settings_for: Make
) -> None:
    clock = ManualClock()
    person = store.people.create("王芳")
    made = Exporter(settings_for(kinds=["passage"]), "north", store, clock)
    store.events.append(
        [Event.make("north", "passage.granted", NOON, person=person.ref) for _ in range(3)]
    )
    asyncio.run(made.step())
    assert not [line for line in store.audit.lines() if line.action == "platform.sent"]
    state = State.read(store.key_values.get(key_of("north", RECEIVER)))
    assert state.sent == {"passage": 3}
    clock.advance(3600)
    passages(store, 1)
    asyncio.run(made.step())
    line = next(line for line in store.audit.lines() if line.action == "platform.sent")
    assert line.actor == RECEIVER
    assert line.details["sent"] == {"passage": 3}
    assert line.details["fields"] == {"person": 3}
    assert "王芳" not in str(line.details)
    assert not store.audit.verify()
