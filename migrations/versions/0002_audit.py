"""The audit trail: append-only entries and their chain."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from portal.core.outbox import Xid8

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("xact", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.UUID(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=True),
        sa.Column("asset_id", sa.UUID(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_asset", "audit_entry", ["asset_id", "id"], unique=False)
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject_type", "subject_id", "id"], unique=False)
    op.create_index("ix_audit_entry_xact", "audit_entry", ["xact", "id"], unique=False)
    op.create_table(
        "audit_link",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entry.id"], name=op.f("fk_audit_link_entry_id")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_link")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_link_entry_id")),
    )

    op.execute(
        """
        create function forbid_change() returns trigger language plpgsql as $$
        begin
          raise exception 'append-only: % on % is not allowed', tg_op, tg_table_name using errcode = '55000';
        end $$
        """
    )
    for table in ("audit_entry", "audit_link"):
        op.execute(
            f"create trigger {table}_append_only before update or delete on {table}"
            " for each row execute function forbid_change()"
        )
        op.execute(
            f"create trigger {table}_no_truncate before truncate on {table}"
            " for each statement execute function forbid_change()"
        )


def downgrade() -> None:
    op.drop_table("audit_link")
    op.drop_index("ix_audit_entry_xact", table_name="audit_entry")
    op.drop_index("ix_audit_entry_subject", table_name="audit_entry")
    op.drop_index("ix_audit_entry_asset", table_name="audit_entry")
    op.drop_table("audit_entry")
    op.execute("drop function forbid_change()")
