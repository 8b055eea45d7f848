"""Orders that come over the broker, and what is not begun where nothing can be kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.clock import ManualClock
from gate.config.settings import build
from gate.daemon import integrations
from gate.daemon.integrations import Integrations
from gate.daemon.orders import Order
from gate.integrations.signed_command import Command
from gate.store.settings import StoreSettings
from gate.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0), tmp_path) as opened:
        yield opened


def made(store: Store, orders: list[Order], *, kept: bool, **settings: object) -> Integrations:
    return Integrations(
        build(settings),
        store,
        ManualClock(),
        order=orders.append,
        refusal=lambda kind: "",
        reload=lambda: None,
        alive=lambda: "",
        ready=lambda: "",
        kept=kept,
    )


@pytest.mark.parametrize("known", [True, False, None])
@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("name", ["open", "hold", "normal", "lockdown", "reload"])
def test_where_none_can_be_kept_only_a_clock_that_is_right_tells_an_old_command(
    store: Store, monkeypatch: pytest.MonkeyPatch, name: str, kept: bool, known: bool | None
) -> None:
    monkeypatch.setattr(integrations, "synchronised", lambda: known)
    orders: list[Order] = []
    outgoing = made(store, orders, kept=kept)
    answer = outgoing._obey(Command("id", "gate-1", name, 0, 1, 7))
    refused = not kept and known is not True and name in ("open", "hold", "normal")
    assert answer == ("clock" if refused else "")
    assert [order.kind for order in orders] == ([] if refused or name == "reload" else [name])


@pytest.mark.parametrize("kept", [True, False])
def test_no_export_begins_that_would_forget_how_far_it_came(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kept: bool
) -> None:
    began: list[str] = []
    monkeypatch.setattr(Integrations, "_open_export", lambda _, export: began.append(export.name))
    export = {"name": "city", "url": f"file://{tmp_path}/out"}
    outgoing = made(store, [], kept=kept, export=[export], mqtt={"enabled": False})
    outgoing.open()
    outgoing.close()
    assert began == (["city"] if kept else [])
