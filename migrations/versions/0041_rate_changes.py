"""What a night's price contains is kept with it, and what was changed in the rates can be taken back as a whole."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "stay_night",
        sa.Column("package", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    )
    op.add_column("hotel_tax", sa.Column("children_pay", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "rate_change",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rate_plan_id", sa.UUID(), nullable=True),
        sa.Column("said", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("cells", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("kind in ('rates', 'restrictions')", name=op.f("ck_rate_change_kind_known")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_rate_change_asset_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["rate_plan_id"], ["rate_plan.id"], name=op.f("fk_rate_change_rate_plan_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_change")),
    )
    op.create_index("ix_rate_change_asset_id", "rate_change", ["asset_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("rate_change")
    op.drop_column("hotel_tax", "children_pay")
    op.drop_column("stay_night", "package")
