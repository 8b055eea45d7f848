"""A backup holds what a box needs, is taken while others write, and is checked before it counts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, select

from gate.backup import archive, sealed
from gate.backup.restore import Restored, place_configuration, restore
from gate.errors import StoreError
from gate.events.event import Event
from gate.hub.boxes import Boxes
from gate.recognition.face import Template
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import BoxRow, CredentialRow, ErasureRow, PermitRow
from tests.waiting import PATIENCE

NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
STORE = StoreSettings(ballast=0)
SECRET, PUBLIC = sealed.new_recovery_key()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "box" / "data"


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    with Store.open(STORE, data) as opened:
        yield opened


def written(store: Store, data: Path, to: Path, now: datetime = NOW) -> archive.Written:
    config = data.parent / "gate.toml"
    config.write_text('name = "north"\n')
    return archive.write(
        store.database,
        data,
        config,
        to,
        sealed.for_recovery_key(PUBLIC),
        gate="north",
        counts=(store.people.count(), store.events.count(), store.events.last_sequence("north")),
        now=now,
    )


def put_back(file: Path, data: Path, *, replace: bool = False) -> Restored:
    return restore(file, SECRET, data, STORE, replace=replace, now=NOW)


def test_the_configuration_is_placed_only_where_there_is_none(
    store: Store, data: Path, tmp_path: Path
) -> None:
    file = written(store, data, tmp_path / "stick").path
    config = tmp_path / "new" / "gate.toml"
    with pytest.raises(StoreError):
        place_configuration(file, "another secret", config)
    assert not config.exists()
    assert place_configuration(file, SECRET, config)
    assert config.read_text() == 'name = "north"\n'
    config.write_text('name = "south"\n')
    assert not place_configuration(file, SECRET, config)
    assert config.read_text() == 'name = "south"\n'


@pytest.mark.slow
def test_a_box_lives_again_on_new_hardware(store: Store, data: Path, tmp_path: Path) -> None:
    person = store.people.create("李红")
    vector = np.full(4, 0.5, np.float32)
    store.templates.add(Template(person.id, vector, "test", 0.9))
    (data / "permit.key").write_text("a private key")
    (data / "broker").mkdir()
    (data / "broker" / "ca.crt").write_text("a certificate")
    file = written(store, data, tmp_path / "stick").path

    new = tmp_path / "new" / "data"
    done = put_back(file, new)

    assert (done.manifest.people, done.aside, done.compared) == (1, None, False)
    assert (new / "permit.key").read_text() == "a private key"
    assert (new / "broker" / "ca.crt").read_text() == "a certificate"
    with Store.open(STORE, new) as again:
        assert again.people.find()[0].name == "李红"
        assert again.templates.of([person.id], "test")[0].vector.tolist() == vector.tolist()
    assert all(path.stat().st_mode & 0o077 == 0 for path in new.rglob("*") if path.is_file())


def test_what_can_be_fetched_again_is_left_out(store: Store, data: Path, tmp_path: Path) -> None:
    for name in ("models/big.onnx", "imports/7/table.csv", "gate.ballast", "north.lock"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text("x")
    inside = set(written(store, data, tmp_path / "stick").manifest.files)
    assert inside == {"configuration/gate.toml", "data/gate.db", "data/gate.key"}


def test_nothing_in_the_file_can_be_read_without_the_key(
    store: Store, data: Path, tmp_path: Path
) -> None:
    store.people.create("李红梅")
    content = written(store, data, tmp_path / "stick").path.read_bytes()
    assert "李红梅".encode() not in content
    assert (data / "gate.key").read_bytes().strip() not in content


@pytest.mark.slow
def test_it_is_whole_although_others_write(store: Store, data: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    begun = threading.Event()

    def write() -> None:
        while not stop.is_set():
            store.writer.record(Event.make("north", "gate.started", NOW)).result(PATIENCE)
            begun.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert begun.wait(PATIENCE)
    file = written(store, data, tmp_path / "stick").path
    stop.set()
    thread.join()
    put_back(file, tmp_path / "new" / "data")
    with Store.open(STORE, tmp_path / "new" / "data") as again:
        numbers = [event["sequence"] for event in again.events.since(NOW - timedelta(days=1))]
        assert again.events.series()["north"][0] > store.events.series()["north"][0]
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers


@pytest.mark.slow
def test_whoever_was_deleted_since_is_deleted_again_and_the_rest_is_listed(
    store: Store, data: Path, tmp_path: Path
) -> None:
    stays, leaves = store.people.create("李红"), store.people.create("王伟")
    file = written(store, data, tmp_path / "stick").path
    store.people.delete(leaves.id)
    store.people.create("赵新")
    store.writer.record(Event.make("north", "gate.started", NOW)).result(PATIENCE)
    store.close()

    done = put_back(file, data, replace=True)

    assert done.compared
    assert (done.deleted_again, done.newer_people, done.newer_events) == (1, 1, 1)
    assert done.aside is not None
    assert (done.aside / "gate.db").exists()
    with Store.open(STORE, data) as again:
        assert [row.ref for row in again.people.find()] == [stays.ref]
    assert "王伟".encode() not in (data / "gate.db").read_bytes()


@pytest.mark.slow
def test_a_newer_backup_after_an_older_one_brings_everybody_back(
    store: Store, data: Path, tmp_path: Path
) -> None:
    """The older one was put back by mistake: whom it never had nobody has deleted."""
    store.people.create("李红")
    older = written(store, data, tmp_path / "stick").path
    store.people.create("王伟")
    leaves = store.people.create("赵新")
    newer = written(store, data, tmp_path / "stick", NOW + timedelta(days=1)).path
    store.people.delete(leaves.id)
    store.close()
    put_back(older, data, replace=True)
    done = restore(newer, SECRET, data, STORE, replace=True, now=NOW + timedelta(days=2))
    assert (done.compared, done.deleted_again) == (True, 1)
    with Store.open(STORE, data) as again:
        assert {row.name for row in again.people.find()} == {"李红", "王伟"}


@pytest.mark.slow
def test_of_a_version_that_did_not_note_deletions_whoever_is_missing_was_deleted(
    store: Store, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaves = store.people.create("王伟")
    file = written(store, data, tmp_path / "stick").path
    store.people.delete(leaves.id)
    with store.database.write() as session:
        session.execute(delete(ErasureRow))
    store.close()
    monkeypatch.setattr("gate.backup.restore.revision", lambda database: "0002")
    assert put_back(file, data, replace=True).deleted_again == 1


@pytest.mark.slow
def test_what_was_blocked_since_does_not_count_again(
    store: Store, data: Path, tmp_path: Path
) -> None:
    people = [store.people.create(name) for name in ("李红", "王伟", "赵新", "张安")]
    lost, kept = (store.credentials.add(people[0].id, "card", n).id for n in ("111111", "222222"))
    permit = PermitRow(person_id=people[0].id, valid_from=NOW, valid_until=NOW + timedelta(days=1))
    box = BoxRow(id="b", gate="north", certificate="c", signing=b"", public=b"", ends=NOW)
    with store.database.write() as session:
        session.add_all([permit, box])
    store.command_keys.add("k", "platform", bytes(32), ["open"])
    file = written(store, data, tmp_path / "stick").path
    store.credentials.revoke(lost, "lost")
    store.credentials.revoke_permit(permit.id, "thrown out")
    store.people.update(people[1].id, blocked=True, blocked_reason="a court order")
    store.people.update(people[2].id, active=False)
    store.command_keys.revoke("platform")
    Boxes(store).end("b", "revoked", "stolen", "guard")
    store.close()

    assert put_back(file, data, replace=True).kept_out == 6

    with Store.open(STORE, data) as again, again.database.read() as session:
        revoked = {row.id for row in session.scalars(select(CredentialRow)) if row.revoked}
        assert revoked == {lost} != {kept}
        found = [again.people.get(person.id) for person in people]
        assert [(row.blocked, row.active) for row in found if row] == [
            (False, True),
            (True, True),
            (False, False),
            (False, True),
        ]
        assert again.credentials.permit(permit.id).revoked is not None  # type: ignore[union-attr]
        assert again.command_keys.list()[0].revoked is not None
        assert Boxes(again).all() == []


def test_a_register_that_is_there_is_not_overwritten_unasked(
    store: Store, data: Path, tmp_path: Path
) -> None:
    file = written(store, data, tmp_path / "stick").path
    before = (data / "gate.db").read_bytes()
    with pytest.raises(StoreError, match="there is a register already"):
        put_back(file, data)
    assert (data / "gate.db").read_bytes() == before


def test_a_damaged_backup_changes_nothing(store: Store, data: Path, tmp_path: Path) -> None:
    file = written(store, data, tmp_path / "stick").path
    content = bytearray(file.read_bytes())
    content[-20] ^= 1
    file.write_bytes(content)
    with pytest.raises(StoreError):
        put_back(file, data, replace=True)
    assert (data / "gate.db").exists()
    assert [p.name for p in data.parent.iterdir() if p.name.startswith(".restore")] == []


def test_a_folder_that_cannot_be_written_leaves_no_half_file(
    store: Store, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="cannot be written"):
        written(store, data, tmp_path / "file")
    assert not list(data.glob("backup-*"))


@pytest.mark.slow
def test_the_oldest_leave_and_the_newest_stays(store: Store, data: Path, tmp_path: Path) -> None:
    made = [
        written(store, data, tmp_path / "stick", NOW + timedelta(days=d)).path for d in (0, 1, 2)
    ]
    foreign = tmp_path / "stick" / "south-20260101T000000Z.gatebackup"
    foreign.write_text("another gate's")
    assert archive.rotate(tmp_path / "stick", "north", keep=2) == made[:1]
    assert archive.rotate(tmp_path / "stick", "north", keep=0) == made[1:2]
    assert sorted((tmp_path / "stick").iterdir()) == sorted([made[2], foreign])
