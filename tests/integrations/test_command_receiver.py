"""Commands received: obeyed once, answered, audited, whatever the disk and the broker do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from gate.clock import ManualClock
from gate.errors import DeviceError, StoreError
from gate.integrations.command_receiver import CommandReceiver
from gate.integrations.settings import CommandSettings
from gate.integrations.signed_command import (
    COMMANDS,
    Command,
    Key,
    key_id,
    order,
    sign,
)
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.integrations.forged import (
    CLOCK,
    FORGED,
    GOOD,
    KEY,
    NOW,
    OURS,
    PUBLIC,
    THEIRS,
    changed,
    known,
    reason,
)
from tests.waiting import PATIENCE, wait_for


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0), tmp_path) as opened:
        opened.command_keys.add(KEY.id, "desk", PUBLIC, sorted(KEY.commands))
        yield opened


class Door:
    def __init__(self, says: str = "") -> None:
        self.moved: list[Command] = []
        self.says = says

    def __call__(self, command: Command) -> str:
        self.moved.append(command)
        return self.says


def commands(store: Store, door: Door) -> CommandReceiver:
    return CommandReceiver(CommandSettings(), "north", store, CLOCK, door)


@pytest.mark.slow
def test_every_forgery_is_audited_and_moves_nothing(store: Store) -> None:
    door = Door()
    taker = commands(store, door)
    for raw, expected in list(FORGED.values())[:25]:
        assert taker.obey(raw) | {"id": "", "command": ""} == {
            "gate": "north", "result": "refused", "reason": expected, "id": "", "command": "",
        }  # fmt: skip
    assert door.moved == []
    assert [line.details["reason"] for line in reversed(store.audit.lines())] == [
        expected for _, expected in list(FORGED.values())[:25]
    ]
    assert len(store.events.search(types=["command.refused"])) == 25


def test_a_replay_is_refused_also_after_a_restart(store: Store) -> None:
    door, raw = Door(), sign(OURS, GOOD)
    first = commands(store, door)
    assert first.obey(raw)["result"] == "done"
    assert first.obey(raw)["reason"] == "replayed"
    assert commands(store, door).obey(raw)["reason"] == "replayed"
    assert len(door.moved) == 1


def test_a_replay_is_refused_also_when_the_clock_is_set_back(store: Store) -> None:
    """Whoever can set a gate's clock must not be able to open it with a message of last year."""
    door, year = Door(), 365 * 86_400
    today = ManualClock(now=year, start=CLOCK.start)
    old, later = sign(OURS, GOOD), sign(OURS, order("open", "north", NOW + year * 1000))
    assert commands(store, door).obey(old)["result"] == "done"
    taker = CommandReceiver(CommandSettings(), "north", store, today, door)
    assert taker.obey(later)["result"] == "done"
    again = commands(store, door)  # started with the clock of a year ago
    assert again.obey(old)["reason"] == "replayed"
    assert len(door.moved) == 2
    # the key is not locked out: its counters may have been taken while the clock was ahead
    assert again.obey(sign(OURS, order("open", "north", NOW + 1)))["result"] == "done"


@pytest.mark.slow
def test_a_flood_does_not_fill_the_disk(store: Store) -> None:
    taker = commands(store, Door())
    for _ in range(200):
        taker.obey(b"rubbish")
    assert len(store.audit.lines(limit=1000)) == 30


def test_what_the_door_says_is_answered(store: Store) -> None:
    assert commands(store, Door("fire")).obey(sign(OURS, GOOD)) == {
        "gate": "north", "result": "refused", "reason": "fire", "id": GOOD.id, "command": "open",
    }  # fmt: skip


def test_a_door_that_fails_is_answered(store: Store) -> None:
    def broken(command: Command) -> str:
        raise DeviceError("the relay does not answer")

    taker = CommandReceiver(CommandSettings(), "north", store, CLOCK, broken)
    assert taker.obey(sign(OURS, GOOD))["reason"] == "failed"


def test_every_command_can_be_given() -> None:
    everything = Key(KEY.id, KEY.name, KEY.public, frozenset(COMMANDS))
    for n, name in enumerate(COMMANDS):
        more = {"until": NOW + 1000} if name == "hold" else {}
        raw = sign(OURS, order(name, "north", NOW + n, **more))
        assert reason(raw, known(keys={KEY.id: everything})) == "accepted"


STRANGE = {
    "sync": {"first": "abc"},
    "open": {"until": "2026-01-01"},
    "lockdown": {"until": 2**62},
    "normal": {"reason": "\ud800"},
}


