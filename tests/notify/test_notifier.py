"""From the outbox to a receiver on the network and back: real Apprise, a receiver of our own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from enroll.history import acknowledge
from gate.errors import BrokerError, ConfigurationError
from gate.events.event import Event
from gate.notify import notifier
from gate.notify.notifier import RECEIVER, Notifier
from gate.notify.sending import AppriseSender
from gate.notify.settings import NotifyReceiver, NotifySettings
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.notify.telephone import Telephone, ringing
from tests.waiting import PATIENCE, wait_for

pytest.importorskip("apprise")


@pytest.fixture
def telephone() -> Iterator[Telephone]:
    with ringing() as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0), tmp_path, receivers=[RECEIVER]) as opened:
        yield opened


class Box:
    def __init__(self, store: Store, telephone: Telephone, **values: Any) -> None:
        to = NotifyReceiver.model_validate({"name": "guard", "url": telephone.url})
        self.settings = NotifySettings(enabled=True, to=(to,), **values)
        self.time = datetime.now(UTC)
        self.store = store
        self.notifier = Notifier(
            self.settings,
            "north",
            "东门",
            store,
            AppriseSender(self.settings.to),
            None,
            now=lambda: self.time,
        )

    def record(self, kind: str, **fields: Any) -> Event:
        return self.store.writer.record(Event.make("north", kind, self.time, **fields)).result(
            PATIENCE
        )

    def look(self, after: float = 0) -> None:
        self.time += timedelta(seconds=after)
        self.notifier.look()


def waiting(store: Store) -> int:
    return store.outbox.waiting("north", RECEIVER)


@pytest.mark.slow
def test_an_alarm_reaches_the_telephone_and_leaves_the_outbox(
    store: Store, telephone: Telephone
) -> None:
    box = Box(store, telephone)
    box.record("passage.granted", person="ref-9")
    box.record("door.forced", person="ref-9", details={"by": "王芳"})
    box.look()
    (got,) = telephone.got
    assert got["title"].startswith("东门：")
    assert "ref-9" not in json.dumps(got)
    assert waiting(store) == 0


@pytest.mark.slow
def test_a_network_that_is_away_loses_none_and_a_restart_neither(
    store: Store, telephone: Telephone
) -> None:
    box = Box(store, telephone)
    telephone.away = True
    for _ in range(3):
        box.record("door.forced")
    box.look()
    box.look(1)  # not tried again at once
    assert isinstance(box.notifier.fault, BrokerError)
    assert "secret-token" not in str(box.notifier.fault)
    assert waiting(store) == 3
    telephone.away = False
    again = Box(store, telephone)  # the process was restarted
    again.look(20)
    assert len(telephone.got) == 1
    assert "×3" in telephone.got[0]["message"]
    assert waiting(store) == 0


@pytest.mark.slow
def test_acknowledged_at_the_desk_it_is_not_repeated(store: Store, telephone: Telephone) -> None:
    box = Box(store, telephone, repeat=600)
    event = box.record("door.forced")
    box.look()
    box.look(601)
    assert len(telephone.got) == 2
    assert "确认" in telephone.got[1]["message"]
    assert acknowledge(store.database, event.id, "wang", "")
    box.look(601)
    box.look(601)
    assert len(telephone.got) == 2


@pytest.mark.slow
def test_the_thread_does_it_by_itself(
    store: Store, telephone: Telephone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "LOOK_EVERY", 0.05)
    box = Box(store, telephone)
    box.notifier.start()
    box.record("door.fire")
    wait_for(lambda: telephone.got)
    box.notifier.stop()


def test_an_address_that_apprise_does_not_know_is_named_without_its_secret() -> None:
    wrong = NotifyReceiver.model_validate({"name": "x", "url": "banana://token"})
    with pytest.raises(ConfigurationError) as refused:
        AppriseSender((wrong,))
    assert "token" not in str(refused.value)
