"""What somebody should look at, and the rules that places write themselves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_rule",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit_kind", sa.Text(), nullable=True),
        sa.Column("unit_id", sa.UUID(), nullable=True),
        sa.Column("condition", postgresql.JSONB(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("escalate_after_minutes", sa.BigInteger(), nullable=True),
        sa.Column("escalate_to", sa.Text(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "kind in ('threshold', 'absence', 'geofence', 'schedule')", name=op.f("ck_alert_rule_kind_known")
        ),
        sa.CheckConstraint("severity in ('info', 'warning', 'critical')", name=op.f("ck_alert_rule_severity_known")),
        sa.CheckConstraint(
            "unit_kind is null or unit_kind in ('room', 'vehicle')", name=op.f("ck_alert_rule_unit_kind_known")
        ),
        sa.CheckConstraint(
            "escalate_after_minutes is null or escalate_after_minutes > 0",
            name=op.f("ck_alert_rule_escalates_later"),
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_alert_rule_asset_id")),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name=op.f("fk_alert_rule_unit_id_asset_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_rule")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_alert_rule_id_asset_id")),
        sa.UniqueConstraint("asset_id", "name", name=op.f("uq_alert_rule_asset_id_name")),
    )
    op.create_table(
        "alert",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=True),
        sa.Column("device_id", sa.UUID(), nullable=True),
        sa.Column("rule_id", sa.UUID(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("times", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("assigned_to", sa.UUID(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.Text(), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("late", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("severity in ('info', 'warning', 'critical')", name=op.f("ck_alert_severity_known")),
        sa.CheckConstraint("status in ('open', 'acknowledged', 'cleared')", name=op.f("ck_alert_status_known")),
        sa.CheckConstraint("(status = 'cleared') = (cleared_at is not null)", name=op.f("ck_alert_cleared_when")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_alert_asset_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_alert_device_id")),
        sa.ForeignKeyConstraint(["assigned_to"], ["user_account.id"], name=op.f("fk_alert_assigned_to")),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name=op.f("fk_alert_unit_id_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["rule_id", "asset_id"],
            ["alert_rule.id", "alert_rule.asset_id"],
            name=op.f("fk_alert_rule_id_asset_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index("ix_alert_asset_id", "alert", ["asset_id", "happened_at", "id"])
    op.create_index("ix_alert_unit_id", "alert", ["unit_id", "happened_at"])
    op.create_index(
        "uq_alert_one_standing",
        "alert",
        ["asset_id", "key"],
        unique=True,
        postgresql_where=sa.text("status <> 'cleared'"),
    )


def downgrade() -> None:
    op.drop_table("alert")
    op.drop_table("alert_rule")
