"""From where on what a vehicle did is to be found anew, a day at a time."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vehicle_state", sa.Column("refold_from", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_vehicle_state_refold",
        "vehicle_state",
        ["refold_from"],
        postgresql_where=sa.text("refold_from is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_vehicle_state_refold", table_name="vehicle_state")
    op.drop_column("vehicle_state", "refold_from")