@pytest.mark.parametrize("name", sorted(STRANGE))
def test_an_argument_of_the_wrong_kind_is_refused(name: str) -> None:
    everything = Key(KEY.id, KEY.name, KEY.public, frozenset(COMMANDS))
    raw = sign(OURS, order(name, "north", NOW, **STRANGE[name]))
    assert reason(raw, known(keys={KEY.id: everything})) == "wrong_form"


def test_commands_go_on_being_obeyed_after_one_that_fails_in_a_way_nobody_foresaw(
    store: Store,
) -> None:
    obeyed: list[str] = []

    def handler(command: Command) -> str:
        obeyed.append(command.name)
        if len(obeyed) == 1:
            raise ZeroDivisionError
        return ""

    taker = CommandReceiver(CommandSettings(), "north", store, CLOCK, handler)
    link = SimpleNamespace(
        topics=SimpleNamespace(base="gate/north", answer="gate/north/answer"),
        publish=lambda *args, **more: None,
    )
    taker.start(link)  # type: ignore[arg-type]

    def send(raw: bytes) -> None:
        taker.received(
            SimpleNamespace(retain=False, topic="t", payload=raw, properties=None)  # type: ignore[arg-type]
        )

    try:
        for n in range(2):
            send(sign(OURS, order("open", "north", NOW + n)))
        wait_for(lambda: len(obeyed) >= 2)
        assert obeyed == ["open", "open"]
        for _ in range(300):  # more than wait in line
            send(b"rubbish")
    finally:
        taker.stop()
    taker._thread.join(PATIENCE)
    assert not taker._thread.is_alive()


def add_everything(store: Store) -> None:
    """A key that may give every order."""
    public = THEIRS.public_key().public_bytes_raw()
    store.command_keys.add(key_id(public), "everything", public, COMMANDS)


