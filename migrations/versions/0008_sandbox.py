"""The books of the pretended payment provider."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sandbox_transaction",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True, start=4000000001), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("access_code", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("requested_amount", sa.BigInteger(), nullable=False),
        sa.Column("requested_currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("fees", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("callback_url", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'ongoing'"), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("pays_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("webhook_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("webhook_attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("webhook_status", sa.BigInteger(), nullable=True),
        sa.Column("webhook_error", sa.Text(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "status in ('ongoing', 'success', 'failed', 'abandoned')", name=op.f("ck_sandbox_transaction_status_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_transaction")),
        sa.UniqueConstraint("access_code", name=op.f("uq_sandbox_transaction_access_code")),
        sa.UniqueConstraint("number", name=op.f("uq_sandbox_transaction_number")),
        sa.UniqueConstraint("reference", name=op.f("uq_sandbox_transaction_reference")),
    )
    op.create_index(
        "ix_sandbox_transaction_webhook",
        "sandbox_transaction",
        ["webhook_due_at"],
        unique=False,
        postgresql_where=sa.text("webhook_due_at is not null"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_sandbox_transaction_webhook",
        table_name="sandbox_transaction",
        postgresql_where=sa.text("webhook_due_at is not null"),
    )
    op.drop_table("sandbox_transaction")
