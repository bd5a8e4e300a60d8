"""Money sent to the paybill goes back by two people: who asked for it and why, and a state for while it is going."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BEFORE = ("unverified", "unclaimed", "claimed", "returned", "refused")
AFTER = ("unverified", "unclaimed", "claimed", "returning", "returned", "refused")


def known(statuses: tuple[str, ...]) -> None:
    """The states a receipt may have."""
    listed = ", ".join(f"'{each}'" for each in statuses)
    op.drop_constraint(op.f("ck_mobile_receipt_status_known"), "mobile_receipt", type_="check")
    op.create_check_constraint(op.f("ck_mobile_receipt_status_known"), "mobile_receipt", f"status in ({listed})")


def upgrade() -> None:
    op.add_column("mobile_receipt", sa.Column("return_asked_by", sa.Text(), nullable=True))
    op.add_column("mobile_receipt", sa.Column("return_reason", sa.Text(), nullable=True))
    known(AFTER)
    op.create_check_constraint(
        op.f("ck_mobile_receipt_returned_because_asked"),
        "mobile_receipt",
        "status not in ('returning', 'returned') or return_asked_by is not null",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_mobile_receipt_returned_because_asked"), "mobile_receipt", type_="check")
    op.execute("update mobile_receipt set status = 'unclaimed' where status = 'returning'")
    known(BEFORE)
    op.drop_column("mobile_receipt", "return_reason")
    op.drop_column("mobile_receipt", "return_asked_by")
