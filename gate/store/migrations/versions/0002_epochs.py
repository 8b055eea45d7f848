"""A series of numbers of its own for each database, and indexes for pages of one gate."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    epoch = sa.Column("epoch", sa.BigInteger(), server_default="0", nullable=False)
    op.add_column("sequences", epoch)
    op.execute(sa.text("UPDATE sequences SET epoch = :now").bindparams(now=int(time.time())))
    op.create_index(op.f("ix_events_gate_time_sequence"), "events", ["gate", "time", "sequence"])
    op.create_index(op.f("ix_events_gate_type_time"), "events", ["gate", "type", "time"])


def downgrade() -> None:
    op.drop_index(op.f("ix_events_gate_type_time"), table_name="events")
    op.drop_index(op.f("ix_events_gate_time_sequence"), table_name="events")
    op.drop_column("sequences", "epoch")
