"""What a provider lists is kept while it is compared, so that a comparison that was stopped goes on where it stood."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reconciliation_line",
        sa.Column("reconciliation_id", sa.UUID(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("sort in ('charge', 'settlement')", name=op.f("ck_reconciliation_line_sort_known")),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["reconciliation.id"],
            name=op.f("fk_reconciliation_line_reconciliation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("reconciliation_id", "sort", "transaction_id", name=op.f("pk_reconciliation_line")),
    )
    op.create_index(
        "uq_reconciliation_running",
        "reconciliation",
        ["business_id", "provider"],
        unique=True,
        postgresql_where=sa.text("status = 'running'"),
    )


def downgrade() -> None:
    op.drop_index("uq_reconciliation_running", "reconciliation")
    op.drop_table("reconciliation_line")