@pytest.mark.parametrize("name", ["lockdown", "normal", "hold"])
def test_what_staff_want_of_the_door_is_obeyed_although_nothing_can_be_written(
    store: Store, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    door, waiting = Door(), []
    add_everything(store)
    taker = CommandReceiver(CommandSettings(), "north", store, CLOCK, door, later=waiting.append)
    more = {"until": NOW + 1000} if name == "hold" else {}
    raw = sign(THEIRS, order(name, "north", NOW, **more))
    really = store.database.write

    def full(*, urgent: bool = False) -> None:
        raise StoreError("the disk is full")

    taker._known()
    monkeypatch.setattr(store.database, "write", full)
    assert taker.obey(raw)["result"] == "done"
    assert [command.name for command in door.moved] == [name]
    with pytest.raises(StoreError):  # refused as a replay, which cannot be written down either
        taker.obey(raw)
    assert len(door.moved) == 1
    with pytest.raises(StoreError):
        taker.obey(sign(THEIRS, order("open", "north", NOW + 1)))
    assert len(door.moved) == 1, "what opens is not obeyed unwritten"
    monkeypatch.setattr(store.database, "write", really)
    for write in waiting:
        write()
    assert len(store.events.search(types=["command.accepted"])) == 1
    assert [line.action for line in store.audit.lines()] == [f"command.{name}"]
    assert store.command_keys.counters("north")


def test_a_lockdown_does_not_wait_for_the_disk(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []

    def door(command: Command) -> str:
        happened.append("door")
        return ""

    add_everything(store)
    taker = CommandReceiver(
        CommandSettings(), "north", store, CLOCK, door, later=lambda write: None
    )
    really = store.database.write

    def slow(*, urgent: bool = False) -> object:
        happened.append("disk")
        return really()

    monkeypatch.setattr(store.database, "write", slow)
    taker.obey(sign(THEIRS, order("lockdown", "north", NOW)))
    assert happened == ["door", "disk"]


def test_a_command_taken_while_the_clock_was_ahead_does_not_lock_the_key_out() -> None:
    years = 4_000 * 86_400_000
    ahead = sign(OURS, order("open", "north", NOW + years))
    assert reason(ahead, now=NOW + years) == "accepted"
    state = known(counters={KEY.id: NOW + years})
    assert reason(sign(OURS, GOOD), state) == "accepted", "the clock was put right"
    assert reason(ahead, state) == "from_future"
    assert reason(sign(OURS, GOOD), known(counters={KEY.id: NOW})) == "replayed"
    near = known(counters={KEY.id: NOW + 1000})
    assert reason(sign(OURS, GOOD), near) == "out_of_order"


def test_a_counter_cannot_be_led_so_far_ahead_that_it_is_forgotten() -> None:
    """What is forgotten would be a replay; so nothing is accepted that could be later."""
    state = known(counters={KEY.id: NOW + 3_500_000})
    message = changed(counter=NOW + 3_600_001)
    assert reason(message, state) == "counter_too_large"


def test_a_counter_is_reset_by_order(tmp_path: Path) -> None:
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        store.command_keys.add(KEY.id, "desk", PUBLIC, ["open"])
        with store.database.write() as session:
            store.command_keys.count_in(session, "north", KEY.id, 9)
            store.command_keys.count_in(session, "south", KEY.id, 9)
        store.command_keys.reset("north", "desk")
        assert store.command_keys.counters("north") == {}
        assert store.command_keys.counters("south") == {KEY.id: 9}
        with pytest.raises(StoreError, match="no key"):
            store.command_keys.reset("north", "nobody")


def test_a_flood_of_unsigned_messages_loses_no_signed_one_and_is_answered(tmp_path: Path) -> None:
    """2,100 a second made signed lock-downs vanish: the queue was full of forgeries."""
    obeyed: list[str] = []
    answers: list[dict[str, object]] = []
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        store.command_keys.add(KEY.id, "desk", PUBLIC, ["open", "lockdown"])

        def handler(command: Command) -> str:
            obeyed.append(command.name)
            return ""

        clock = ManualClock(start=CLOCK.start)
        commands = CommandReceiver(CommandSettings(), "north", store, clock, handler)
        commands._refresh()
        link = SimpleNamespace(
            topics=SimpleNamespace(base="gate/north", answer="gate/north/answer"),
            publish=lambda topic, payload, **_: answers.append(json.loads(payload)),
        )
        commands._link = link  # type: ignore[assignment]

        def arrives(raw: bytes, retain: bool = False) -> None:
            commands.received(
                SimpleNamespace(  # type: ignore[arg-type]
                    topic="gate/north/command", payload=raw, retain=retain, properties=None
                )
            )

        forged = sign(THEIRS, GOOD)
        for _ in range(2100):
            arrives(forged)
        arrives(sign(OURS, order("lockdown", "north", NOW)), retain=True)
        arrives(sign(OURS, order("lockdown", "north", NOW + 1)))
        assert commands._uncounted == 2100 - 20 + 1, "every drop is counted"
        assert 0 < len(answers) <= 20, "and answered, but not without limit"
        commands._thread.start()
        wait_for(lambda: obeyed)
        commands.stop()
    assert obeyed == ["lockdown"], "once: the retained one is no command"


def test_a_retained_live_command_is_refused_and_answered(tmp_path: Path) -> None:
    answers: list[dict[str, object]] = []
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        clock = ManualClock(start=CLOCK.start)
        commands = CommandReceiver(CommandSettings(), "north", store, clock, lambda command: "")
        commands._link = SimpleNamespace(  # type: ignore[assignment]
            topics=SimpleNamespace(base="gate/north", answer="gate/north/answer"),
            publish=lambda topic, payload, **_: answers.append(json.loads(payload)),
        )
        commands.received(
            SimpleNamespace(  # type: ignore[arg-type]
                topic="gate/north/command",
                payload=sign(OURS, GOOD),
                retain=True,
                properties=None,
            )
        )
    assert answers == [{"gate": "north", "result": "refused", "reason": "retained"}]


def test_an_order_obeyed_before_it_was_written_is_no_new_one_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    obeyed: list[str] = []

    def handler(command: Command) -> str:
        obeyed.append(command.name)
        return ""

    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        store.command_keys.add(KEY.id, "desk", PUBLIC, ["lockdown", "normal"])
        clock = ManualClock(start=CLOCK.start)

        def started() -> CommandReceiver:
            never_written: list[object] = []
            return CommandReceiver(
                CommandSettings(), "north", store, clock, handler, later=never_written.append
            )

        message = sign(OURS, order("normal", "north", NOW))
        before = started()
        before._known()

        def full(*_: object, **__: object) -> None:
            raise StoreError("the disk is full", where="x", hint="y")

        with monkeypatch.context() as patched:
            patched.setattr(store.audit, "note_in", full)
            assert before.obey(message)["result"] == "done"
        assert store.command_keys.counters("north") == {}, "it was not written"
        after = started()  # killed and started again, the message is still valid
        assert after.obey(message)["reason"] == "replayed"
        clock.advance(1)
        assert after.obey(sign(OURS, order("lockdown", "north", NOW + 1000)))["result"] == "done"
    assert obeyed == ["normal", "lockdown"]
