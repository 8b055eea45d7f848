"""People of the register at a platform: who changed, who left, who withdrew."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from gate.clock import SystemClock
from gate.exporting.exporter import Exporter
from gate.exporting.settings import ExportSettings
from gate.exporting.target import RefusedError
from gate.store.store import Store
from tests.exporting.receiving import Host, Platform

Make = Callable[..., ExportSettings]


class Register:
    """The platform of the community example: keeps people by their id, answers with a code."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.requests = 0
        self.code = 0
        self.refuses: set[str] = set()


@pytest.fixture
def register(platform: Platform, host: Host, monkeypatch: pytest.MonkeyPatch) -> Register:
    """Behind the same HTTP server."""
    made = Register()
    from gate.exporting import http_target

    async def ask(
        self: Any, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, bytes, float]:
        made.requests += 1
        rows = json.loads(body)["data"]
        if any(row.get("name") in made.refuses for row in rows):
            return 422, b"{}", 0.0
        if made.code == 0:
            for row in rows:
                if row["operation"] == "2":
                    made.people.pop(row["personId"], None)
                else:
                    made.people[row["personId"]] = row
        return 200, json.dumps({"code": made.code}).encode(), 0.0

    monkeypatch.setattr(http_target.HttpTarget, "_ask", ask)
    return made


@pytest.fixture
def made(store: Store, settings_for: Make) -> Exporter:
    settings = settings_for(
        mapping="community", purposes=["residence"], kinds=["person"],
        values={"place": "310", "door": "D1"},
    )  # fmt: skip
    return Exporter(settings, "north", store, SystemClock())


def agree(store: Store, name: str, answer: str = "agreed", **fields: Any) -> Any:
    person = store.people.create(name, **fields)
    store.consents.record(person.id, answer, "1", purpose="export")
    return person


@pytest.mark.slow
def test_only_who_agreed_is_sent_and_only_what_changed(
    store: Store, register: Register, made: Exporter
) -> None:
    home = store.places.household("3号楼", "502")
    yes = agree(store, "王芳", household_id=home.id, phone="139")
    agree(store, "李雷", "refused")
    store.people.create("韩梅梅")
    asyncio.run(made.step())
    assert set(register.people) == {yes.ref}
    row = register.people[yes.ref]
    assert row["name"] == "王芳"
    assert row["house"] == {"building": "3号楼", "room": "502"}
    assert "李雷" not in str(register.people)
    before = register.requests
    assert not asyncio.run(made.step())
    store.people.update(yes.id, note="nothing the platform knows")
    assert not asyncio.run(made.step())
    assert register.requests == before
    store.people.update(yes.id, phone="138")
    assert asyncio.run(made.step())
    assert register.people[yes.ref]["phone"] == "138"


@pytest.mark.slow
def test_who_withdraws_or_is_deleted_is_deleted_there(
    store: Store, register: Register, made: Exporter
) -> None:
    a, b = agree(store, "王芳"), agree(store, "李雷")
    asyncio.run(made.step())
    assert [row.target for row in store.exports.of_person(a.id)] == ["north:site"]
    store.consents.record(a.id, "withdrawn", "1", purpose="export")
    asyncio.run(made.step())
    assert set(register.people) == {b.ref}
    assert not store.exports.of_person(a.id)
    store.people.delete(b.id)
    register.code = 500  # the deletion waits until the platform takes it
    with pytest.raises(Exception, match="answers 500 in code"):
        asyncio.run(made.step())
    register.code = 0
    asyncio.run(made.step())
    assert not register.people
    assert store.exports.count("north:site") == 0


@pytest.mark.slow
def test_a_switch_that_is_turned_off_takes_people_back(
    store: Store, register: Register, made: Exporter, settings_for: Make
) -> None:
    agree(store, "王芳")
    asyncio.run(made.step())
    assert register.people
    off = settings_for(mapping="community", kinds=["person"], values={"place": "310"})
    asyncio.run(Exporter(off, "north", store, SystemClock()).step())
    assert not register.people


@pytest.mark.slow
def test_one_person_the_platform_refuses_does_not_keep_others_out(
    store: Store, register: Register, made: Exporter
) -> None:
    people = [agree(store, f"n{i}") for i in range(20)]
    register.refuses = {"n3"}
    asyncio.run(made.step())
    assert set(register.people) == {p.ref for p in people if p.name != "n3"}
    [line] = [line for line in store.audit.lines() if line.action == "platform.refused"]
    assert line.details["position"] == people[3].id
    assert "n3" not in str(line.details)


@pytest.mark.slow
def test_a_platform_that_refuses_everybody_is_tried_again(
    store: Store, register: Register, made: Exporter
) -> None:
    people = [agree(store, f"n{i}") for i in range(9)]
    register.refuses = {p.name for p in people}
    with pytest.raises(RefusedError):
        asyncio.run(made.step())
    register.refuses = set()
    asyncio.run(made.step())
    assert set(register.people) == {p.ref for p in people}


@pytest.mark.slow
def test_after_long_absence_everybody_is_compared(
    store: Store, register: Register, made: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = agree(store, "王芳")
    asyncio.run(made.step())
    before = register.requests
    b = agree(store, "李雷")
    since = store.changes.since
    monkeypatch.setattr(store.changes, "since", lambda g: (since(g)[0], None))
    asyncio.run(made.step())
    assert set(register.people) == {a.ref, b.ref}
    assert register.requests == before + 1
