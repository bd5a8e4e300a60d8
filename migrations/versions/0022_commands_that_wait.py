"""Commands know the device they are for, may wait for a second person or a standstill, and may lapse by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

OPEN = "status in ('queued', 'sent', 'accepted')"
ONE_OPEN = "uq_device_command_one_open"
ADDED = ("device_id", "lease_until", "held", "approved_by", "accepted_at")


def upgrade() -> None:
    op.add_column("device_command", sa.Column("device_id", sa.UUID(), nullable=True))
    op.add_column("device_command", sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("device_command", sa.Column("held", sa.Text(), nullable=True))
    op.add_column("device_command", sa.Column("approved_by", sa.Text(), nullable=True))
    op.add_column("device_command", sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f("fk_device_command_device_id"), "device_command", "device", ["device_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_device_command_held_known"),
        "device_command",
        "held is null or held in ('approval', 'moving') and status <> 'sent'",
    )
    op.create_check_constraint(
        op.f("ck_device_command_two_persons"), "device_command", "approved_by is null or approved_by <> actor"
    )
    op.drop_index(ONE_OPEN, table_name="device_command")
    op.create_index(
        ONE_OPEN,
        "device_command",
        ["unit_id", "capability"],
        unique=True,
        postgresql_where=sa.text(f"{OPEN} and held is distinct from 'approval'"),
    )
    op.create_index(
        "uq_device_command_one_asked",
        "device_command",
        ["unit_id", "capability"],
        unique=True,
        postgresql_where=sa.text("status = 'queued' and held = 'approval'"),
    )


def downgrade() -> None:
    op.drop_index("uq_device_command_one_asked", table_name="device_command")
    op.drop_index(ONE_OPEN, table_name="device_command")
    op.create_index(ONE_OPEN, "device_command", ["unit_id", "capability"], unique=True, postgresql_where=sa.text(OPEN))
    op.drop_constraint(op.f("ck_device_command_two_persons"), "device_command")
    op.drop_constraint(op.f("ck_device_command_held_known"), "device_command")
    op.drop_constraint(op.f("fk_device_command_device_id"), "device_command")
    for name in ADDED:
        op.drop_column("device_command", name)
