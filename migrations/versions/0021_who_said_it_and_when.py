"""Events know their device, its numbers and whose clock they go by; what nobody has looked at yet; sums by the hour."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ADDED = ("device_id", "boot", "seq", "quality", "said_at", "late")


def upgrade() -> None:
    op.add_column("asset_event", sa.Column("device_id", sa.UUID(), nullable=True))
    op.add_column("asset_event", sa.Column("boot", sa.BigInteger(), nullable=True))
    op.add_column("asset_event", sa.Column("seq", sa.BigInteger(), nullable=True))
    op.add_column("asset_event", sa.Column("quality", sa.Text(), server_default=sa.text("'s'"), nullable=False))
    op.add_column("asset_event", sa.Column("said_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("asset_event", sa.Column("late", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_check_constraint(op.f("ck_asset_event_quality_known"), "asset_event", "quality in ('d', 's', 'x')")
    op.create_table(
        "reading_news",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kinds", postgresql.JSONB(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_news")),
    )
    op.create_index("ix_reading_news_unit_id", "reading_news", ["unit_id", "id"])
    op.create_table(
        "reading_hour",
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said", sa.BigInteger(), nullable=False),
        sa.Column("lowest", sa.BigInteger(), nullable=True),
        sa.Column("highest", sa.BigInteger(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("first_value", sa.Text(), nullable=False),
        sa.Column("last_value", sa.Text(), nullable=False),
        sa.Column("seconds_on", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_reading_hour_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", "kind", "hour", name=op.f("pk_reading_hour")),
    )


def downgrade() -> None:
    op.drop_table("reading_hour")
    op.drop_table("reading_news")
    op.drop_constraint(op.f("ck_asset_event_quality_known"), "asset_event")
    for name in ADDED:
        op.drop_column("asset_event", name)
