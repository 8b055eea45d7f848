"""How residents are notified that their visitor came, and whether they were."""

import sqlalchemy as sa
from alembic import op

import gate.store.tables.base

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "arrival_ways",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("at", gate.store.tables.base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_arrival_ways_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_arrival_ways")),
    )
    op.create_table(
        "arrival_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=36), nullable=False),
        sa.Column("permit_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("at", gate.store.tables.base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["permit_id"],
            ["permits.id"],
            name=op.f("fk_arrival_notices_permit_id_permits"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_arrival_notices_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival_notices")),
        sa.UniqueConstraint("event", "person_id", name=op.f("uq_arrival_notices_event_person_id")),
    )
    op.create_index(
        op.f("ix_arrival_notices_permit_id"), "arrival_notices", ["permit_id"], unique=False
    )
    op.create_index(
        op.f("ix_arrival_notices_person_id"), "arrival_notices", ["person_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_arrival_notices_person_id"), table_name="arrival_notices")
    op.drop_index(op.f("ix_arrival_notices_permit_id"), table_name="arrival_notices")
    op.drop_table("arrival_notices")
    op.drop_table("arrival_ways")
