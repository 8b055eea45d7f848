"""Numbers in the order of commits, one calibration in use, and the tables of a hub."""

import sqlalchemy as sa
from alembic import op

import gate.store.tables.base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "boxes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("gate", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("certificate", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("signing", sa.LargeBinary(), nullable=False),
        sa.Column("public", sa.LargeBinary(length=32), nullable=False),
        sa.Column("paired", gate.store.tables.base.UtcDateTime(), nullable=False),
        sa.Column("ends", gate.store.tables.base.UtcDateTime(), nullable=False),
        sa.Column("ended", gate.store.tables.base.UtcDateTime(), nullable=True),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.BigInteger(), nullable=False),
        sa.Column("seen", gate.store.tables.base.UtcDateTime(), nullable=True),
        sa.Column("status", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boxes")),
    )
    op.create_index(op.f("ix_boxes_certificate"), "boxes", ["certificate"], unique=False)
    op.create_index(op.f("ix_boxes_gate"), "boxes", ["gate"], unique=False)
    op.create_table(
        "erasures",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", gate.store.tables.base.UtcDateTime(), nullable=False),
        sa.Column("proof", sa.String(length=128), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_erasures")),
    )
    op.create_index(op.f("ix_erasures_person_id"), "erasures", ["person_id"], unique=False)
    op.create_table(
        "gates",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("buildings", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("scope", sa.BigInteger(), nullable=False),
        sa.Column("created", gate.store.tables.base.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_gates")),
    )
    op.create_table(
        "heads",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heads")),
    )
    op.create_table(
        "intake",
        sa.Column("gate", sa.String(length=40), nullable=False),
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("missed", sa.BigInteger(), nullable=False),
        sa.Column("at", gate.store.tables.base.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("gate", "epoch", name=op.f("pk_intake")),
    )
    op.create_table(
        "pairing_codes",
        sa.Column("id", sa.String(length=8), nullable=False),
        sa.Column("gate", sa.String(length=40), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("expires", gate.store.tables.base.UtcDateTime(), nullable=False),
        sa.Column("used", gate.store.tables.base.UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairing_codes")),
    )
    op.create_table(
        "receipts",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("box", sa.String(length=32), nullable=False),
        sa.Column("at", gate.store.tables.base.UtcDateTime(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("ref", "box", name=op.f("pk_receipts")),
    )
    op.create_table(
        "replica",
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_replica")),
    )
    op.create_table(
        "template_keys",
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created", gate.store.tables.base.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_template_keys")),
    )
    # each head goes on where its numbers have come to
    op.execute("INSERT INTO heads (name, n) SELECT 'changes', coalesce(max(id), 0) FROM changes")
    op.execute("INSERT INTO heads (name, n) SELECT 'audit', coalesce(max(id), 0) FROM audit")
    op.execute("INSERT INTO heads (name, n) VALUES ('calibrations', 0)")
    # of two in use, which a race could make, the newer counts
    op.execute(
        "UPDATE calibrations SET active = false WHERE active AND id NOT IN (SELECT id FROM ("
        "SELECT max(id) AS id FROM calibrations WHERE active GROUP BY kind, encoder) AS newest)"
    )
    op.create_index(
        "uq_calibrations_active",
        "calibrations",
        ["kind", "encoder"],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )


def downgrade() -> None:
    op.drop_index(
        "uq_calibrations_active",
        table_name="calibrations",
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )
    op.drop_table("template_keys")
    op.drop_table("replica")
    op.drop_table("receipts")
    op.drop_table("pairing_codes")
    op.drop_table("intake")
    op.drop_table("heads")
    op.drop_table("gates")
    op.drop_index(op.f("ix_erasures_person_id"), table_name="erasures")
    op.drop_table("erasures")
    op.drop_index(op.f("ix_boxes_gate"), table_name="boxes")
    op.drop_index(op.f("ix_boxes_certificate"), table_name="boxes")
    op.drop_table("boxes")
