"""What of a payment has gone back stands on it; refunds by hand, the limit above which two decide, and disputes."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def own_key() -> list[sa.Column]:
    """The key and the moment every row has."""
    return [
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
    ]


def upgrade() -> None:
    op.add_column("payment", sa.Column("refunded", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    # Money that was sent back before refunds had rows of their own.
    op.execute(
        "update payment p set refunded = p.amount, remainder = 0 from payment_intent i"
        " where i.id = p.intent_id and i.status = 'refunded' and not p.counted"
    )
    op.create_check_constraint(
        op.f("ck_payment_refunded_within"), "payment", "refunded >= 0 and remainder + refunded <= amount"
    )
    op.add_column("refund", sa.Column("by_hand", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("refund", sa.Column("handed_by", sa.Text(), nullable=True))
    op.create_table(
        "refund_rule",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("approval_above", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        *own_key(),
        sa.CheckConstraint("approval_above >= 0", name=op.f("ck_refund_rule_approval_above_not_negative")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_refund_rule_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_rule")),
        sa.UniqueConstraint("asset_id", name=op.f("uq_refund_rule_asset_id")),
    )
    op.create_table(
        "dispute",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("payment_id", sa.UUID(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_dispute_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("handled_by", sa.Text(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        *own_key(),
        sa.CheckConstraint("kind in ('dispute', 'reversal')", name=op.f("ck_dispute_kind_known")),
        sa.CheckConstraint("status in ('open', 'handled', 'resolved')", name=op.f("ck_dispute_status_known")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_dispute_amount_positive")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_dispute_asset_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_dispute_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("provider", "provider_dispute_id", name=op.f("uq_dispute_provider_provider_dispute_id")),
    )
    op.create_index("ix_dispute_asset_id", "dispute", ["asset_id", "created_at", "id"])
    op.create_index("ix_dispute_payment_id", "dispute", ["payment_id"])


def downgrade() -> None:
    op.drop_table("dispute")
    op.drop_table("refund_rule")
    op.drop_column("refund", "handed_by")
    op.drop_column("refund", "by_hand")
    op.drop_constraint(op.f("ck_payment_refunded_within"), "payment")
    op.drop_column("payment", "refunded")
