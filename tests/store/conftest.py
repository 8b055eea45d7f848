"""The store on both databases: what takes ``store`` runs on SQLite and on PostgreSQL.

What is about SQLite's own files is marked ``ON_FILES``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.store.engine import Database
from gate.store.migrate import migrate
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.postgresql import Server


@pytest.fixture
def settings() -> StoreSettings:
    return StoreSettings(ballast=0, busy_timeout=0.3)


@pytest.fixture(scope="session")
def migrated(postgresql_server: Server) -> str:
    """The name of a PostgreSQL database of the present schema, to be copied."""
    address = postgresql_server.database()
    database = Database(address, busy_timeout=60)
    migrate(database)
    database.close()
    return address.partition("@/")[2].partition("?")[0]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, settings: StoreSettings
) -> Iterator[Store]:
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgresql_server")
        url = server.database(like=request.getfixturevalue("migrated"))
        settings = StoreSettings(url=url, ballast=0, busy_timeout=30)
    with Store.open(settings, tmp_path, receivers=("mqtt",)) as opened:
        yield opened
