"""Payment intents, payments and the gateways' messages."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateway_message",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("deliveries", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'new'"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "last_delivery_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "status in ('new', 'done', 'ignored', 'unmatched', 'dead')", name=op.f("ck_gateway_message_status_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_message")),
        sa.UniqueConstraint("provider", "dedupe_key", name=op.f("uq_gateway_message_provider_dedupe_key")),
    )
    op.create_index(
        "ix_gateway_message_due",
        "gateway_message",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status = 'new'"),
    )
    op.create_index("ix_gateway_message_reference", "gateway_message", ["reference"], unique=False)
    op.create_table(
        "payment_intent",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("subject_id", sa.UUID(), nullable=False),
        sa.Column("payer_email", sa.Text(), nullable=False),
        sa.Column("payer_phone", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("period_minutes", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'created'"), nullable=False),
        sa.Column("review_reason", sa.Text(), nullable=True),
        sa.Column("checkout_url", sa.Text(), nullable=True),
        sa.Column("return_url", sa.Text(), nullable=True),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("idem_actor", sa.Text(), nullable=True),
        sa.Column("idem_key", sa.Text(), nullable=True),
        sa.Column("idem_hash", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("polls", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("reference ~ '^[A-Za-z0-9.=-]{6,64}$'", name=op.f("ck_payment_intent_reference_form")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_intent_amount_positive")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_payment_intent_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_intent")),
        sa.UniqueConstraint("idem_actor", "idem_key", name=op.f("uq_payment_intent_idem_actor_idem_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_payment_intent_reference")),
    )
    op.create_index("ix_payment_intent_asset_id", "payment_intent", ["asset_id", "created_at", "id"], unique=False)
    op.create_index(
        "ix_payment_intent_review",
        "payment_intent",
        ["asset_id"],
        unique=False,
        postgresql_where=sa.text("status = 'review'"),
    )
    op.create_index(
        "ix_payment_intent_poll",
        "payment_intent",
        ["next_poll_at"],
        unique=False,
        postgresql_where=sa.text("next_poll_at is not null"),
    )
    op.create_index("ix_payment_intent_subject_id", "payment_intent", ["subject_id", "id"], unique=False)
    op.create_index("ix_payment_intent_payer_email", "payment_intent", ["payer_email", "id"], unique=False)
    op.create_table(
        "payment",
        sa.Column("intent_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_txn_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("remainder", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("counted", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_via", sa.Text(), nullable=False),
        sa.Column("refund_marked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_amount_positive")),
        sa.CheckConstraint("fee >= 0", name=op.f("ck_payment_fee_not_negative")),
        sa.CheckConstraint("remainder between 0 and amount", name=op.f("ck_payment_remainder_within")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_payment_asset_id")),
        sa.ForeignKeyConstraint(["intent_id"], ["payment_intent.id"], name=op.f("fk_payment_intent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("intent_id", name=op.f("uq_payment_intent_id")),
        sa.UniqueConstraint("provider", "provider_txn_id", name=op.f("uq_payment_provider_provider_txn_id")),
    )
    op.create_index("ix_payment_asset_id", "payment", ["asset_id", "paid_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_payment_asset_id", table_name="payment")
    op.drop_table("payment")
    op.drop_index("ix_payment_intent_payer_email", table_name="payment_intent")
    op.drop_index("ix_payment_intent_subject_id", table_name="payment_intent")
    op.drop_index(
        "ix_payment_intent_poll", table_name="payment_intent", postgresql_where=sa.text("next_poll_at is not null")
    )
    op.drop_index(
        "ix_payment_intent_review", table_name="payment_intent", postgresql_where=sa.text("status = 'review'")
    )
    op.drop_index("ix_payment_intent_asset_id", table_name="payment_intent")
    op.drop_table("payment_intent")
    op.drop_index("ix_gateway_message_reference", table_name="gateway_message")
    op.drop_index("ix_gateway_message_due", table_name="gateway_message", postgresql_where=sa.text("status = 'new'"))
    op.drop_table("gateway_message")
