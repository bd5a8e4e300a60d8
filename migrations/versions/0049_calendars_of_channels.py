"""Calendars of other channels that are read along, and what each says."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

CREATED = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "ical_feed",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("room_type_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("next_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=CREATED, nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_ical_feed_asset_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["room_type_id", "asset_id"],
            ["room_type.id", "room_type.asset_id"],
            name=op.f("fk_ical_feed_room_type_id_asset_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ical_feed")),
    )
    op.create_index("ix_ical_feed_asset_id", "ical_feed", ["asset_id"])
    op.create_index(
        "ix_ical_feed_due",
        "ical_feed",
        ["next_read_at"],
        postgresql_where=sa.text("url is not null and removed_at is null"),
    )
    op.create_table(
        "ical_item",
        sa.Column("feed_id", sa.UUID(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("arrival", sa.Date(), nullable=False),
        sa.Column("departure", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("reservation_id", sa.UUID(), nullable=True),
        sa.Column(
            "held", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=CREATED, nullable=False),
        sa.CheckConstraint("kind in ('booking', 'block')", name=op.f("ck_ical_item_kind_known")),
        sa.CheckConstraint(
            "state in ('taken', 'conflict', 'exception', 'gone', 'dismissed')", name=op.f("ck_ical_item_state_known")
        ),
        sa.CheckConstraint("departure > arrival", name=op.f("ck_ical_item_dates_in_order")),
        sa.ForeignKeyConstraint(["feed_id"], ["ical_feed.id"], name=op.f("fk_ical_item_feed_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["reservation_id"], ["reservation.id"], name=op.f("fk_ical_item_reservation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ical_item")),
        sa.UniqueConstraint("feed_id", "uid", name=op.f("uq_ical_item_feed_id_uid")),
    )
    op.create_index(
        "ix_ical_item_tray",
        "ical_item",
        ["feed_id"],
        postgresql_where=sa.text("state in ('conflict', 'exception')"),
    )


def downgrade() -> None:
    op.drop_table("ical_item")
    op.drop_table("ical_feed")
