"""The people of the rush obey what is on the screen, large or small."""

from __future__ import annotations

from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any, cast

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from benchmarks.live_gate import LiveGate, Resident
from benchmarks.soak.live_rush import Director
from benchmarks.soak.rush import Walker


def answer(
    look: str, passage: str, name: str = "", earlier: tuple[Any, ...] = ()
) -> dict[str, Any]:
    return {"look": look, "passage": passage, "name": name, "earlier": list(earlier)}


def test_an_answer_that_was_large_for_too_short_is_read_where_it_is_small() -> None:
    walkers = [Walker(n, 0.0, stranger=False, card=False) for n in (1, 2, 3)]
    gate = SimpleNamespace(shown=SimpleQueue())
    director = Director(cast(LiveGate, gate), cast(dict[int, Resident], {}), [], list(walkers))
    by_name = {f"N{w.number}": w for w in walkers}
    refused, first = answer("deny", "a"), answer("grant", "b", "N1")
    for now, page in (
        (1.0, answer("grant", "c", "N2", (refused, first))),
        (2.0, answer("idle", "", earlier=(refused, first))),
    ):
        director.obey(page, by_name, now)
    assert [w.granted for w in walkers] == [1.0, 1.0, None]
    assert director.refused == {1: 1.0}  # who was nearest then
