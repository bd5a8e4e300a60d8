"""The highest number a device was told under is found at the end of an index."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_device_command_device_id",
        "device_command",
        ["device_id", "seq"],
        postgresql_where=sa.text("device_id is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_device_command_device_id", table_name="device_command")
