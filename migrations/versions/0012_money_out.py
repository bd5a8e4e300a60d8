"""Refunds that never exceed their payment, payouts by two people, charges as data, reconciliation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


REFUND_CAP = """
create function refund_cap() returns trigger language plpgsql as $$
declare p record; given bigint;
begin
  select amount, currency into p from payment where id = new.payment_id for update;
  select coalesce(sum(amount), 0) into given from refund
    where payment_id = new.payment_id and status not in ('failed', 'declined') and id <> new.id;
  if given + new.amount > p.amount or new.currency <> p.currency then
    raise exception 'refunds of payment % would exceed it', new.payment_id
      using errcode = '23514', constraint = 'refund_cap';
  end if;
  return new;
end $$
"""


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
        "charge_band",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amounts", postgresql.INT8RANGE(), nullable=False),
        sa.Column("fixed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("basis_points", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cap", sa.BigInteger(), nullable=True),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        *own_key(),
        postgresql.ExcludeConstraint(
            (sa.column("provider"), "="),
            (sa.column("direction"), "="),
            (sa.column("channel"), "="),
            (sa.column("currency"), "="),
            (sa.column("amounts"), "&&"),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_charge_band_no_overlap",
        ),
        sa.CheckConstraint("direction in ('collection', 'payout')", name=op.f("ck_charge_band_direction_known")),
        sa.CheckConstraint("cap is null or cap > 0", name=op.f("ck_charge_band_cap_positive")),
        sa.CheckConstraint(
            "fixed >= 0 and basis_points between 0 and 10000", name=op.f("ck_charge_band_charge_sensible")
        ),
        sa.CheckConstraint(
            "not isempty(amounts) and lower(amounts) >= 0", name=op.f("ck_charge_band_amounts_sensible")
        ),
        sa.CheckConstraint("not isempty(valid)", name=op.f("ck_charge_band_valid_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge_band")),
    )
    op.create_table(
        "reconciliation",
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("gateway_account_id", sa.UUID(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'running'"), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        *own_key(),
        sa.CheckConstraint("status in ('running', 'done', 'failed')", name=op.f("ck_reconciliation_status_known")),
        sa.ForeignKeyConstraint(["business_id"], ["business.id"], name=op.f("fk_reconciliation_business_id")),
        sa.ForeignKeyConstraint(
            ["gateway_account_id"], ["gateway_account.id"], name=op.f("fk_reconciliation_gateway_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation")),
    )
    op.create_index("ix_reconciliation_business_id", "reconciliation", ["business_id", "created_at"])
    op.create_table(
        "payout",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("gateway_account_id", sa.UUID(), nullable=True),
        sa.Column("counter", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("recipient_name", sa.Text(), nullable=False),
        sa.Column("account_number", sa.Text(), nullable=False),
        sa.Column("bank_code", sa.Text(), nullable=False),
        sa.Column("bank_name", sa.Text(), nullable=False),
        sa.Column("recipient_code", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("transfer_code", sa.Text(), nullable=True),
        sa.Column("otp_deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("otp_tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checks", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("reserve_entry_id", sa.BigInteger(), nullable=True),
        sa.Column("close_entry_id", sa.BigInteger(), nullable=True),
        *own_key(),
        sa.CheckConstraint("reference ~ '^[a-z0-9_-]{16,50}$'", name=op.f("ck_payout_reference_form")),
        sa.CheckConstraint(
            "status in ('draft', 'approved', 'submitting', 'otp', 'pending', 'received', 'success', 'failed', 'reversed', 'abandoned', 'blocked', 'rejected', 'cancelled')",
            name=op.f("ck_payout_status_known"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payout_amount_positive")),
        sa.CheckConstraint("approved_by is null or approved_by <> requested_by", name=op.f("ck_payout_second_person")),
        sa.CheckConstraint("fee >= 0", name=op.f("ck_payout_fee_not_negative")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_payout_asset_id")),
        sa.ForeignKeyConstraint(["close_entry_id"], ["ledger_entry.id"], name=op.f("fk_payout_close_entry_id")),
        sa.ForeignKeyConstraint(
            ["gateway_account_id"], ["gateway_account.id"], name=op.f("fk_payout_gateway_account_id")
        ),
        sa.ForeignKeyConstraint(["reserve_entry_id"], ["ledger_entry.id"], name=op.f("fk_payout_reserve_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout")),
        sa.UniqueConstraint("reference", name=op.f("uq_payout_reference")),
        sa.UniqueConstraint("transfer_code", name=op.f("uq_payout_transfer_code")),
    )
    op.create_index("ix_payout_asset_id", "payout", ["asset_id", "created_at", "id"])
    op.create_index("ix_payout_due", "payout", ["next_check_at"], postgresql_where=sa.text("next_check_at is not null"))
    op.create_table(
        "reconciliation_difference",
        sa.Column("reconciliation_id", sa.UUID(), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("transaction_id", sa.Text(), nullable=True),
        sa.Column("payment_id", sa.UUID(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("ours", sa.BigInteger(), nullable=True),
        sa.Column("theirs", sa.BigInteger(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        *own_key(),
        sa.CheckConstraint(
            "status in ('open', 'fixed', 'explained', 'gone')", name=op.f("ck_reconciliation_difference_status_known")
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_reconciliation_difference_asset_id")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_reconciliation_difference_business_id")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_reconciliation_difference_payment_id")),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"], ["reconciliation.id"], name=op.f("fk_reconciliation_difference_reconciliation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_difference")),
    )
    op.create_index(
        "ix_reconciliation_difference_business_id", "reconciliation_difference", ["business_id", "status", "created_at"]
    )
    op.create_index(
        "ix_reconciliation_difference_reconciliation_id", "reconciliation_difference", ["reconciliation_id"]
    )
    op.create_index(
        "uq_reconciliation_difference_open",
        "reconciliation_difference",
        ["business_id", "provider", "kind", "name"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "refund",
        sa.Column("payment_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'requested'"), nullable=False),
        sa.Column("provider_refund_id", sa.Text(), nullable=True),
        sa.Column("idem_key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        sa.Column("from_held", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("from_credit", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checks", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column(
            "changed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        *own_key(),
        sa.CheckConstraint(
            "status in ('requested', 'approved', 'submitting', 'pending', 'processing', 'needs_attention', 'processed', 'failed', 'declined')",
            name=op.f("ck_refund_status_known"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refund_amount_positive")),
        sa.CheckConstraint("approved_by is null or approved_by <> requested_by", name=op.f("ck_refund_second_person")),
        sa.CheckConstraint(
            "from_held >= 0 and from_credit >= 0 and from_held + from_credit <= amount",
            name=op.f("ck_refund_sources_within"),
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_refund_asset_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_refund_entry_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("payment_id", "idem_key", name=op.f("uq_refund_payment_id_idem_key")),
        sa.UniqueConstraint("provider", "provider_refund_id", name=op.f("uq_refund_provider_provider_refund_id")),
    )
    op.create_index("ix_refund_asset_id", "refund", ["asset_id", "created_at", "id"])
    op.create_index("ix_refund_due", "refund", ["next_check_at"], postgresql_where=sa.text("next_check_at is not null"))
    op.create_index(
        "uq_refund_one_open",
        "refund",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text(
            "status in ('requested', 'approved', 'submitting', 'pending', 'processing', 'needs_attention')"
        ),
    )
    op.execute(REFUND_CAP)
    op.execute(
        "create trigger refund_cap before insert or update of amount, status, payment_id, currency on refund"
        " for each row when (new.status not in ('failed', 'declined')) execute function refund_cap()"
    )


def downgrade() -> None:
    op.drop_table("refund")
    op.drop_table("reconciliation_difference")
    op.drop_table("payout")
    op.drop_table("reconciliation")
    op.drop_table("charge_band")
    op.execute("drop function refund_cap()")
