"""How rooms stand by their sensors, and when a place is told of them."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "room_sense",
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("occupied", sa.Boolean(), nullable=True),
        sa.Column("occupied_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("occupied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("switched_on", sa.Boolean(), nullable=True),
        sa.Column("watts", sa.BigInteger(), nullable=True),
        sa.Column("drawing", sa.Boolean(), nullable=True),
        sa.Column("drawing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("power_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_room_sense_unit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_room_sense")),
    )
    op.create_index("ix_room_sense_asset_id", "room_sense", ["asset_id"])
    op.create_table(
        "room_watch",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("unlet", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("unlet_after_seconds", sa.BigInteger(), server_default=sa.text("120"), nullable=False),
        sa.Column("power", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("power_after_minutes", sa.BigInteger(), server_default=sa.text("15"), nullable=False),
        sa.Column("power_watts", sa.BigInteger(), server_default=sa.text("30"), nullable=False),
        sa.CheckConstraint("power_after_minutes > 0", name=op.f("ck_room_watch_power_later")),
        sa.CheckConstraint("power_watts > 0", name=op.f("ck_room_watch_watts_positive")),
        sa.CheckConstraint("unlet_after_seconds >= 0", name=op.f("ck_room_watch_unlet_later")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_room_watch_asset_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_room_watch")),
    )


def downgrade() -> None:
    op.drop_table("room_watch")
    op.drop_table("room_sense")
