"""The last lease of a unit is found at the end of an index, for a board that shows what must have shut itself."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_device_command_leased",
        "device_command",
        ["unit_id", "seq"],
        postgresql_where=sa.text("lease_until is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_device_command_leased", table_name="device_command")
