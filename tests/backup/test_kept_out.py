"""What was blocked since a backup stays blocked, and so does what the backup itself has blocked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.access.permit import key_id
from gate.access.settings import PermitSettings
from gate.backup.kept_out import keep_out
from gate.services.permits import PermitBook
from gate.store.credentials import note_permit
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import PermitRow

STORE = StoreSettings(ballast=0)
NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    """A register, and what was copied of it before anything of a test happened."""
    with ExitStack() as opened:
        old = opened.enter_context(Store.open(STORE, tmp_path / "old"))
        old.people.create("李红")
        old.credentials.add(1, "card", "0012345678")
        permit = PermitRow(id="p", person_id=1, valid_from=NOW, valid_until=NOW + timedelta(days=1))
        with old.database.write() as session:
            session.add(permit)
        (tmp_path / "new").mkdir()
        old.database.backup(tmp_path / "new" / "gate.db")
        shutil.copy(tmp_path / "old" / STORE.key, tmp_path / "new")
        yield old, opened.enter_context(Store.open(STORE, tmp_path / "new"))


def test_nothing_was_blocked(both: tuple[Store, Store]) -> None:
    old, new = both
    before = new.changes.generation()
    assert keep_out(old, new) == 0
    assert new.changes.generation() == before


def test_a_gate_hears_of_what_is_blocked_again(both: tuple[Store, Store]) -> None:
    old, new = both
    old.credentials.revoke(1, "lost")
    old.credentials.revoke_permit("p", "thrown out")
    before = new.changes.generation()
    assert keep_out(old, new) == 2
    assert new.changes.generation() > before
    found = new.credentials.find("card", "0012345678")
    assert found is not None
    assert found.credential.revoked_reason == "lost"
    assert keep_out(old, new) == 0  # it is already


def test_nobody_whom_the_backup_has_blocked_is_let_in(both: tuple[Store, Store]) -> None:
    """The block was lifted before somebody moved out; the other way round, too."""
    old, new = both
    old.people.update(1, active=False)
    new.people.update(1, blocked=True, blocked_reason="a court order")
    assert keep_out(old, new) == 1
    row = new.people.get(1)
    assert row is not None
    assert (row.blocked, row.blocked_reason, row.active) == (True, "a court order", False)
    old.people.update(1, blocked=True, active=True)
    assert keep_out(old, new) == 0
    row = new.people.get(1)
    assert row is not None
    assert (row.blocked, row.active) == (True, False)


def test_the_uses_of_a_permit_are_not_given_back(both: tuple[Store, Store]) -> None:
    old, new = both
    for store in both:
        with store.database.write() as session:
            session.get(PermitRow, "p").uses_allowed = 1  # type: ignore[union-attr]
    assert old.credentials.use_permit("p")
    assert keep_out(old, new) == 1
    assert not new.credentials.use_permit("p")
    assert keep_out(old, new) == 0


def test_what_an_older_backup_had_noted_counts_in_a_newer_one_that_has_the_permit(
    both: tuple[Store, Store],
) -> None:
    """Put back were one from before the permit was issued, then one from before it was revoked."""
    old, new = both
    with old.database.write() as session:
        session.delete(session.get_one(PermitRow, "p"))
        assert note_permit(session, "p", {"revoked": True, "uses": 2})
    before = new.changes.generation()
    assert keep_out(old, new) == 1
    assert new.changes.generation() > before
    with new.database.read() as session:
        row = session.get_one(PermitRow, "p")
        assert (row.revoked is not None, row.uses) == (True, 2)
    assert keep_out(old, new) == 0


@pytest.mark.parametrize("before", [True, False])
def test_a_code_that_the_backup_does_not_know_stays_revoked(
    both: tuple[Store, Store], before: bool
) -> None:
    """A gate believes the signature of a visitor's code of which it knows nothing."""
    old, new = both
    key, now = Ed25519PrivateKey.generate(), datetime.now(UTC)
    public = key.public_key()

    def book(store: Store) -> PermitBook:
        return PermitBook(store, {key_id(public): public}, PermitSettings())

    visitor = old.people.create("王伟", kind="visitor").id
    given = book(old).issue(key, visitor, now, now + timedelta(hours=1), now=now)
    if before:
        book(old).revoke(given.permit.serial, "thrown out")
    else:  # with its person; only the serial is noted
        old.people.delete(visitor)
    assert book(new).look_up(given.text, "north", now)[1].problem == ""
    assert keep_out(old, new) == 1
    assert book(new).look_up(given.text, "north", now)[1].problem == "permit_revoked"
    assert keep_out(old, new) == 0
