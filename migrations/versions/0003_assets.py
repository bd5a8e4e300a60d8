"""Businesses, places and their units."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "business",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business")),
    )
    op.create_table(
        "asset",
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("asset_number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("bank_name", sa.Text(), nullable=True),
        sa.Column("bank_account_name", sa.Text(), nullable=True),
        sa.Column("bank_account_number", sa.Text(), nullable=True),
        sa.Column("business_date", sa.Date(), nullable=True),
        sa.Column("retain_commands", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_asset_currency_iso")),
        sa.CheckConstraint("kind in ('hotel', 'fleet', 'depot', 'shop')", name=op.f("ck_asset_kind_known")),
        sa.ForeignKeyConstraint(["business_id"], ["business.id"], name=op.f("fk_asset_business_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
        sa.UniqueConstraint("asset_number", name=op.f("uq_asset_asset_number")),
    )
    op.create_index(op.f("ix_asset_business_id"), "asset", ["business_id"], unique=False)
    op.create_table(
        "unit",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("room_type", sa.Text(), nullable=True),
        sa.Column("plate", sa.Text(), nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("period_minutes", sa.BigInteger(), server_default=sa.text("1440"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'inactive'"), nullable=False),
        sa.Column("status_before", sa.Text(), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("command_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("kind in ('room', 'vehicle')", name=op.f("ck_unit_kind_known")),
        sa.CheckConstraint("status <> 'active' or expires_at is not null", name=op.f("ck_unit_active_until")),
        sa.CheckConstraint(
            "status in ('inactive', 'active', 'expired', 'suspended', 'retired')", name=op.f("ck_unit_status_known")
        ),
        sa.CheckConstraint("price > 0", name=op.f("ck_unit_price_positive")),
        sa.CheckConstraint(
            "(status = 'suspended') = (status_before is not null)", name=op.f("ck_unit_status_before_while_suspended")
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_unit_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("asset_id", "kind", "number", name=op.f("uq_unit_asset_id_kind_number")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_unit_id_asset_id")),
        sa.UniqueConstraint("label", name=op.f("uq_unit_label")),
    )
    op.create_index(
        "ix_unit_due",
        "unit",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'active' or status_before = 'active'"),
    )


def downgrade() -> None:
    op.drop_index("ix_unit_due", table_name="unit")
    op.drop_table("unit")
    op.drop_index(op.f("ix_asset_business_id"), table_name="asset")
    op.drop_table("asset")
    op.drop_table("business")
