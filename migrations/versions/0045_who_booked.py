"""Where the booker of a reservation can be reached, and whether it was sold beyond the house."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reservation", sa.Column("email", sa.Text(), nullable=True))
    op.add_column("reservation", sa.Column("phone", sa.Text(), nullable=True))
    op.add_column("reservation", sa.Column("overbooked", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    for name in ("phone", "email"):
        op.create_index(
            f"ix_reservation_{name}", "reservation", [name], postgresql_where=sa.text(f"{name} is not null")
        )


def downgrade() -> None:
    for name in ("email", "phone"):
        op.drop_index(f"ix_reservation_{name}", table_name="reservation")
    for name in ("overbooked", "phone", "email"):
        op.drop_column("reservation", name)
