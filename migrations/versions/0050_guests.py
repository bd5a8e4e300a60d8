"""Guests found by any three letters, and the terms of companies."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create extension if not exists pg_trgm")
    op.execute(
        "create index ix_customer_words on customer using gin"
        " (lower(name || ' ' || coalesce(phone, '') || ' ' || coalesce(email, '')) gin_trgm_ops)"
    )
    op.create_table(
        "company_terms",
        sa.Column("customer_id", sa.UUID(), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("account_number", sa.Text(), nullable=True),
        sa.Column("credit_limit", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("credit_limit >= 0", name=op.f("ck_company_terms_limit_positive")),
        sa.ForeignKeyConstraint(["business_id"], ["business.id"], name=op.f("fk_company_terms_business_id")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_company_terms_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_company_terms")),
        sa.UniqueConstraint(
            "business_id", "account_number", name=op.f("uq_company_terms_business_id_account_number")
        ),
    )


def downgrade() -> None:
    op.drop_table("company_terms")
    op.drop_index("ix_customer_words", table_name="customer")
