"""How an import left the people it added, so that it can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_lines", sa.Column("added", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("import_lines", "added")
