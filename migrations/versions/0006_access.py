"""Access grants that never overlap."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create extension if not exists btree_gist")
    op.create_table(
        "access_grant",
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.UUID(), nullable=True),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        postgresql.ExcludeConstraint(
            (sa.column("unit_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("revoked_at is null"),
            using="gist",
            name="ex_access_grant_no_overlap",
        ),
        sa.CheckConstraint("kind in ('paid', 'direct')", name=op.f("ck_access_grant_kind_known")),
        sa.CheckConstraint("not isempty(during)", name=op.f("ck_access_grant_during_not_empty")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_access_grant_asset_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_access_grant_payment_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_access_grant_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_grant")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_access_grant_payment_id")),
    )
    op.create_index("ix_access_grant_unit_id", "access_grant", ["unit_id", "created_at"], unique=False)
    op.create_index(
        "ix_access_grant_running",
        "access_grant",
        [sa.text("upper(during)")],
        unique=False,
        postgresql_where=sa.text("ended_at is null and revoked_at is null"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_access_grant_running",
        table_name="access_grant",
        postgresql_where=sa.text("ended_at is null and revoked_at is null"),
    )
    op.drop_index("ix_access_grant_unit_id", table_name="access_grant")
    op.drop_table("access_grant")
