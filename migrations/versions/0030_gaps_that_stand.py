"""A start of a device knows since when numbers are missing from it."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("device_boot", sa.Column("gap_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_device_boot_open", "device_boot", ["gap_since"], postgresql_where=sa.text("gap_since is not null")
    )


def downgrade() -> None:
    op.drop_index("ix_device_boot_open", table_name="device_boot")
    op.drop_column("device_boot", "gap_since")
