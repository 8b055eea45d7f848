"""Forged, late, foreign and broken commands: each refused with its reason, the door unmoved."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gate.clock import ManualClock
from gate.errors import DeviceError, StoreError
from gate.integrations.command_receiver import Commands
from gate.integrations.settings import CommandSettings
from gate.integrations.signed_command import (
    COMMANDS,
    Accepted,
    Command,
    Key,
    Known,
    Refused,
    judge,
    key_id,
    order,
    sign,
)
from gate.store.settings import StoreSettings
from gate.store.store import Store

CLOCK = ManualClock(start=datetime(2026, 6, 1, 12, tzinfo=UTC))
NOW = int(CLOCK.utc().timestamp() * 1000)
OURS = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
THEIRS = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = OURS.public_key().public_bytes_raw()
KEY = Key(key_id(PUBLIC), "desk", PUBLIC, frozenset({"open", "hold", "normal"}))


def known(**changes: object) -> Known:
    values = {
        "gate": "north",
        "keys": {KEY.id: KEY},
        "counters": {},
        "recent": {},
        "settings": CommandSettings(),
    }
    return Known(**{**values, **changes})  # type: ignore[arg-type]


def reason(raw: bytes, state: Known | None = None, now: int = NOW) -> str:
    verdict = judge(raw, state or known(), now)
    return verdict.reason if isinstance(verdict, Refused) else "accepted"


GOOD = order("open", "north", NOW)


def with_payload(text: str) -> bytes:
    """Rightly signed, whatever the payload is."""
    import base64

    signature = OURS.sign(b"access-gate command 1\0" + text.encode())
    return json.dumps(
        {"key": KEY.id, "payload": text, "signature": base64.b64encode(signature).decode()}
    ).encode()


def changed(**members: object) -> bytes:
    payload = json.loads(json.loads(sign(OURS, GOOD))["payload"])
    return with_payload(json.dumps({**payload, **members}))


def altered() -> bytes:
    message = json.loads(sign(OURS, GOOD))
    message["payload"] = message["payload"].replace("open", "hold")
    return json.dumps(message).encode()


def under_our_name() -> bytes:
    return json.dumps({**json.loads(sign(THEIRS, GOOD)), "key": KEY.id}).encode()


FORGED = {
    "another's key": (sign(THEIRS, GOOD), "unknown_key"),
    "another's key under our name": (under_our_name(), "bad_signature"),
    "altered after signing": (altered(), "bad_signature"),
    "for another gate": (sign(OURS, order("open", "south", NOW)), "other_gate"),
    "not entitled": (sign(OURS, order("lockdown", "north", NOW)), "not_entitled"),
    "expired": (sign(OURS, order("open", "north", NOW - 31_000)), "expired"),
    "from the future": (sign(OURS, order("open", "north", NOW + 6_000)), "from_future"),
    "valid for a day": (
        sign(OURS, order("open", "north", NOW, lifetime=86_400_000)),
        "valid_too_long",
    ),
    "counter that would lock the key out": (changed(counter=2**62), "counter_too_large"),
    "held open for a week": (
        sign(OURS, order("hold", "north", NOW, until=NOW + 604_800_000)),
        "wrong_arguments",
    ),
    "held open without an end": (sign(OURS, order("hold", "north", NOW)), "wrong_arguments"),
    "truncated": (sign(OURS, GOOD)[:-20], "not_json"),
    "empty": (b"", "not_json"),
    "1 MB": (b"x" * 1_000_000, "too_long"),
    "not JSON": (b"\xff\xfe open the door", "not_json"),
    "JSON bomb": (b"[" * 4000, "not_json"),
    "JSON bomb with objects": (b'{"a":' * 800, "not_json"),
    "a list": (b"[1, 2]", "not_json"),
    "a member too many": (
        json.dumps({**json.loads(sign(OURS, GOOD)), "admin": "1"}).encode(),
        "wrong_form",
    ),
    "a member twice": (b'{"key": "a", "key": "b", "payload": "", "signature": ""}', "not_json"),
    "wrong types outside": (b'{"key": 1, "payload": {}, "signature": null}', "wrong_form"),
    "signature not base64": (
        json.dumps({**json.loads(sign(OURS, GOOD)), "signature": "!!"}).encode(),
        "bad_signature",
    ),
    "time as text": (changed(time=str(NOW)), "wrong_form"),
    "time as fraction": (changed(time=NOW + 0.5), "wrong_form"),
    "time not a number": (changed(time=float("nan")), "wrong_form"),
    "counter true": (changed(counter=True), "wrong_form"),
    "negative counter": (changed(counter=-1), "wrong_form"),
    "huge counter": (changed(counter=10**30), "wrong_form"),
    "command as list": (changed(command=["open"]), "wrong_form"),
    "unknown command": (changed(command="explode"), "wrong_form"),
    "id not a UUID": (changed(id="../../etc/passwd"), "wrong_form"),
    "arguments nested": (changed(arguments={"reason": {"a": 1}}), "wrong_form"),
    "unknown argument": (changed(arguments={"door": 1}), "wrong_form"),
    "payload a list": (with_payload("[]"), "wrong_form"),
    "payload no JSON": (with_payload("open"), "wrong_form"),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_command_is_refused(name: str) -> None:
    raw, expected = FORGED[name]
    assert reason(raw) == expected


def test_a_good_command_is_accepted() -> None:
    verdict = judge(sign(OURS, GOOD), known(), NOW)
    assert verdict == Accepted(GOOD, KEY)


@pytest.mark.parametrize(
    ("counter", "expected"), [(NOW, "replayed"), (NOW + 1, "out_of_order"), (NOW - 1, "accepted")]
)
def test_the_counter_only_grows(counter: int, expected: str) -> None:
    assert reason(sign(OURS, GOOD), known(counters={KEY.id: counter})) == expected


def test_a_revoked_key_opens_nothing() -> None:
    revoked = Key(KEY.id, KEY.name, KEY.public, KEY.commands, revoked=True)
    assert reason(sign(OURS, GOOD), known(keys={KEY.id: revoked})) == "revoked_key"


def test_too_many_in_a_minute_are_refused() -> None:
    recent = [NOW - 2000 * n for n in range(30)]
    assert reason(sign(OURS, GOOD), known(recent={KEY.id: recent})) == "too_many"
    assert reason(sign(OURS, GOOD), known(recent={KEY.id: recent[1:]})) == "accepted"


@given(st.binary(max_size=5000))
def test_no_bytes_at_all_are_accepted_or_break_the_parser(raw: bytes) -> None:
    assert reason(raw) != "accepted"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(
    st.dictionaries(
        st.sampled_from(["id", "gate", "command", "time", "expires", "counter", "arguments"])
        | st.text(),
        json_values | st.sampled_from(["north", "open", NOW]),
    )
)
@pytest.mark.slow
def test_a_signed_payload_of_any_form_breaks_nothing(members: dict[str, object]) -> None:
    assert reason(changed(**members)) in {"accepted", "wrong_form", "too_long"} | {
        "other_gate", "not_entitled", "from_future", "expired", "valid_too_long",
        "counter_too_large", "wrong_arguments",
    }  # fmt: skip


@given(st.data())
def test_one_changed_byte_is_never_accepted(data: st.DataObject) -> None:
    raw = bytearray(sign(OURS, GOOD))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    verdict = judge(bytes(raw), known(), NOW)
    # a byte of the envelope's white space, or an unused bit of base64, changes no meaning
    assert isinstance(verdict, Refused) or verdict.command == GOOD


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


def commands(store: Store, door: Door) -> Commands:
    return Commands(CommandSettings(), "north", store, CLOCK, door)


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

    taker = Commands(CommandSettings(), "north", store, CLOCK, broken)
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

    taker = Commands(CommandSettings(), "north", store, CLOCK, handler)
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
        end = time.monotonic() + 60
        while len(obeyed) < 2 and time.monotonic() < end:
            time.sleep(0.02)
        assert obeyed == ["open", "open"]
        for _ in range(300):  # more than wait in line
            send(b"rubbish")
    finally:
        began = time.monotonic()
        taker.stop()
    assert time.monotonic() - began < 8
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
    taker = Commands(CommandSettings(), "north", store, CLOCK, door, later=waiting.append)
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
    taker = Commands(CommandSettings(), "north", store, CLOCK, door, later=lambda write: None)
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
        commands = Commands(CommandSettings(), "north", store, clock, handler)
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
        end = time.monotonic() + 20
        while not obeyed and time.monotonic() < end:
            time.sleep(0.01)
        commands.stop()
    assert obeyed == ["lockdown"], "once: the retained one is no command"


def test_a_retained_live_command_is_refused_and_answered(tmp_path: Path) -> None:
    answers: list[dict[str, object]] = []
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        clock = ManualClock(start=CLOCK.start)
        commands = Commands(CommandSettings(), "north", store, clock, lambda command: "")
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

        def started() -> Commands:
            never_written: list[object] = []
            return Commands(
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
