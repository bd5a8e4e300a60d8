"""Bills, mobile money, and provider accounts of a business's own; what a payer was charged beside what it pays for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
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
    op.create_table(
        "gateway_account",
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("hints", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("payer_bears_charges", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("test_passed", sa.Boolean(), nullable=True),
        sa.Column("test_said", sa.Text(), nullable=True),
        *own_key(),
        sa.CheckConstraint(
            "provider in ('paystack', 'flutterwave', 'mpesa')", name=op.f("ck_gateway_account_provider_known")
        ),
        sa.ForeignKeyConstraint(["business_id"], ["business.id"], name=op.f("fk_gateway_account_business_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_account")),
        sa.UniqueConstraint("business_id", "provider", name=op.f("uq_gateway_account_business_id_provider")),
        sa.UniqueConstraint("token", name=op.f("uq_gateway_account_token")),
    )
    op.create_table(
        "bill",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("paid", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("raised_by", sa.Text(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        *own_key(),
        sa.CheckConstraint("(status = 'paid') = (paid = amount)", name=op.f("ck_bill_paid_when_paid")),
        sa.CheckConstraint("kind in ('sale', 'deposit', 'invoice', 'top_up')", name=op.f("ck_bill_kind_known")),
        sa.CheckConstraint("status in ('open', 'part_paid', 'paid', 'cancelled')", name=op.f("ck_bill_status_known")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_bill_amount_positive")),
        sa.CheckConstraint("paid between 0 and amount", name=op.f("ck_bill_paid_within")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_bill_asset_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_bill_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill")),
        sa.UniqueConstraint("asset_id", "number", name=op.f("uq_bill_asset_id_number")),
        sa.UniqueConstraint("token", name=op.f("uq_bill_token")),
    )
    op.create_index("ix_bill_asset_id", "bill", ["asset_id", "created_at", "id"])
    op.create_index("ix_bill_customer_id", "bill", ["customer_id", "id"])
    op.create_table(
        "mobile_receipt",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("gateway_account_id", sa.UUID(), nullable=True),
        sa.Column("message_id", sa.UUID(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("account_reference", sa.Text(), nullable=False),
        sa.Column("payer_phone", sa.Text(), nullable=True),
        sa.Column("payer_name", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'unverified'"), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("next_query_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("queries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("verified_by", sa.Text(), nullable=True),
        sa.Column("intent_id", sa.UUID(), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        *own_key(),
        sa.CheckConstraint(
            "(status = 'claimed') = (intent_id is not null)", name=op.f("ck_mobile_receipt_claimed_by_one")
        ),
        sa.CheckConstraint(
            "status in ('unverified', 'unclaimed', 'claimed', 'returned', 'refused')",
            name=op.f("ck_mobile_receipt_status_known"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_mobile_receipt_amount_positive")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_mobile_receipt_asset_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_mobile_receipt_entry_id")),
        sa.ForeignKeyConstraint(
            ["gateway_account_id"], ["gateway_account.id"], name=op.f("fk_mobile_receipt_gateway_account_id")
        ),
        sa.ForeignKeyConstraint(["intent_id"], ["payment_intent.id"], name=op.f("fk_mobile_receipt_intent_id")),
        sa.ForeignKeyConstraint(["message_id"], ["gateway_message.id"], name=op.f("fk_mobile_receipt_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mobile_receipt")),
        sa.UniqueConstraint("intent_id", name=op.f("uq_mobile_receipt_intent_id")),
        sa.UniqueConstraint("provider", "transaction_id", name=op.f("uq_mobile_receipt_provider_transaction_id")),
        sa.UniqueConstraint("token", name=op.f("uq_mobile_receipt_token")),
    )
    op.create_index("ix_mobile_receipt_asset_id", "mobile_receipt", ["asset_id", "paid_at", "id"])
    op.create_index(
        "ix_mobile_receipt_due",
        "mobile_receipt",
        ["next_query_at"],
        postgresql_where=sa.text("next_query_at is not null"),
    )
    op.create_table(
        "phone_push",
        sa.Column("intent_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("checkout_request_id", sa.Text(), nullable=True),
        sa.Column("merchant_request_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'asking'"), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("next_query_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("queries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        *own_key(),
        sa.CheckConstraint(
            "status in ('asking', 'waiting', 'paid', 'cancelled', 'failed', 'expired')",
            name=op.f("ck_phone_push_status_known"),
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_phone_push_asset_id")),
        sa.ForeignKeyConstraint(["intent_id"], ["payment_intent.id"], name=op.f("fk_phone_push_intent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_push")),
        sa.UniqueConstraint("provider", "checkout_request_id", name=op.f("uq_phone_push_provider_checkout_request_id")),
        sa.UniqueConstraint("token", name=op.f("uq_phone_push_token")),
    )
    op.create_index(
        "ix_phone_push_due", "phone_push", ["next_query_at"], postgresql_where=sa.text("next_query_at is not null")
    )
    op.create_index("ix_phone_push_intent_id", "phone_push", ["intent_id", "id"])
    op.create_index(
        "uq_phone_push_one_open",
        "phone_push",
        ["intent_id"],
        unique=True,
        postgresql_where=sa.text("status in ('asking', 'waiting')"),
    )
    op.add_column("gateway_message", sa.Column("gateway_account_id", sa.UUID(), nullable=True))
    op.create_foreign_key(
        op.f("fk_gateway_message_gateway_account_id"),
        "gateway_message",
        "gateway_account",
        ["gateway_account_id"],
        ["id"],
    )
    op.add_column("payment", sa.Column("charged", sa.BigInteger(), nullable=True))
    op.execute("update payment set charged = amount")
    op.alter_column("payment", "charged", nullable=False)
    op.add_column("payment", sa.Column("receipt", sa.Text(), nullable=True))
    op.add_column("payment", sa.Column("taken_by", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_payment_provider_receipt"), "payment", ["provider", "receipt"])
    op.add_column("payment_intent", sa.Column("customer_id", sa.UUID(), nullable=True))
    op.add_column("payment_intent", sa.Column("gateway_account_id", sa.UUID(), nullable=True))
    op.add_column(
        "payment_intent", sa.Column("surcharge", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.create_foreign_key(op.f("fk_payment_intent_customer_id"), "payment_intent", "customer", ["customer_id"], ["id"])
    op.create_foreign_key(
        op.f("fk_payment_intent_gateway_account_id"),
        "payment_intent",
        "gateway_account",
        ["gateway_account_id"],
        ["id"],
    )
    op.create_check_constraint("surcharge_not_negative", "payment_intent", "surcharge >= 0")
    op.create_check_constraint("charged_at_least_amount", "payment", "charged >= amount")


def downgrade() -> None:
    op.drop_column("payment_intent", "surcharge")
    op.drop_column("payment_intent", "gateway_account_id")
    op.drop_column("payment_intent", "customer_id")
    op.drop_column("payment", "taken_by")
    op.drop_column("payment", "receipt")
    op.drop_column("payment", "charged")
    op.drop_column("gateway_message", "gateway_account_id")
    op.drop_table("phone_push")
    op.drop_table("mobile_receipt")
    op.drop_table("bill")
    op.drop_table("gateway_account")
