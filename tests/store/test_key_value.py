"""Values by the beginning of their key, in the order of texts of any database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.access.antipassback import Place
from gate.services import presence
from gate.services.absence_alerts import AbsenceAlerts
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.postgresql import Server

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)


def test_a_key_begins_with_all_of_the_prefix(tmp_path: Path) -> None:
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        for key in ("a:1", "a:", "a", "a;1", "b:a:1", "a_1"):
            store.key_values.set(key, {"key": key})
        assert set(store.key_values.beginning("a:")) == {"a:1", "a:"}
        assert set(store.key_values.beginning("a_")) == {"a_1"}


@pytest.mark.slow
def test_places_and_absences_are_found_where_a_semicolon_comes_before_a_colon(
    tmp_path: Path, postgresql_server: Server
) -> None:
    """As in the collations of Chinese and English, which Debian's PostgreSQL has."""
    import psycopg

    try:
        url = postgresql_server.database(locale="zh-CN")
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.SyntaxError):
        pytest.skip("this PostgreSQL was built without ICU, or is older than 15")
    with Store.open(StoreSettings.model_validate({"url": url}), tmp_path) as store:
        person = store.people.create("李红").id
        store.consents.record(person, "agreed", "1", purpose="not_seen")
        place = Place(inside=True, at=NOW.timestamp())
        presence.save(store, person, place)
        assert presence.load(store) == {person: place}
        alerts = AbsenceAlerts(store, "north", 24.0, lambda event: None)
        alerts.saw(person, NOW)
        assert alerts.watched(NOW)[person].seen == NOW
