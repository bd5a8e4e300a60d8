"""Stand-ins for three payment providers: their books, their messages, and the faults that are switched on."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


#: Each after those that lean on it.
TABLES = (
    "sandbox_refund",
    "sandbox_transfer",
    "sandbox_recipient",
    "sandbox_settlement",
    "sandbox_flutterwave_refund",
    "sandbox_flutterwave_charge",
    "sandbox_flutterwave_link",
    "sandbox_daraja_payment",
    "sandbox_daraja_push",
    "sandbox_daraja_token",
    "sandbox_daraja_urls",
    "sandbox_webhook",
    "sandbox_fault",
)


def record() -> tuple[sa.Column, sa.Column]:
    """What every row carries."""
    return (
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
    )


def upgrade() -> None:
    op.create_table(
        "sandbox_daraja_payment",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("shortcode", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("originator", sa.Text(), nullable=True),
        *record(),
        sa.CheckConstraint(
            "status in ('asking', 'completed', 'refused', 'reversed')",
            name=op.f("ck_sandbox_daraja_payment_status_known"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_sandbox_daraja_payment_amount_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_daraja_payment")),
        sa.UniqueConstraint("number", name=op.f("uq_sandbox_daraja_payment_number")),
        sa.UniqueConstraint("receipt", name=op.f("uq_sandbox_daraja_payment_receipt")),
    )
    op.create_index(op.f("ix_sandbox_daraja_payment_originator"), "sandbox_daraja_payment", ["originator"])
    op.create_table(
        "sandbox_daraja_push",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("merchant_request", sa.Text(), nullable=False),
        sa.Column("checkout_request", sa.Text(), nullable=False),
        sa.Column("shortcode", sa.Text(), nullable=False),
        sa.Column("party_b", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("callback_url", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result_code", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        *record(),
        sa.CheckConstraint("amount > 0", name=op.f("ck_sandbox_daraja_push_amount_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_daraja_push")),
        sa.UniqueConstraint("checkout_request", name=op.f("uq_sandbox_daraja_push_checkout_request")),
        sa.UniqueConstraint("merchant_request", name=op.f("uq_sandbox_daraja_push_merchant_request")),
        sa.UniqueConstraint("number", name=op.f("uq_sandbox_daraja_push_number")),
    )
    op.create_index(
        "ix_sandbox_daraja_push_waiting",
        "sandbox_daraja_push",
        ["expires_at"],
        postgresql_where=sa.text("result_code is null"),
    )
    op.create_table(
        "sandbox_daraja_token",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        *record(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_daraja_token")),
        sa.UniqueConstraint("token", name=op.f("uq_sandbox_daraja_token_token")),
    )
    op.create_index(op.f("ix_sandbox_daraja_token_expires_at"), "sandbox_daraja_token", ["expires_at"])
    op.create_table(
        "sandbox_daraja_urls",
        sa.Column("shortcode", sa.Text(), nullable=False),
        sa.Column("response_type", sa.Text(), nullable=False),
        sa.Column("confirmation_url", sa.Text(), nullable=False),
        sa.Column("validation_url", sa.Text(), nullable=False),
        *record(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_daraja_urls")),
        sa.UniqueConstraint("shortcode", name=op.f("uq_sandbox_daraja_urls_shortcode")),
    )
    op.create_table(
        "sandbox_fault",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        *record(),
        sa.CheckConstraint("times > 0", name=op.f("ck_sandbox_fault_times_left")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_fault")),
        sa.UniqueConstraint("number", name=op.f("uq_sandbox_fault_number")),
    )
    op.create_index("ix_sandbox_fault_operation", "sandbox_fault", ["provider", "operation"])
    op.create_table(
        "sandbox_flutterwave_link",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("tx_ref", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("redirect_url", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("meta", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        *record(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_flutterwave_link")),
        sa.UniqueConstraint("token", name=op.f("uq_sandbox_flutterwave_link_token")),
    )
    op.create_index(op.f("ix_sandbox_flutterwave_link_tx_ref"), "sandbox_flutterwave_link", ["tx_ref"])
    op.create_table(
        "sandbox_recipient",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True, start=10000001), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("account_number", sa.Text(), nullable=False),
        sa.Column("bank_code", sa.Text(), nullable=False),
        sa.Column("bank_name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        *record(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_recipient")),
        sa.UniqueConstraint("code", name=op.f("uq_sandbox_recipient_code")),
        sa.UniqueConstraint("number", name=op.f("uq_sandbox_recipient_number")),
    )
    op.create_table(
        "sandbox_settlement",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True, start=3000001), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("processed", sa.BigInteger(), nullable=False),
        sa.Column("fees", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        *record(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_settlement")),
        sa.UniqueConstraint("number", name=op.f("uq_sandbox_settlement_number")),
    )
    op.create_table(
        "sandbox_webhook",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        *record(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_webhook")),
        sa.UniqueConstraint("number", name=op.f("uq_sandbox_webhook_number")),
    )
    op.create_index(
        "ix_sandbox_webhook_due",
        "sandbox_webhook",
        ["due_at"],
        postgresql_where=sa.text("due_at is not null"),
    )
    op.create_index("ix_sandbox_webhook_subject", "sandbox_webhook", ["provider", "subject"])
    op.create_table(
        "sandbox_flutterwave_charge",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True, start=700000001), nullable=False),
        sa.Column("link_id", sa.UUID(), nullable=False),
        sa.Column("flw_ref", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("charged", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("pays_at", sa.DateTime(timezone=True), nullable=True),
        *record(),
        sa.CheckConstraint(
            "status in ('pending', 'successful', 'failed')", name=op.f("ck_sandbox_flutterwave_charge_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["link_id"], ["sandbox_flutterwave_link.id"], name=op.f("fk_sandbox_flutterwave_charge_link_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_flutterwave_charge")),
        sa.UniqueConstraint("flw_ref", name=op.f("uq_sandbox_flutterwave_charge_flw_ref")),
        sa.UniqueConstraint("number", name=op.f("uq_sandbox_flutterwave_charge_number")),
    )
    op.create_index(op.f("ix_sandbox_flutterwave_charge_link_id"), "sandbox_flutterwave_charge", ["link_id"])
    op.create_index(
        "ix_sandbox_flutterwave_charge_pays",
        "sandbox_flutterwave_charge",
        ["pays_at"],
        postgresql_where=sa.text("pays_at is not null"),
    )
    op.create_table(
        "sandbox_transfer",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True, start=50000001), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("recipient_id", sa.UUID(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("ends", sa.Text(), server_default=sa.text("'success'"), nullable=False),
        sa.Column("otp", sa.Text(), nullable=True),
        sa.Column("wrong_otps", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fee", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("moves_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("transferred_at", sa.DateTime(timezone=True), nullable=True),
        *record(),
        sa.CheckConstraint(
            "status in ('otp', 'pending', 'success', 'failed', 'reversed', 'abandoned')",
            name=op.f("ck_sandbox_transfer_status_known"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_sandbox_transfer_amount_positive")),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["sandbox_recipient.id"], name=op.f("fk_sandbox_transfer_recipient_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_transfer")),
        sa.UniqueConstraint("code", name=op.f("uq_sandbox_transfer_code")),
        sa.UniqueConstraint("number", name=op.f("uq_sandbox_transfer_number")),
        sa.UniqueConstraint("reference", name=op.f("uq_sandbox_transfer_reference")),
    )
    op.create_index(
        "ix_sandbox_transfer_moves",
        "sandbox_transfer",
        ["moves_at"],
        postgresql_where=sa.text("moves_at is not null"),
    )
    op.create_index(op.f("ix_sandbox_transfer_recipient_id"), "sandbox_transfer", ["recipient_id"])
    op.create_table(
        "sandbox_flutterwave_refund",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True, start=800001), nullable=False),
        sa.Column("charge_id", sa.UUID(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("comments", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        *record(),
        sa.CheckConstraint(
            "status in ('completed', 'failed')", name=op.f("ck_sandbox_flutterwave_refund_status_known")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_sandbox_flutterwave_refund_amount_positive")),
        sa.ForeignKeyConstraint(
            ["charge_id"], ["sandbox_flutterwave_charge.id"], name=op.f("fk_sandbox_flutterwave_refund_charge_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_flutterwave_refund")),
        sa.UniqueConstraint("number", name=op.f("uq_sandbox_flutterwave_refund_number")),
    )
    op.create_index(op.f("ix_sandbox_flutterwave_refund_charge_id"), "sandbox_flutterwave_refund", ["charge_id"])
    op.create_table(
        "sandbox_refund",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True, start=2000001), nullable=False),
        sa.Column("transaction_id", sa.UUID(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("customer_note", sa.Text(), nullable=False),
        sa.Column("merchant_note", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("ends", sa.Text(), server_default=sa.text("'processed'"), nullable=False),
        sa.Column("moves_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bank_reference", sa.Text(), nullable=True),
        sa.Column("account_number", sa.Text(), nullable=True),
        sa.Column("bank_id", sa.Text(), nullable=True),
        sa.Column("refunded_at", sa.DateTime(timezone=True), nullable=True),
        *record(),
        sa.CheckConstraint(
            "status in ('pending', 'processing', 'processed', 'needs-attention', 'failed')",
            name=op.f("ck_sandbox_refund_status_known"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_sandbox_refund_amount_positive")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["sandbox_transaction.id"], name=op.f("fk_sandbox_refund_transaction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_refund")),
        sa.UniqueConstraint("number", name=op.f("uq_sandbox_refund_number")),
    )
    op.create_index(
        "ix_sandbox_refund_moves",
        "sandbox_refund",
        ["moves_at"],
        postgresql_where=sa.text("moves_at is not null"),
    )
    op.create_index(op.f("ix_sandbox_refund_transaction_id"), "sandbox_refund", ["transaction_id"])
    op.add_column(
        "sandbox_transaction",
        sa.Column("meta", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("sandbox_transaction", sa.Column("settlement_id", sa.UUID(), nullable=True))
    op.drop_index("ix_sandbox_transaction_webhook", table_name="sandbox_transaction")
    op.create_index(op.f("ix_sandbox_transaction_settlement_id"), "sandbox_transaction", ["settlement_id"])
    op.create_index(
        "ix_sandbox_transaction_unsettled",
        "sandbox_transaction",
        ["paid_at"],
        postgresql_where=sa.text("settlement_id is null and paid_at is not null"),
    )
    op.create_foreign_key(
        op.f("fk_sandbox_transaction_settlement_id"),
        "sandbox_transaction",
        "sandbox_settlement",
        ["settlement_id"],
        ["id"],
    )
    # Messages have a table of their own now; what was still to be told the portal finds out by asking.
    op.drop_column("sandbox_transaction", "webhook_error")
    op.drop_column("sandbox_transaction", "webhook_due_at")
    op.drop_column("sandbox_transaction", "webhook_status")
    op.drop_column("sandbox_transaction", "webhook_attempts")
    op.drop_constraint(op.f("ck_sandbox_transaction_status_known"), "sandbox_transaction", type_="check")
    op.create_check_constraint(
        op.f("ck_sandbox_transaction_status_known"),
        "sandbox_transaction",
        "status in ('ongoing', 'success', 'failed', 'abandoned', 'reversed')",
    )


def downgrade() -> None:
    op.execute("update sandbox_transaction set status = 'success' where status = 'reversed'")
    op.drop_constraint(op.f("ck_sandbox_transaction_status_known"), "sandbox_transaction", type_="check")
    op.create_check_constraint(
        op.f("ck_sandbox_transaction_status_known"),
        "sandbox_transaction",
        "status in ('ongoing', 'success', 'failed', 'abandoned')",
    )
    op.add_column("sandbox_transaction", sa.Column("webhook_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "sandbox_transaction",
        sa.Column("webhook_attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("sandbox_transaction", sa.Column("webhook_status", sa.BigInteger(), nullable=True))
    op.add_column("sandbox_transaction", sa.Column("webhook_error", sa.Text(), nullable=True))
    op.create_index(
        "ix_sandbox_transaction_webhook",
        "sandbox_transaction",
        ["webhook_due_at"],
        postgresql_where=sa.text("webhook_due_at is not null"),
    )
    op.drop_column("sandbox_transaction", "settlement_id")
    op.drop_column("sandbox_transaction", "meta")
    for table in TABLES:
        op.drop_table(table)
