"""Devices, how they fare, and which of their messages have come."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=True),
        sa.Column("unit_id", sa.UUID(), nullable=True),
        sa.Column("capabilities", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("claim_code", sa.Text(), nullable=True),
        sa.Column("secret_hash", sa.Text(), nullable=True),
        sa.Column("secret_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("name ~ '^[a-z0-9][a-z0-9_-]{2,31}$'", name=op.f("ck_device_name_plain")),
        sa.CheckConstraint(
            "type in ('lock', 'meter', 'sensor', 'tracker', 'gateway')", name=op.f("ck_device_type_known")
        ),
        sa.CheckConstraint("dialect in ('envelope', 'plain')", name=op.f("ck_device_dialect_known")),
        sa.CheckConstraint("status in ('boxed', 'active', 'revoked', 'retired')", name=op.f("ck_device_status_known")),
        sa.CheckConstraint("(status = 'boxed') = (asset_id is null)", name=op.f("ck_device_boxed_is_nobodys")),
        sa.CheckConstraint("unit_id is null or asset_id is not null", name=op.f("ck_device_unit_of_a_place")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_device_asset_id")),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name=op.f("fk_device_unit_id_asset_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("name", name=op.f("uq_device_name")),
        sa.UniqueConstraint("claim_code", name=op.f("uq_device_claim_code")),
    )
    op.create_index("ix_device_asset_id", "device", ["asset_id", "name"])
    op.create_index("ix_device_unit_id", "device", ["unit_id"])
    op.create_table(
        "device_state",
        sa.Column("device_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("boot", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("skew_ms", sa.BigInteger(), nullable=True),
        sa.Column("clock_wrong", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("state is null or state in ('online', 'lost')", name=op.f("ck_device_state_state_known")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_state_device_id")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_state")),
    )
    op.create_table(
        "device_boot",
        sa.Column("device_id", sa.UUID(), nullable=False),
        sa.Column("boot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("received", postgresql.INT8MULTIRANGE(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("lost", postgresql.INT8MULTIRANGE(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("repeated", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_boot_device_id")),
        sa.PrimaryKeyConstraint("device_id", "boot", name=op.f("pk_device_boot")),
    )
    op.create_index("ix_device_boot_gaps", "device_boot", ["device_id", "last_at"])


def downgrade() -> None:
    op.drop_table("device_boot")
    op.drop_table("device_state")
    op.drop_table("device")
