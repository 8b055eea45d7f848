"""Faces learnt from cards."""

import sqlalchemy as sa
from alembic import op

import gate.store.tables.base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learnt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("encoder", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=True),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("at", gate.store.tables.base.UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("told", gate.store.tables.base.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_learnt_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learnt")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_learnt_person_id"), "learnt", ["person_id"], unique=False)
    op.create_table(
        "looks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("passage", sa.String(length=36), nullable=False),
        sa.Column("encoder", sa.String(length=80), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("quality", sa.Double(), nullable=False),
        sa.Column("at", gate.store.tables.base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_looks_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_looks")),
        sa.UniqueConstraint("passage", name=op.f("uq_looks_passage")),
    )
    op.create_index(op.f("ix_looks_at"), "looks", ["at"], unique=False)
    op.create_index(op.f("ix_looks_person_id"), "looks", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_looks_person_id"), table_name="looks")
    op.drop_index(op.f("ix_looks_at"), table_name="looks")
    op.drop_table("looks")
    op.drop_index(op.f("ix_learnt_person_id"), table_name="learnt")
    op.drop_table("learnt")
