"""Where people passed last and how often permits were used, as the boxes of a hub report it."""

import sqlalchemy as sa
from alembic import op

import gate.store.tables.base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sightings",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("at", gate.store.tables.base.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "ref", "source", name=op.f("pk_sightings")),
    )
    op.create_index(op.f("ix_sightings_n"), "sightings", ["n"])
    op.execute("INSERT INTO heads (name, n) VALUES ('sightings', 0)")


def downgrade() -> None:
    op.execute("DELETE FROM heads WHERE name = 'sightings'")
    op.drop_table("sightings")
