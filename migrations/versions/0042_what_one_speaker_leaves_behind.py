"""How much of one speaker is kept: refused messages of a day, and what waits because it said too much at once."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letter_tally",
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=True),
        sa.Column("came", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_letter_tally_asset_id")),
        sa.PrimaryKeyConstraint("speaker", "day", name=op.f("pk_letter_tally")),
    )
    op.create_index("ix_letter_tally_asset_id", "letter_tally", ["asset_id", "day"])
    op.create_table(
        "waiting_page",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column(
            "came_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("messages", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_page")),
    )
    op.create_index("ix_waiting_page_speaker", "waiting_page", ["speaker", "id"])


def downgrade() -> None:
    op.drop_table("waiting_page")
    op.drop_table("letter_tally")
