"""The audit: whatever is altered, inserted or cut off, at either end, is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.store.databases import ON_FILES

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def attack(tmp_path: Path, store: Store) -> Callable[..., None]:
    """Somebody with the file and without the key runs SQL on five lines."""
    for n in range(5):
        store.audit.note("clerk", "person.view", f"ref{n}", page=n)
    assert store.audit.verify() == []

    def run(*statements: str) -> None:
        with sqlite3.connect(tmp_path / "gate.db") as connection:
            connection.execute("DROP TRIGGER audit_written_once")
            for statement in statements:
                connection.execute(statement)

    return run


@pytest.mark.slow
@ON_FILES
@pytest.mark.parametrize(
    ("statements", "faults"),
    [
        (["DELETE FROM audit WHERE id <= 2"], ["lines 1 to 2 were removed"]),
        (["DELETE FROM audit WHERE id = 3"], ["lines 3 to 3 were removed"]),
        (["DELETE FROM audit WHERE id >= 4"], ["lines 4 to 5 were removed"]),
        (["DELETE FROM audit"], ["lines 1 to 5 were removed"]),
        (["UPDATE audit SET actor = 'nobody' WHERE id = 5"], ["line 5 was altered"]),
        (["DELETE FROM facts WHERE key = 'audit.head'"], ["the sealed head is gone"]),
        (
            ["DELETE FROM audit WHERE id >= 4", "DELETE FROM facts WHERE key = 'audit.head'"],
            ["the sealed head is gone"],
        ),
        (
            [
                "DELETE FROM audit WHERE id = 5",
                "UPDATE facts SET value = json_set(value, '$.line', 4) WHERE key = 'audit.head'",
            ],
            ["the sealed head was altered"],
        ),
        (
            ["UPDATE facts SET value = '{}' WHERE key = 'audit.head'"],
            ["the sealed head was altered"],
        ),
    ],
)
def test_what_is_removed_or_altered_is_found(
    store: Store, attack: Callable[..., None], statements: list[str], faults: list[str]
) -> None:
    attack(*statements)
    assert store.audit.verify() == faults


@pytest.mark.slow
@ON_FILES
def test_lines_cut_off_with_their_sealed_head_put_back_are_known_from_the_events(
    tmp_path: Path, store: Store, attack: Callable[..., None]
) -> None:
    with sqlite3.connect(tmp_path / "gate.db") as connection:
        (earlier,) = connection.execute(
            "SELECT value FROM facts WHERE key = 'audit.head'"
        ).fetchone()
    store.audit.note("clerk", "person.delete", "ref9")
    store.report_head("north", NOON)
    store.report_head("north", NOON)
    reported = store.events.search(types=("audit.head",))
    assert [row.body["details"]["line"] for row in reported] == [6], "a line is reported once"
    attack(
        "DELETE FROM audit WHERE id = 6",
        f"UPDATE facts SET value = '{earlier}' WHERE key = 'audit.head'",
    )
    assert store.audit.verify() == ["lines 6 to 6 were removed"]


def test_a_chain_of_before_is_sealed_when_it_is_opened(
    tmp_path: Path, settings: StoreSettings
) -> None:
    with Store.open(settings, tmp_path) as store:
        store.audit.note("clerk", "person.view")
        store.key_values.forget("audit.head")
        assert store.audit.verify() == ["the sealed head is gone"]
    with Store.open(settings, tmp_path) as store:
        assert store.audit.verify() == []


def test_an_empty_audit_is_whole(store: Store) -> None:
    assert store.audit.verify() == []
    store.report_head("north", NOON)
    assert store.events.count() == 0
