"""docs/exporting.md, tried word for word."""

from __future__ import annotations

import asyncio
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.clock import SystemClock
from gate.config.settings import build
from gate.events.event import Event
from gate.exporting import mapping as m
from gate.exporting.exporter import Exporter
from gate.store.store import Store
from tests.exporting.receiving import RECEIVER

PAGE = (Path(__file__).parents[2] / "docs" / "exporting.md").read_text("utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.S)


@pytest.mark.slow
def test_the_first_configuration_writes_the_file_it_names(store: Store, tmp_path: Path) -> None:
    text = BLOCKS[0].replace("/srv/gate-export", str(tmp_path / "out"))
    [settings] = build(tomllib.loads(text)).export
    settings = settings.model_copy(update={"name": RECEIVER.removeprefix("export:")})
    at = datetime.now(UTC)
    store.events.append([Event.make("gate-1", "passage.granted", at) for _ in range(50)])
    asyncio.run(Exporter(settings, "gate-1", store, SystemClock()).step())
    [file] = (tmp_path / "out").iterdir()
    [named] = re.findall(r"`(passages-\S+\.jsonl)`", PAGE)
    assert re.sub("[0-9]{10}", "E", file.name, count=1) == re.sub("[0-9]{10}", "E", named, count=1)


def test_the_mapping_of_your_own_is_one() -> None:
    mapping = m.parse(BLOCKS[1])
    assert list(mapping.records) == ["passage"]


def test_every_source_and_shipped_mapping_is_on_the_page() -> None:
    for source in m.EVENT_SOURCES | m.HEALTH | {"action"}:
        assert f"`{source}`" in PAGE, source
    for source in m.PERSON_SOURCES - {"person.ref"}:
        assert f"`{source.removeprefix('person')}`" in PAGE, source
    for file in m.SHIPPED.glob("*.toml"):
        assert f"`{file.stem}`" in PAGE
