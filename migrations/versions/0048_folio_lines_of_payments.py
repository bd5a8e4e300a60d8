"""The folio that a payment stands on is found at once."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_folio_line_payment_id", "folio_line", ["payment_id"], postgresql_where=sa.text("payment_id is not null")
    )


def downgrade() -> None:
    op.drop_index("ix_folio_line_payment_id", "folio_line")
