"""Whose record left the box, and to which platform."""

import sqlalchemy as sa
from alembic import op

import gate.store.tables.base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exported",
        sa.Column("target", sa.String(length=60), nullable=False),
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("at", gate.store.tables.base.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("target", "person_id", name=op.f("pk_exported")),
    )


def downgrade() -> None:
    op.drop_table("exported")
