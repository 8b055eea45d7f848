"""Files in a folder and on an SFTP server (asyncssh's, with faults)."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gate.clock import SystemClock
from gate.errors import ConfigurationError
from gate.events.event import Event
from gate.exporting.exporter import Exporter
from gate.exporting.settings import ExportSettings
from gate.exporting.target import DeliveryError
from gate.store.store import Store
from tests.simulators.sftp_server import Sftp

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
Make = Callable[..., ExportSettings]


def passages(store: Store, count: int) -> None:
    store.events.append([Event.make("north", "passage.granted", NOON) for _ in range(count)])


def lines(folder: Path) -> list[int]:
    """Sequences in the files of a folder, in the order of their names."""
    found = []
    for file in sorted(folder.glob("passages-*.jsonl")):
        found += [json.loads(line)["sequence"] for line in file.read_text().splitlines()]
    return found


def drive(exporter: Exporter) -> None:
    async def run() -> None:
        for _ in range(60):
            try:
                if not await exporter.step():
                    return
            except DeliveryError as error:
                exporter.fault = error
        raise AssertionError(exporter.fault)

    asyncio.run(run())


def test_json_lines_in_a_folder(store: Store, settings_for: Make, tmp_path: Path) -> None:
    out = tmp_path / "out"
    passages(store, 20)
    settings = settings_for(url=out.as_uri(), mapping="json-lines")
    drive(Exporter(settings, "north", store, SystemClock()))
    assert lines(out) == list(range(1, 21))
    assert not list(out.glob(".*"))


@pytest.mark.slow
def test_a_batch_written_twice_is_one_file(
    store: Store, settings_for: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    passages(store, 5)
    settings = settings_for(url=out.as_uri(), mapping="json-lines")
    died = Exporter(settings, "north", store, SystemClock())
    monkeypatch.setattr(died, "_accepted", lambda run, position: None)  # killed before it counts
    asyncio.run(died.step())
    passages(store, 5)
    drive(Exporter(settings, "north", store, SystemClock()))
    assert lines(out) == list(range(1, 11))


def test_a_folder_that_cannot_be_written(store: Store, settings_for: Make, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    passages(store, 1)
    settings = settings_for(url=(tmp_path / "out").as_uri(), mapping="json-lines")
    with pytest.raises(DeliveryError, match="cannot be written"):
        asyncio.run(Exporter(settings, "north", store, SystemClock()).step())


def test_csv_with_names_of_those_who_agreed(
    store: Store, settings_for: Make, tmp_path: Path
) -> None:
    yes, no = store.people.create("王芳"), store.people.create("李雷")
    store.consents.record(yes.id, "agreed", "1", purpose="export")
    store.events.append(
        [
            Event.make("north", "passage.granted", NOON, person=who.ref, decision="grant")
            for who in (yes, no)
        ]
    )
    settings = settings_for(
        url=(tmp_path / "out").as_uri(), mapping="csv", purposes=["report"], kinds=["passage"]
    )
    drive(Exporter(settings, "north", store, SystemClock()))
    [file] = (tmp_path / "out").glob("*.csv")
    text = file.read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["name"] for row in rows] == ["王芳", ""]
    assert rows[0]["time"] == "2026-06-01 20:00:00"
    assert "李雷" not in text


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[Sftp]:
    pytest.importorskip("asyncssh")
    (tmp_path / "there").mkdir()
    server = Sftp(tmp_path / "there")
    yield server
    server.close()


def sftp_settings(sftp: Sftp, make: Make, tmp_path: Path, **changed: Any) -> ExportSettings:
    values = {
        "url": f"sftp://gate@127.0.0.1:{sftp.port}/drop/north",
        "mapping": "json-lines",
        "token": "secret word",
        "timeout": 20,
        "known_hosts": sftp.known_hosts(tmp_path / "known_hosts"),
    }
    return make(**(values | changed))


@pytest.mark.slow
def test_sftp_with_a_full_disk_in_between(
    sftp: Sftp, store: Store, settings_for: Make, tmp_path: Path
) -> None:
    passages(store, 10)
    made = Exporter(sftp_settings(sftp, settings_for, tmp_path), "north", store, SystemClock())

    async def run() -> None:
        assert await made.step()
        sftp.full = True
        for _ in range(2):
            with pytest.raises(DeliveryError, match="does not take the file"):
                await made.step()
        sftp.full = False
        while await made.step():
            pass

    asyncio.run(run())
    folder = sftp.folder / "drop" / "north"
    assert lines(folder) == list(range(1, 11))
    assert not list(folder.glob(".*"))


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["host key", "password"])
def test_an_sftp_server_that_is_another_or_knows_another_password_gets_nothing(
    wrong: str, sftp: Sftp, store: Store, settings_for: Make, tmp_path: Path
) -> None:
    import asyncssh

    settings = sftp_settings(sftp, settings_for, tmp_path)
    if wrong == "password":
        settings = sftp_settings(sftp, settings_for, tmp_path, token="other")
    else:
        sftp.key = asyncssh.generate_private_key("ssh-ed25519")
        sftp.known_hosts(tmp_path / "known_hosts")
    passages(store, 1)
    with pytest.raises(DeliveryError):
        asyncio.run(Exporter(settings, "north", store, SystemClock()).step())
    assert not list(sftp.folder.iterdir())
    assert store.outbox.waiting("north", settings.receiver) == 1


def test_sftp_without_a_known_host_is_a_mistake_of_the_configuration(
    settings_for: Make,
) -> None:
    with pytest.raises(ValueError, match="known_hosts"):
        settings_for(url="sftp://gate@box/x")


def test_sftp_without_its_package(
    store: Store, settings_for: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "asyncssh", None)
    settings = settings_for(url="sftp://gate@box/x", known_hosts=tmp_path / "k")
    with pytest.raises(ConfigurationError, match="asyncssh"):
        Exporter(settings, "north", store, SystemClock())
