"""For which units it is so what a rule looks for, and since when."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_standing",
        sa.Column("rule_id", sa.UUID(), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["alert_rule.id"], name=op.f("fk_rule_standing_rule_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_rule_standing_unit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rule_id", "unit_id", name=op.f("pk_rule_standing")),
    )
    op.create_index("ix_rule_standing_unit_id", "rule_standing", ["unit_id"])
    op.create_index("ix_rule_standing_due", "rule_standing", ["due_at"], postgresql_where=sa.text("raised_at is null"))


def downgrade() -> None:
    op.drop_table("rule_standing")
