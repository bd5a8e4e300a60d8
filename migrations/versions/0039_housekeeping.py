"""What is to be done in rooms, what was found there, what is broken."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "housekeeping_task",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("room_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("urgency", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("assigned_to", sa.UUID(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "kind in ('departure', 'stayover', 'touch_up', 'inspect', 'deep')",
            name=op.f("ck_housekeeping_task_kind_known"),
        ),
        sa.CheckConstraint(
            "status in ('open', 'started', 'done', 'skipped')", name=op.f("ck_housekeeping_task_status_known")
        ),
        sa.ForeignKeyConstraint(["assigned_to"], ["user_account.id"], name=op.f("fk_housekeeping_task_assigned_to")),
        sa.ForeignKeyConstraint(
            ["room_id", "asset_id"],
            ["room.unit_id", "room.asset_id"],
            name=op.f("fk_housekeeping_task_room_id_asset_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_housekeeping_task")),
        sa.UniqueConstraint("room_id", "due_on", "kind", name=op.f("uq_housekeeping_task_room_id_due_on_kind")),
    )
    op.create_index(
        "ix_housekeeping_task_asset_id", "housekeeping_task", ["asset_id", "due_on", "status"], unique=False
    )
    op.create_table(
        "lost_item",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("room_id", sa.UUID(), nullable=True),
        sa.Column("stay_id", sa.UUID(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("found_by", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'kept'"), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("status in ('kept', 'returned', 'disposed')", name=op.f("ck_lost_item_status_known")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_lost_item_asset_id")),
        sa.ForeignKeyConstraint(
            ["room_id", "asset_id"], ["room.unit_id", "room.asset_id"], name=op.f("fk_lost_item_room_id_asset_id")
        ),
        sa.ForeignKeyConstraint(["stay_id"], ["stay.id"], name=op.f("fk_lost_item_stay_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lost_item")),
        sa.UniqueConstraint("asset_id", "number", name=op.f("uq_lost_item_asset_id_number")),
    )
    op.create_index("ix_lost_item_asset_id", "lost_item", ["asset_id", "status"], unique=False)
    op.create_table(
        "maintenance_request",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("room_id", sa.UUID(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("block_id", sa.UUID(), nullable=True),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "status in ('open', 'started', 'done', 'dropped')", name=op.f("ck_maintenance_request_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["block_id", "asset_id"],
            ["room_block.id", "room_block.asset_id"],
            name=op.f("fk_maintenance_request_block_id_asset_id"),
        ),
        sa.ForeignKeyConstraint(
            ["room_id", "asset_id"],
            ["room.unit_id", "room.asset_id"],
            name=op.f("fk_maintenance_request_room_id_asset_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_request")),
        sa.UniqueConstraint("asset_id", "number", name=op.f("uq_maintenance_request_asset_id_number")),
    )
    op.create_index("ix_maintenance_request_asset_id", "maintenance_request", ["asset_id", "status"], unique=False)


def downgrade() -> None:
    op.drop_table("maintenance_request")
    op.drop_table("lost_item")
    op.drop_table("housekeeping_task")
