"""The checks of a simulated district find what they are for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from gate.district import checks
from gate.district.layout import Layout
from gate.events.event import Event
from gate.store.settings import StoreSettings
from gate.store.store import Store


def opened(folder: Path) -> Store:
    return Store.open(StoreSettings.model_validate({"ballast": 0}), folder)


def test_a_box_is_compared_with_the_hub(tmp_path: Path) -> None:
    layout = Layout(gates=2, people=0, reach=1)
    with opened(tmp_path / "hub") as hub, opened(tmp_path / "box") as box:
        for store in (hub, box):
            home = store.places.household("house-000", "1").id
            store.people.create("same", ref="0" * 32, household_id=home)
        wanted = checks.at_hub(hub, layout)
        assert wanted["gate-001"] == {}
        there = checks.on_box(tmp_path / "box")
        assert checks.people_differ("gate-000", there, wanted["gate-000"]) == []
        assert checks.strangers("gate-000", there, ["0" * 32]) == []
        box.people.update(1, blocked=True)
        box.people.create("too many", ref="1" * 32)
        hub.people.create("too few", ref="2" * 32, household_id=home)
        there, wanted = checks.on_box(tmp_path / "box"), checks.at_hub(hub, layout)
        wrong = checks.people_differ("gate-000", there, wanted["gate-000"])
        assert wrong == [
            f"gate-000: {'1' * 32} is out of scope",
            f"gate-000: {'2' * 32} is missing",
            f"gate-000: {'0' * 32} is not as at the hub",
        ]
        assert len(checks.strangers("gate-000", there, ["0" * 32])) == 1


def test_events_that_are_missing_late_or_twice_are_found(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        made = [Event.make("north", "door.opened", datetime.now(UTC)) for _ in range(3)]
        store.events.append(made)
        series = checks.events_of_box(tmp_path)
        assert [n for _, n, _ in series] == [1, 2, 3]
        assert checks.events_at_hub(store) == {"north": series}
    assert checks.out_of_order("north", series) == []
    assert checks.events_missing("north", series, series) == []
    assert len(checks.out_of_order("north", series[::-1])) == 2
    assert len(checks.out_of_order("north", [*series, (9, 1, series[0][2])])) == 1
    assert checks.events_missing("north", series, series[1:]) == [
        "north: 1 events are not at the hub"
    ]


def test_a_name_left_in_a_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "gate.db-wal").write_bytes(b"\0\0resident-1\0")
    assert checks.bytes_left({"north": tmp_path}, ["resident-2"]) == []
    assert checks.bytes_left({"north": tmp_path}, ["resident-1"]) == [
        "north: gate.db-wal still holds the name of somebody deleted"
    ]
