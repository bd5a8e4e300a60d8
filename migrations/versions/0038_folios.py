"""What stays, groups and companies owe, line by line."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "folio",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("stay_id", sa.UUID(), nullable=True),
        sa.Column("group_id", sa.UUID(), nullable=True),
        sa.Column("window", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.UUID(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("routes", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("(status = 'closed') = (closed_at is not null)", name=op.f("ck_folio_closed_when")),
        sa.CheckConstraint("status in ('open', 'closed')", name=op.f("ck_folio_status_known")),
        sa.CheckConstraint("stay_id is null or group_id is null", name=op.f("ck_folio_of_one_thing")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_folio_asset_id")),
        sa.ForeignKeyConstraint(
            ["group_id", "asset_id"],
            ["booking_group.id", "booking_group.asset_id"],
            name=op.f("fk_folio_group_id_asset_id"),
        ),
        sa.ForeignKeyConstraint(["payer_id"], ["customer.id"], name=op.f("fk_folio_payer_id")),
        sa.ForeignKeyConstraint(
            ["stay_id", "asset_id"], ["stay.id", "stay.asset_id"], name=op.f("fk_folio_stay_id_asset_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folio")),
        sa.UniqueConstraint("asset_id", "number", name=op.f("uq_folio_asset_id_number")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_folio_id_asset_id")),
        sa.UniqueConstraint("stay_id", "window", name=op.f("uq_folio_stay_id_window")),
    )
    op.create_index("ix_folio_group_id", "folio", ["group_id"], unique=False)
    op.create_index("ix_folio_payer_id", "folio", ["payer_id"], unique=False)
    op.create_table(
        "folio_line",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("folio_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("night", sa.Date(), nullable=True),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("tax_ppm", sa.BigInteger(), nullable=True),
        sa.Column("posting_key", sa.Text(), nullable=True),
        sa.Column("reverses_id", sa.UUID(), nullable=True),
        sa.Column("transfer_id", sa.UUID(), nullable=True),
        sa.Column("payment_id", sa.UUID(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "(kind = 'reversal') = (reverses_id is not null)", name=op.f("ck_folio_line_reversal_of_something")
        ),
        sa.CheckConstraint(
            "(kind = 'transfer') = (transfer_id is not null)", name=op.f("ck_folio_line_transfer_has_a_pair")
        ),
        sa.CheckConstraint(
            "kind in ('charge', 'tax', 'fee', 'payment', 'deposit', 'refund', 'transfer', 'reversal')",
            name=op.f("ck_folio_line_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["folio_id", "asset_id"], ["folio.id", "folio.asset_id"], name=op.f("fk_folio_line_folio_id_asset_id")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_folio_line_payment_id")),
        sa.ForeignKeyConstraint(["reverses_id"], ["folio_line.id"], name=op.f("fk_folio_line_reverses_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folio_line")),
        sa.UniqueConstraint("posting_key", name=op.f("uq_folio_line_posting_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_folio_line_reverses_id")),
    )
    op.create_index("ix_folio_line_day", "folio_line", ["asset_id", "business_date"], unique=False)
    op.create_index("ix_folio_line_folio_id", "folio_line", ["folio_id", "id"], unique=False)
    op.execute(
        "create trigger folio_line_append_only before update or delete on folio_line"
        " for each row execute function forbid_change()"
    )


def downgrade() -> None:
    op.drop_table("folio_line")
    op.drop_table("folio")
