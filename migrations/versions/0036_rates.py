"""What a night costs, and who may buy it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cancel_policy",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("free_days", sa.BigInteger(), nullable=False),
        sa.Column("free_until_minute", sa.BigInteger(), nullable=False),
        sa.Column("late_kind", sa.Text(), nullable=False),
        sa.Column("late_value", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("no_show_kind", sa.Text(), nullable=False),
        sa.Column("no_show_value", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "late_kind in ('none', 'nights', 'percent', 'amount', 'all')", name=op.f("ck_cancel_policy_late_kind_known")
        ),
        sa.CheckConstraint(
            "no_show_kind in ('none', 'nights', 'percent', 'amount', 'all')",
            name=op.f("ck_cancel_policy_no_show_kind_known"),
        ),
        sa.CheckConstraint(
            "free_days >= 0 and free_until_minute between 0 and 1439", name=op.f("ck_cancel_policy_free_until")
        ),
        sa.CheckConstraint("late_value >= 0 and no_show_value >= 0", name=op.f("ck_cancel_policy_values_not_negative")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_cancel_policy_asset_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cancel_policy")),
        sa.UniqueConstraint("asset_id", "name", name=op.f("uq_cancel_policy_asset_id_name")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_cancel_policy_id_asset_id")),
    )
    op.create_table(
        "rate_plan",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.UUID(), nullable=True),
        sa.Column("derive_kind", sa.Text(), nullable=True),
        sa.Column("derive_value", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rounding", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("policy_id", sa.UUID(), nullable=True),
        sa.Column("meal", sa.Text(), nullable=True),
        sa.Column("sell_from", sa.Date(), nullable=True),
        sa.Column("sell_until", sa.Date(), nullable=True),
        sa.Column("public", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("complimentary", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("package", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("place", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("derive_kind in ('percent', 'amount')", name=op.f("ck_rate_plan_derive_kind_known")),
        sa.CheckConstraint(
            "(parent_id is null) = (derive_kind is null)", name=op.f("ck_rate_plan_derived_from_something")
        ),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_rate_plan_not_its_own_parent")),
        sa.CheckConstraint("rounding > 0", name=op.f("ck_rate_plan_rounding_positive")),
        sa.CheckConstraint(
            "sell_until is null or sell_from is null or sell_until >= sell_from",
            name=op.f("ck_rate_plan_window_in_order"),
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_rate_plan_asset_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["parent_id", "asset_id"],
            ["rate_plan.id", "rate_plan.asset_id"],
            name=op.f("fk_rate_plan_parent_id_asset_id"),
        ),
        sa.ForeignKeyConstraint(
            ["policy_id", "asset_id"],
            ["cancel_policy.id", "cancel_policy.asset_id"],
            name=op.f("fk_rate_plan_policy_id_asset_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_plan")),
        sa.UniqueConstraint("asset_id", "code", name=op.f("uq_rate_plan_asset_id_code")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_rate_plan_id_asset_id")),
    )
    op.create_table(
        "daily_rate",
        sa.Column("rate_plan_id", sa.UUID(), nullable=False),
        sa.Column("room_type_id", sa.UUID(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("extra_adult", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("extra_child", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "price >= 0 and extra_adult >= 0 and extra_child >= 0", name=op.f("ck_daily_rate_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["rate_plan_id"], ["rate_plan.id"], name=op.f("fk_daily_rate_rate_plan_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["room_type_id"], ["room_type.id"], name=op.f("fk_daily_rate_room_type_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rate_plan_id", "room_type_id", "night", name=op.f("pk_daily_rate")),
    )
    op.create_index("ix_daily_rate_room_type_id", "daily_rate", ["room_type_id", "night"], unique=False)
    op.create_table(
        "restriction",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("rate_plan_id", sa.UUID(), nullable=True),
        sa.Column("room_type_id", sa.UUID(), nullable=True),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("min_arrival", sa.BigInteger(), nullable=True),
        sa.Column("max_arrival", sa.BigInteger(), nullable=True),
        sa.Column("min_through", sa.BigInteger(), nullable=True),
        sa.Column("max_stay", sa.BigInteger(), nullable=True),
        sa.Column("closed_to_arrival", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("closed_to_departure", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("closed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("min_advance", sa.BigInteger(), nullable=True),
        sa.Column("max_advance", sa.BigInteger(), nullable=True),
        sa.Column("quota", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "coalesce(max_arrival, 1) > 0 and coalesce(max_stay, 1) > 0", name=op.f("ck_restriction_max_positive")
        ),
        sa.CheckConstraint(
            "coalesce(min_advance, 0) >= 0 and coalesce(max_advance, 0) >= 0",
            name=op.f("ck_restriction_advance_not_negative"),
        ),
        sa.CheckConstraint(
            "coalesce(min_arrival, 1) > 0 and coalesce(min_through, 1) > 0", name=op.f("ck_restriction_min_positive")
        ),
        sa.CheckConstraint("coalesce(quota, 0) >= 0", name=op.f("ck_restriction_quota_not_negative")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_restriction_asset_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["rate_plan_id"], ["rate_plan.id"], name=op.f("fk_restriction_rate_plan_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["room_type_id"], ["room_type.id"], name=op.f("fk_restriction_room_type_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restriction")),
        sa.UniqueConstraint(
            "asset_id",
            "rate_plan_id",
            "room_type_id",
            "night",
            name=op.f("uq_restriction_asset_id_rate_plan_id_room_type_id_night"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_restriction_asset_id", "restriction", ["asset_id", "night"], unique=False)
    op.create_table(
        "promotion",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("rate_plan_id", sa.UUID(), nullable=True),
        sa.Column("room_type_id", sa.UUID(), nullable=True),
        sa.Column("min_nights", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("stay_from", sa.Date(), nullable=False),
        sa.Column("stay_until", sa.Date(), nullable=False),
        sa.Column("book_from", sa.Date(), nullable=False),
        sa.Column("book_until", sa.Date(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("kind in ('percent', 'amount')", name=op.f("ck_promotion_kind_known")),
        sa.CheckConstraint(
            "stay_until > stay_from and book_until >= book_from", name=op.f("ck_promotion_dates_in_order")
        ),
        sa.CheckConstraint("value > 0", name=op.f("ck_promotion_value_positive")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_promotion_asset_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["rate_plan_id"], ["rate_plan.id"], name=op.f("fk_promotion_rate_plan_id")),
        sa.ForeignKeyConstraint(["room_type_id"], ["room_type.id"], name=op.f("fk_promotion_room_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion")),
        sa.UniqueConstraint("asset_id", "name", name=op.f("uq_promotion_asset_id_name")),
    )
    op.create_index("ix_promotion_asset_id", "promotion", ["asset_id", "stay_from"], unique=False)


def downgrade() -> None:
    op.drop_table("promotion")
    op.drop_table("restriction")
    op.drop_table("daily_rate")
    op.drop_table("rate_plan")
    op.drop_table("cancel_policy")
