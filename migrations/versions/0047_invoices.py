"""Invoices and credit notes: numbered, frozen, and never changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invoice",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("credit_of", sa.UUID(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.UUID(), nullable=False),
        sa.Column("customer_id", sa.UUID(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("snapshot", postgresql.JSONB(), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("series in ('invoice', 'credit_note')", name=op.f("ck_invoice_series_known")),
        sa.CheckConstraint(
            "(series = 'credit_note') = (credit_of is not null)", name=op.f("ck_invoice_credit_of_something")
        ),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_invoice_sha256_form")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_invoice_asset_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_invoice_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("asset_id", "series", "number", name=op.f("uq_invoice_asset_id_series_number")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_invoice_id_asset_id")),
        sa.UniqueConstraint("credit_of", name=op.f("uq_invoice_credit_of")),
        sa.UniqueConstraint("token", name=op.f("uq_invoice_token")),
        sa.ForeignKeyConstraint(
            ["credit_of", "asset_id"], ["invoice.id", "invoice.asset_id"], name=op.f("fk_invoice_credit_of_asset_id")
        ),
    )
    op.create_index("ix_invoice_subject", "invoice", ["subject", "subject_id"])
    op.create_index("ix_invoice_customer_id", "invoice", ["customer_id", "id"])
    op.execute(
        "create trigger invoice_append_only before update or delete on invoice"
        " for each row execute function forbid_change()"
    )


def downgrade() -> None:
    op.drop_table("invoice")
