"""What people are told, each once, and how they want to be told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_notice_asset_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_notice_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("user_id", "kind", "subject", name=op.f("uq_notice_user_id_kind_subject")),
    )
    op.create_index("ix_notice_subject", "notice", ["subject"])
    op.create_index(
        "ix_notice_unread",
        "notice",
        ["user_id", "asset_id", "created_at"],
        postgresql_where=sa.text("read_at is null"),
    )
    op.create_table(
        "notice_preference",
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("alerts_by_mail", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "alerts_by_mail in ('critical', 'escalations', 'never')",
            name=op.f("ck_notice_preference_alerts_by_mail_known"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_notice_preference_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notice_preference")),
    )


def downgrade() -> None:
    op.drop_table("notice_preference")
    op.drop_table("notice")
