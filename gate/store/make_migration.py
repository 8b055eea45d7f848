"""``python -m gate.store.make_migration``: writes the first migration from the tables.

Until the first release there is one migration, written anew whenever a table changes. After it,
each change gets a file of its own beside it.
"""

from __future__ import annotations

import re
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from gate.store.tables import Base

TARGET = Path(__file__).parent / "migrations" / "versions" / "0001_initial.py"

_FILE = '''"""The first schema. Written by gate/store/make_migration.py; not edited by hand."""
# ruff: noqa
# fmt: off
# mypy: ignore-errors

import sqlalchemy as sa
from alembic import op

import gate.store.tables.base
from gate.store import immutability

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    {up}
    for statement in immutability.statements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    {down}
'''


def render() -> str:
    """The text of the migration that makes all tables of ``gate.store.tables``."""
    with create_engine("sqlite://").connect() as connection:
        context = MigrationContext.configure(connection)
        script = produce_migrations(context, Base.metadata)
    assert script.upgrade_ops is not None
    assert script.downgrade_ops is not None
    return _FILE.format(up=_body(script.upgrade_ops), down=_body(script.downgrade_ops))


def _body(operations: object) -> str:
    text = render_python_code(operations)  # type: ignore[arg-type]
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return re.sub(r"[ \t]+$", "", "\n".join(lines).strip(), flags=re.M)


if __name__ == "__main__":
    TARGET.write_text(render())
    print(f"written: {TARGET}")
