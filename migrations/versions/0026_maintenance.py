"""Maintenance that comes round, and the orders it is done by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "maintenance_plan",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("every_km", sa.BigInteger(), nullable=True),
        sa.Column("every_hours", sa.BigInteger(), nullable=True),
        sa.Column("every_days", sa.BigInteger(), nullable=True),
        sa.Column("soon_km", sa.BigInteger(), server_default=sa.text("500"), nullable=False),
        sa.Column("soon_hours", sa.BigInteger(), server_default=sa.text("25"), nullable=False),
        sa.Column("soon_days", sa.BigInteger(), server_default=sa.text("14"), nullable=False),
        sa.Column("last_done_on", sa.Date(), nullable=True),
        sa.Column("last_done_m", sa.BigInteger(), nullable=True),
        sa.Column("last_done_engine_s", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("told", sa.Text(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("told in ('soon', 'over')", name=op.f("ck_maintenance_plan_told_known")),
        sa.CheckConstraint(
            "coalesce(every_km, every_hours, every_days) is not null", name=op.f("ck_maintenance_plan_comes_round")
        ),
        sa.CheckConstraint(
            "every_km > 0 and every_hours > 0 and every_days > 0", name=op.f("ck_maintenance_plan_intervals_positive")
        ),
        sa.CheckConstraint(
            "soon_km >= 0 and soon_hours >= 0 and soon_days >= 0", name=op.f("ck_maintenance_plan_soon_not_negative")
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_maintenance_plan_asset_id")),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name="fk_maintenance_plan_unit_id_asset_id"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_plan")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_maintenance_plan_id_asset_id")),
    )
    op.create_index("ix_maintenance_plan_asset_id", "maintenance_plan", ["asset_id", "unit_id"], unique=False)
    op.create_index(
        "uq_maintenance_plan_of_vehicle",
        "maintenance_plan",
        ["unit_id", "name"],
        unique=True,
        postgresql_where=sa.text("active and unit_id is not null"),
    )
    op.create_index(
        "uq_maintenance_plan_template",
        "maintenance_plan",
        ["asset_id", "name"],
        unique=True,
        postgresql_where=sa.text("active and unit_id is null"),
    )
    op.create_table(
        "work_order",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("plan_id", sa.UUID(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("supplier", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("odometer_m", sa.BigInteger(), nullable=True),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("out_of_use", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("suspended", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("put_back", postgresql.JSONB(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "(status = 'cancelled') = (cancelled_at is not null)", name=op.f("ck_work_order_cancelled_when")
        ),
        sa.CheckConstraint("(status = 'done') = (done_at is not null)", name=op.f("ck_work_order_done_when")),
        sa.CheckConstraint(
            "status in ('open', 'in_progress', 'done', 'cancelled')", name=op.f("ck_work_order_status_known")
        ),
        sa.CheckConstraint("odometer_m >= 0", name=op.f("ck_work_order_odometer_not_negative")),
        sa.CheckConstraint("total >= 0", name=op.f("ck_work_order_total_not_negative")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_work_order_asset_id")),
        sa.ForeignKeyConstraint(
            ["plan_id", "asset_id"],
            ["maintenance_plan.id", "maintenance_plan.asset_id"],
            name="fk_work_order_plan_id_asset_id",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name="fk_work_order_unit_id_asset_id"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order")),
        sa.UniqueConstraint("asset_id", "number", name=op.f("uq_work_order_asset_id_number")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_work_order_id_asset_id")),
    )
    op.create_index("ix_work_order_asset_id", "work_order", ["asset_id", "created_at", "id"], unique=False)
    op.create_index("ix_work_order_unit_id", "work_order", ["unit_id", "created_at"], unique=False)
    op.create_table(
        "work_order_line",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("order_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("kind in ('part', 'labour', 'other')", name=op.f("ck_work_order_line_kind_known")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_work_order_line_quantity_positive")),
        sa.CheckConstraint("unit_price >= 0 and amount >= 0", name=op.f("ck_work_order_line_amounts_not_negative")),
        sa.ForeignKeyConstraint(
            ["order_id", "asset_id"],
            ["work_order.id", "work_order.asset_id"],
            name="fk_work_order_line_order_id_asset_id",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order_line")),
    )
    op.create_index("ix_work_order_line_order_id", "work_order_line", ["order_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("work_order_line")
    op.drop_table("work_order")
    op.drop_table("maintenance_plan")
