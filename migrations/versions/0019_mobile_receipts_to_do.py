"""What waits on the paybill for a person is counted on every page, so it has an index of its own."""

from alembic import op
from sqlalchemy import text

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_mobile_receipt_to_do",
        "mobile_receipt",
        ["asset_id"],
        postgresql_where=text("status in ('unverified', 'unclaimed', 'returning')"),
    )


def downgrade() -> None:
    op.drop_index("ix_mobile_receipt_to_do", table_name="mobile_receipt")
