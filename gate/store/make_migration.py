"""``python -m gate.store.make_migration NAME``: writes a migration for tables that changed.

It compares the tables with what the migrations so far make. Moving data is written into the new
file by hand, and tested from a database of the revision before.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext

from gate.store.engine import Database
from gate.store.migrate import migrate, revision
from gate.store.tables import Base

FOLDER = Path(__file__).parent / "migrations" / "versions"

_FILE = '''"""{name}."""

import sqlalchemy as sa
from alembic import op

import gate.store.tables.base

revision = "{new}"
down_revision = "{old}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    {up}


def downgrade() -> None:
    {down}
'''


def render(name: str) -> tuple[str, str] | None:
    """File name and text of the next migration; None when the tables are as the migrations say."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/empty.db")
        migrate(database)
        old = revision(database) or "0000"
        with database.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            script = produce_migrations(context, Base.metadata)
        database.close()
    assert script.upgrade_ops is not None
    assert script.downgrade_ops is not None
    if script.upgrade_ops.is_empty():
        return None
    new = f"{int(old) + 1:04}"
    text = _FILE.format(
        name=name, new=new, old=old, up=_body(script.upgrade_ops), down=_body(script.downgrade_ops)
    )
    return f"{new}_{re.sub(r'[^a-z0-9]+', '_', name.lower())}.py", text


def _body(operations: object) -> str:
    text = render_python_code(operations)  # type: ignore[arg-type]
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return re.sub(r"[ \t]+$", "", "\n".join(lines).strip(), flags=re.M)


if __name__ == "__main__":
    made = render(" ".join(sys.argv[1:]) or "changed tables")
    if made is None:
        print("nothing to do: the migrations make exactly the tables")
    else:
        (FOLDER / made[0]).write_text(made[1])
        print(f"written: {FOLDER / made[0]}")
