"""Cards of a box that was alone are found by its own key after it has joined a community."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.store.database_errors import ConflictError
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import CredentialRow


def test_cards_hashed_with_an_adopted_key_are_found_also_after_a_restart(
    tmp_path: Path, settings: StoreSettings
) -> None:
    other = bytes(range(32))
    with Store.open(settings, tmp_path) as store:
        person = store.people.create("李红").id
        assert store.card_keys.adopt([other])
        assert not store.card_keys.adopt([other])
        digest = store.vault.digests("card", "111")[1]
        with store.database.write() as session:
            session.add(CredentialRow(person_id=person, kind="card", hash=digest))
        assert store.credentials.find("card", "111") is not None
        with pytest.raises(ConflictError, match="somebody has it"):
            store.credentials.add(store.people.create("王刚").id, "card", "111")
        store.credentials.add(person, "card", "222")
    with Store.open(settings, tmp_path) as store:
        assert store.credentials.find("card", "111") is not None
        assert store.credentials.find("card", "222") is not None
        assert other not in (tmp_path / "gate.db").read_bytes()
